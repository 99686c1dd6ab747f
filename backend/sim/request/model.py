#!/usr/bin/env python3
"""Writes model_shapes.c from botocore's service models: model.py > model_shapes.c"""
import gzip
import json
import os

import botocore

ACTIONS = {
    "ecs/2014-11-13": """ListClusters DescribeClusters CreateCluster DeleteCluster UpdateCluster
        UpdateClusterSettings PutClusterCapacityProviders ListServices ListServicesByNamespace
        DescribeServices CreateService UpdateService DeleteService DescribeTaskSets
        ListServiceDeployments DescribeServiceDeployments DescribeServiceRevisions
        StopServiceDeployment ContinueServiceDeployment ListTasks DescribeTasks RunTask StartTask
        ExecuteCommand StopTask GetTaskProtection UpdateTaskProtection ListTaskDefinitions
        ListTaskDefinitionFamilies DescribeTaskDefinition RegisterTaskDefinition
        DeregisterTaskDefinition DeleteTaskDefinitions ListContainerInstances
        DescribeContainerInstances UpdateContainerInstancesState ListAttributes
        DescribeCapacityProviders CreateCapacityProvider UpdateCapacityProvider
        DeleteCapacityProvider ListAccountSettings ListTagsForResource TagResource
        UntagResource""",
    "logs/2014-03-28": """CreateLogGroup CreateLogStream DeleteLogGroup DeleteLogStream
        DescribeLogGroups DescribeLogStreams FilterLogEvents GetLogEvents PutLogEvents
        StartLiveTail""",
    "ssm/2014-11-06": "ResumeSession TerminateSession",
    "kms/2014-11-01": "GenerateDataKey",
    "ecr/2015-09-21": "DescribeRepositories DescribeImages ListImages BatchGetImage",
    "application-autoscaling/2016-02-06": """DescribeScalableTargets DescribeScalingPolicies
        DescribeScheduledActions DescribeScalingActivities RegisterScalableTarget
        DeregisterScalableTarget PutScalingPolicy DeleteScalingPolicy PutScheduledAction
        DeleteScheduledAction""",
}
PLAIN = {"string": "s", "integer": "i", "long": "i", "boolean": "b", "double": "d", "float": "d",
         "timestamp": "t", "map": "m", "blob": "s"}


def load(name):
    path = os.path.join(os.path.dirname(botocore.__file__), "data", name, "service-2.json.gz")
    with gzip.open(path) as f:
        return json.load(f)


def type_of(shapes, name, wanted):
    shape = shapes[name]
    kind = shape["type"]
    if kind == "list":
        return "[" + type_of(shapes, shape["member"]["shape"], wanted) + "]"
    if kind == "structure":
        wanted.append(name)
        return "{" + name + "}"
    if "enum" in shape:
        return "|".join(shape["enum"]) + ("|" if len(shape["enum"]) == 1 else "")
    return PLAIN[kind]


def members_of(shapes, name, wanted):
    shape = shapes[name]
    required = shape.get("required", [])
    return " ".join(("*" if m in required else "") + m + ":" + type_of(shapes, v["shape"], wanted)
                    for m, v in shape["members"].items())


def main():
    table = {}
    for name, actions in ACTIONS.items():
        model = load(name)
        shapes = model["shapes"]
        wanted = []
        for action in actions.split():
            table[action] = members_of(shapes, model["operations"][action]["input"]["shape"], wanted)
        while wanted:
            one = wanted.pop()
            if one not in table:
                table[one] = members_of(shapes, one, wanted)
    print("/* Made by model.py from AWS's published service models. */")
    print('#include "backend/sim/request/model.h"\n')
    print("/* clang-format off */")
    print("const struct model_shape model_shapes[] = {")
    for name in sorted(table):
        print('\t{"%s", "%s"},' % (name, table[name]))
    print("};\n/* clang-format on */\n")
    print("const size_t model_shape_count = sizeof(model_shapes) / sizeof(*model_shapes);")


main()
