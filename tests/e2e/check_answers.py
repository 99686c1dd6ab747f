"""Holds a response of the simulated region against AWS's published models (botocore's): members,
types and enums of the action's output shape, JSON and XML. Used by strict_proxy.py."""

import datetime
import json
import re
import xml.etree.ElementTree as ET

NUMBERS = ("integer", "long", "float", "double")


def scalar_problem(shape, value, path):
    kind = shape.type_name
    if kind == "string" and shape.enum and value not in shape.enum:
        return f"{path}: {value!r} is none of {shape.enum}"
    fits = {
        "string": lambda: isinstance(value, str),
        "boolean": lambda: isinstance(value, bool),
        "integer": lambda: isinstance(value, int) and not isinstance(value, bool),
        "long": lambda: isinstance(value, int) and not isinstance(value, bool),
        "float": lambda: isinstance(value, (int, float)) and not isinstance(value, bool),
        "double": lambda: isinstance(value, (int, float)) and not isinstance(value, bool),
        "timestamp": lambda: isinstance(value, (int, float)) and not isinstance(value, bool),
        "blob": lambda: isinstance(value, str),
    }
    return None if fits[kind]() else f"{path}: {value!r} is no {kind}"


def json_problems(shape, value, path):
    """The lines of what does not fit."""
    if shape.type_name == "structure":
        if not isinstance(value, dict):
            return [f"{path}: {value!r} is no object"]
        lines = [f"{path}: unknown member {name!r}" for name in value if name not in shape.members]
        for name, member in shape.members.items():
            if name in value:
                lines += json_problems(member, value[name], f"{path}.{name}")
        return lines
    if shape.type_name == "list":
        if not isinstance(value, list):
            return [f"{path}: {value!r} is no list"]
        return [line for one in value for line in json_problems(shape.member, one, path + "[]")]
    if shape.type_name == "map":
        if not isinstance(value, dict):
            return [f"{path}: {value!r} is no map"]
        return [line for one in value.values() for line in json_problems(shape.value, one, path + "{}")]
    problem = scalar_problem(shape, value, path)
    return [problem] if problem else []


def tag_of(node):
    return node.tag.rpartition("}")[2]


def of_text(shape, text):
    """The value that a scalar's text stands for; the text itself where it stands for none."""
    try:
        if shape.type_name in ("integer", "long"):
            return int(text)
        if shape.type_name in ("float", "double"):
            return float(text)
        if shape.type_name == "boolean":
            return {"true": True, "false": False}[text]
        if shape.type_name == "timestamp":
            return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except (ValueError, KeyError):
        pass
    return text


def xml_problems(shape, node, path):
    if shape.type_name == "structure":
        named = {m.serialization.get("name", name): m for name, m in shape.members.items()}
        lines = []
        for child in node:
            member = named.get(tag_of(child))
            where = f"{path}.{tag_of(child)}"
            lines += xml_problems(member, child, where) if member else [f"{where}: unknown element"]
        return lines
    if shape.type_name == "list":
        name = shape.member.serialization.get("name", "member")
        lines = [f"{path}: an element <{tag_of(one)}>, not <{name}>" for one in node if tag_of(one) != name]
        return lines + [line for one in node for line in xml_problems(shape.member, one, path + "[]")]
    if len(node):
        return [f"{path}: elements in a {shape.type_name}"]
    problem = scalar_problem(shape, of_text(shape, node.text or ""), path)
    return [problem] if problem else []


def xml_answer_problems(operation, body, ec2):
    root = ET.fromstring(body)
    name, shape = operation.name, operation.output_shape
    if tag_of(root) != name + "Response":
        return [f"{name}: the root is <{tag_of(root)}>"]
    if ec2:
        for node in [n for n in root if tag_of(n) == "requestId"]:
            root.remove(node)
        return xml_problems(shape, root, name)
    parts = [tag_of(n) for n in root]
    if parts != [shape.serialization["resultWrapper"], "ResponseMetadata"]:
        return [f"{name}: the response has {parts}"]
    return xml_problems(shape, root[0], name)


def problems(operation, content_type, body):
    """What of a successful response breaks the model. A response that is cut or scrambled on purpose
    (backend/sim/request/faults.c) is none."""
    if not body or b"\x01\xff" in body or operation.output_shape is None:
        return []
    if content_type.startswith("text/xml"):
        return xml_answer_problems(operation, body, operation.service_model.metadata["protocol"] == "ec2")
    if not re.match(r"application/x-amz-json-1\.1", content_type):
        return []
    return json_problems(operation.output_shape, json.loads(body), operation.name)
