#!/usr/bin/env python3
"""Writes defaults.json: for every optional member of RegisterTaskDefinition and UpdateService in AWS's
model (botocore) two documents, one without the member and one with what AWS fills in: the default that
its documentation names, else an empty list or map, else null. A test finds each two equal."""
import json
import pathlib

import botocore.session

REQUESTS = {"task_definition": "RegisterTaskDefinition", "service": "UpdateService"}

# By the member's path. What AWS documents (botocore's texts say most of it; API_ContainerDefinition the rest).
DEFAULTS = {
    "networkMode": "bridge",
    "enableFaultInjection": False,
    "proxyConfiguration.type": "APPMESH",
    "runtimePlatform.cpuArchitecture": "X86_64",
    "runtimePlatform.operatingSystemFamily": "LINUX",
    "containerDefinitions.cpu": 0,
    "containerDefinitions.essential": True,
    "containerDefinitions.versionConsistency": "enabled",
    "containerDefinitions.disableNetworking": False,
    "containerDefinitions.privileged": False,
    "containerDefinitions.readonlyRootFilesystem": False,
    "containerDefinitions.interactive": False,
    "containerDefinitions.pseudoTerminal": False,
    "containerDefinitions.portMappings.hostPort": 0,
    "containerDefinitions.portMappings.protocol": "tcp",
    "containerDefinitions.restartPolicy": {"enabled": False, "restartAttemptPeriod": 300},
    "containerDefinitions.restartPolicy.restartAttemptPeriod": 300,
    "containerDefinitions.mountPoints.readOnly": False,
    "containerDefinitions.volumesFrom.readOnly": False,
    "containerDefinitions.linuxParameters": {"initProcessEnabled": False},
    "containerDefinitions.linuxParameters.devices.permissions": ["read", "write", "mknod"],
    "containerDefinitions.linuxParameters.initProcessEnabled": False,
    "containerDefinitions.linuxParameters.swappiness": 60,
    "containerDefinitions.healthCheck.interval": 30,
    "containerDefinitions.healthCheck.timeout": 5,
    "containerDefinitions.healthCheck.retries": 3,
    "containerDefinitions.healthCheck.startPeriod": 0,
    "volumes.configuredAtLaunch": False,
    "volumes.dockerVolumeConfiguration.scope": "task",
    "volumes.dockerVolumeConfiguration.autoprovision": False,
    "volumes.dockerVolumeConfiguration.driver": "local",
    "volumes.efsVolumeConfiguration.rootDirectory": "/",
    "volumes.efsVolumeConfiguration.transitEncryption": "DISABLED",
    "volumes.efsVolumeConfiguration.authorizationConfig": {"iam": "DISABLED"},
    "volumes.efsVolumeConfiguration.authorizationConfig.iam": "DISABLED",
    "volumes.s3filesVolumeConfiguration.rootDirectory": "/",
    "capacityProviderStrategy.weight": 0,
    "capacityProviderStrategy.base": 0,
    "deploymentConfiguration": {"maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING"},
    "deploymentConfiguration.deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "deploymentConfiguration.alarms": {"alarmNames": [], "enable": False, "rollback": False},
    "deploymentConfiguration.maximumPercent": 200,
    "deploymentConfiguration.minimumHealthyPercent": 100,
    "deploymentConfiguration.strategy": "ROLLING",
    "deploymentConfiguration.bakeTimeInMinutes": 0,
    "deploymentConfiguration.lifecycleHooks.targetType": "AWS_LAMBDA",
    "deploymentConfiguration.linearConfiguration.stepPercent": 10.0,
    "deploymentConfiguration.linearConfiguration.stepBakeTimeInMinutes": 6,
    "deploymentConfiguration.canaryConfiguration.canaryPercent": 5.0,
    "deploymentConfiguration.canaryConfiguration.canaryBakeTimeInMinutes": 10,
    "availabilityZoneRebalancing": "DISABLED",
    "networkConfiguration.awsvpcConfiguration.assignPublicIp": "DISABLED",
    "platformVersion": "LATEST",
    "forceNewDeployment": False,
    "healthCheckGracePeriodSeconds": 0,
    "deploymentController": {"type": "ECS"},
    "enableExecuteCommand": False,
    "enableECSManagedTags": False,
    "propagateTags": "NONE",
    "serviceConnectConfiguration": {"enabled": False},
    "serviceConnectConfiguration.services.discoveryName": "portName",
    "serviceConnectConfiguration.accessLogConfiguration.includeQueryParameters": "DISABLED",
    "volumeConfigurations.managedEBSVolume.filesystemType": "xfs",
    "volumeConfigurations.managedEBSVolume.tagSpecifications.propagateTags": "NONE",
}
SCALARS = {"integer": 7, "long": 7, "double": 0.5, "boolean": True}
EMPTY = {"list": [], "map": {}}


def sample(shape, name):
    """A value of a required member, with its own required members."""
    if shape.type_name == "structure":
        return {member: sample(shape.members[member], member) for member in shape.required_members}
    if shape.type_name == "list":
        return [sample(shape.member, name)]
    return SCALARS.get(shape.type_name, name)


def company(shape, member):
    """Another member: an empty object is no object."""
    scalars = [(name, inner) for name, inner in shape.members.items() if inner.type_name in ("string", *SCALARS)]
    return next(({name: sample(inner, name)} for name, inner in scalars if name != member), {})


def pairs(shape, path, place):
    """`place` puts an object of this shape into the whole document."""
    base = sample(shape, "")
    for member, inner in shape.members.items():
        where = path + [member]
        if member not in shape.required_members:
            default = DEFAULTS.get(".".join(where), EMPTY.get(inner.type_name))
            beside = base or company(shape, member)
            yield {"member": ".".join(where), "without": place(beside), "with": place({**beside, member: default})}
        listed = inner.type_name == "list"
        below = inner.member if listed else inner
        if below.type_name == "structure" and not below.metadata.get("document"):
            yield from pairs(
                below, where,
                lambda o, m=member, many=listed: place({**base, m: [o] if many else o}))


def main():
    model = botocore.session.get_session().get_service_model("ecs")
    documents = {
        kind: list(pairs(model.operation_model(action).input_shape, [], lambda o: o))
        for kind, action in REQUESTS.items()
    }
    used = {pair["member"] for listed in documents.values() for pair in listed}
    assert not set(DEFAULTS) - used, set(DEFAULTS) - used
    text = json.dumps(documents, indent=1, sort_keys=True)
    (pathlib.Path(__file__).parent / "defaults.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
