#!/usr/bin/env python3
"""Writes shapes.json: one document of each kind with every member that AWS's model (botocore) gives
it, so that a test can tell whether a row shows a member that exists. A string holds its own name,
a number is 7, a time 1432829320.611, a flag true; lists have one element."""
import json
import pathlib

import botocore.session

KINDS = {
    "cluster": ("DescribeClusters", "clusters"),
    "service": ("DescribeServices", "services"),
    "task": ("DescribeTasks", "tasks"),
    "container_instance": ("DescribeContainerInstances", "containerInstances"),
    "task_definition": ("DescribeTaskDefinition", "taskDefinition"),
    "capacity_provider": ("DescribeCapacityProviders", "capacityProviders"),
    "service_deployment": ("DescribeServiceDeployments", "serviceDeployments"),
    "service_deployment_brief": ("ListServiceDeployments", "serviceDeployments"),
    "service_revision": ("DescribeServiceRevisions", "serviceRevisions"),
    "protection": ("GetTaskProtection", "protectedTasks"),
}
SCALARS = {"integer": 7, "long": 7, "double": 0.5, "float": 0.5, "boolean": True, "timestamp": 1432829320.611}


def sample(shape, name):
    if shape.type_name == "structure":
        return {member: sample(inner, member) for member, inner in shape.members.items()}
    if shape.type_name == "list":
        return [sample(shape.member, name)]
    if shape.type_name == "map":
        return {"key": sample(shape.value, "value")}
    return SCALARS.get(shape.type_name, name)


def main():
    model = botocore.session.get_session().get_service_model("ecs")
    documents = {}
    for kind, (action, member) in KINDS.items():
        document = sample(model.operation_model(action).output_shape.members[member], member)
        documents[kind] = document[0] if isinstance(document, list) else document
    documents["task_definition"]["tags"] = [{"key": "key", "value": "value"}]
    text = json.dumps(documents, indent=1, sort_keys=True)
    (pathlib.Path(__file__).parent / "shapes.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
