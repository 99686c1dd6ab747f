#!/usr/bin/env python3
"""A strict proxy between ecsfs and the simulated region.

Passes bytes through unchanged, and holds every request against AWS's published service models
(botocore's): the action must exist, the body must be a JSON object whose members, types, enums and
ranges fit the input shape, the signature must be that of the key. With --answers the responses
are held against the models as well. What does not fit is a line in the file of violations, which
must be empty at the end of a test.

    strict_proxy.py UPSTREAM_PORT VIOLATIONS_FILE [--answers]      prints the port it listens on
"""

import asyncio
import datetime
import json
import os
import sys
import urllib.parse

try:
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials
    import botocore.loaders
    import botocore.model
    import botocore.validate
except ImportError:
    sys.exit(77)

import check_answers

TARGETS = {
    "AmazonEC2ContainerServiceV20141113": "ecs",
    "Logs_20140328": "logs",
    "AnyScaleFrontendService": "application-autoscaling",
    "AmazonEC2ContainerRegistry_V20150921": "ecr",
    "AmazonSSM": "ssm",
    "TrentService": "kms",
}
# Of the query protocols: the service of a Version, which each has one of.
VERSIONS = {
    "2011-06-15": "sts",
    "2015-12-01": "elbv2",
    "2010-08-01": "cloudwatch",
    "2016-11-15": "ec2",
}
# Responses of an action that are looked at: the first ones, then one in so many.
FIRST_ANSWERS, EVERY = 20, 16
models = {}
violations = None
answers = None  # of each action how many; None: they are not looked at


def model(service):
    if service not in models:
        loader = botocore.loaders.Loader()
        models[service] = botocore.model.ServiceModel(
            loader.load_service_model(service, "service-2"), service_name=service
        )
    return models[service]


def violation(text):
    violations.write(text + "\n")
    violations.flush()


def enum_errors(shape, value, path):
    """What botocore's own validator leaves out: enums, patterns aside."""
    if shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{path}: {value!r} is none of {shape.enum}"
    elif shape.type_name == "structure" and isinstance(value, dict):
        for name, member in shape.members.items():
            if name in value:
                yield from enum_errors(member, value[name], f"{path}.{name}")
    elif shape.type_name == "list" and isinstance(value, list):
        for i, item in enumerate(value):
            yield from enum_errors(shape.member, item, f"{path}[{i}]")


def unknown_members(shape, value, path):
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, item in value.items():
            if name not in shape.members:
                yield f"{path}: unknown member {name!r}"
            else:
                yield from unknown_members(shape.members[name], item, f"{path}.{name}")
    elif shape.type_name == "list" and isinstance(value, list):
        for i, item in enumerate(value):
            yield from unknown_members(shape.member, item, f"{path}[{i}]")


def timestamps_as_dates(shape, value):
    """JSON 1.1 sends epoch seconds; botocore's validator wants something date-like."""
    if shape.type_name == "timestamp" and isinstance(value, (int, float)):
        return datetime.datetime.fromtimestamp(value, datetime.timezone.utc)
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            k: timestamps_as_dates(shape.members[k], v) if k in shape.members else v
            for k, v in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [timestamps_as_dates(shape.member, v) for v in value]
    return value


def check_json(headers, body):
    target = headers.get("x-amz-target", "")
    prefix, _, action = target.rpartition(".")
    service = TARGETS.get(prefix)
    if not service:
        return violation(f"unknown target {target!r}")
    if headers.get("content-type") != "application/x-amz-json-1.1":
        violation(f"{target}: content type {headers.get('content-type')!r}")
    if action not in model(service).operation_names:
        return violation(f"{service} has no action {action!r}")
    try:
        value = json.loads(body)
    except ValueError as error:
        return violation(f"{action}: body is not JSON: {error}")
    shape = model(service).operation_model(action).input_shape
    if not isinstance(value, dict):
        return violation(f"{action}: body is not an object")
    report = botocore.validate.ParamValidator().validate(timestamps_as_dates(shape, value), shape)
    if report.has_errors():
        violation(f"{action}: {report.generate_report()}")
    for text in (*enum_errors(shape, value, action), *unknown_members(shape, value, action)):
        violation(text)


def scalar(shape, text, path):
    try:
        if shape.type_name in ("integer", "long"):
            return int(text)
        if shape.type_name in ("float", "double"):
            return float(text)
        if shape.type_name == "boolean":
            return {"true": True, "false": False}[text]
        if shape.type_name == "timestamp":
            return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (ValueError, KeyError):
        violation(f"{path}: {text!r} is no {shape.type_name}")
    return text


def member_name(name, shape, ec2):
    if not ec2:
        return shape.serialization.get("name", name)
    given = shape.serialization.get("queryName")
    text = given or shape.serialization.get("name", name)
    return text if given else text[0].upper() + text[1:]


def from_query(shape, prefix, fields, ec2):
    """The value of a form's fields below `prefix`, which are taken out; None: there are none."""
    if shape.type_name == "structure":
        value = {}
        for name, member in shape.members.items():
            path = f"{prefix}.{member_name(name, member, ec2)}".lstrip(".")
            item = from_query(member, path, fields, ec2)
            if item is not None:
                value[name] = item
        return value or None
    if shape.type_name == "list":
        flat = ec2 or shape.serialization.get("flattened")
        value = []
        while True:
            path = f"{prefix}.{len(value) + 1}" if flat else f"{prefix}.member.{len(value) + 1}"
            item = from_query(shape.member, path, fields, ec2)
            if item is None:
                return value or None
            value.append(item)
    return scalar(shape, fields.pop(prefix), prefix) if prefix in fields else None


def check_query(body):
    fields = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
    action, version = fields.pop("Action", ""), fields.pop("Version", "")
    service = VERSIONS.get(version)
    if not service or action not in model(service).operation_names:
        return violation(f"version {version!r} has no action {action!r}")
    shape = model(service).operation_model(action).input_shape
    value = (from_query(shape, "", fields, service == "ec2") or {}) if shape else {}
    for name in fields:
        violation(f"{action}: unknown member {name!r}")
    if shape:
        report = botocore.validate.ParamValidator().validate(value, shape)
        if report.has_errors():
            violation(f"{action}: {report.generate_report()}")
        for text in enum_errors(shape, value, action):
            violation(text)


def check_signature(method, path, headers, body):
    authorization = headers.get("authorization", "")
    try:
        fields = dict(
            part.strip().split("=", 1) for part in authorization.split(" ", 1)[1].split(",")
        )
        key, date, region, service, _ = fields["Credential"].split("/")
    except (IndexError, KeyError, ValueError):
        return violation(f"no signature: {authorization!r}")
    signed = fields["SignedHeaders"].split(";")
    request = botocore.awsrequest.AWSRequest(
        method=method,
        url="http://" + headers["host"] + path,
        data=body,
        headers={name: headers[name] for name in signed if name in headers},
    )
    credentials = botocore.credentials.Credentials(
        os.environ["AWS_ACCESS_KEY_ID"],
        os.environ["AWS_SECRET_ACCESS_KEY"],
        os.environ.get("AWS_SESSION_TOKEN"),
    )
    signer = botocore.auth.SigV4Auth(credentials, service, region)
    request.context["timestamp"] = headers["x-amz-date"]
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    for needed in ("host", "x-amz-date", "content-type"):
        if needed not in signed:
            violation(f"{needed} is not signed")
    if key == credentials.access_key and signature != fields["Signature"]:
        violation(f"wrong signature of {method} {path}")


def operation_of(headers, body):
    """The action of a request; None: it has none of AWS's."""
    prefix, _, action = headers.get("x-amz-target", "").rpartition(".")
    service = TARGETS.get(prefix)
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        fields = dict(urllib.parse.parse_qsl(body.decode()))
        service, action = VERSIONS.get(fields.get("Version")), fields.get("Action")
    if not service or action not in model(service).operation_names:
        return None
    return model(service).operation_model(action)


def check_answer(operation, status, headers, body):
    if answers is None or operation is None or status != 200:
        return
    seen = answers[operation.name] = answers.get(operation.name, 0) + 1
    if seen > FIRST_ANSWERS and seen % EVERY:
        return
    for text in check_answers.problems(operation, headers.get("content-type", ""), body):
        violation("response: " + text)


def check(request_line, headers, body):
    method, path, _ = request_line.split(" ", 2)
    if path.startswith("/_sim"):
        return
    # `ecsfs doctor` asks endpoints whether they answer, unsigned, with a GET that is no action.
    if method == "GET" and "authorization" not in headers:
        return
    check_signature(method, path, headers, body)
    if "x-amz-target" in headers:
        check_json(headers, body)
    elif headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        check_query(body)


class Tap:
    """Gathers the messages out of the bytes that pass. What comes in chunks, or until the end, or
    after an upgrade, is not looked at."""

    def __init__(self, take):
        self.data = b""
        self.take = take
        self.lost = False

    def feed(self, chunk):
        if self.lost:
            return
        self.data += chunk
        while True:
            head, separator, rest = self.data.partition(b"\r\n\r\n")
            if not separator:
                return
            lines = head.decode("latin-1").split("\r\n")
            headers = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
            self.lost = "transfer-encoding" in headers or "upgrade" in headers
            length = int(headers.get("content-length", 0))
            if self.lost or len(rest) < length:
                return
            try:
                self.take(lines[0], headers, rest[:length])
            except Exception as error:  # noqa: BLE001 (a check that dies has not checked)
                violation(f"{lines[0]}: the check failed: {error!r}")
            self.data = rest[length:]


class Connection:
    """Requests and responses of one connection: they come in turn."""

    def __init__(self):
        self.waiting = []
        self.requests = Tap(self.request)
        self.responses = Tap(self.response)

    def request(self, line, headers, body):
        self.waiting.append(operation_of(headers, body) if answers is not None else None)
        check(line, headers, body)

    def response(self, line, headers, body):
        status = int(line.split(" ")[1])
        if status != 100 and self.waiting:
            check_answer(self.waiting.pop(0), status, headers, body)


async def pump(reader, writer, tap):
    try:
        while chunk := await reader.read(1 << 16):
            tap.feed(chunk)
            writer.write(chunk)
            await writer.drain()
        writer.close()
    except (ConnectionError, OSError):
        writer.transport.abort()


async def serve(upstream):
    async def client(reader, writer):
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", upstream)
        except OSError:
            writer.transport.abort()
            return
        taps = Connection()
        await asyncio.gather(
            pump(reader, up_writer, taps.requests), pump(up_reader, writer, taps.responses)
        )

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


def main():
    global violations, answers
    violations = open(sys.argv[2], "a", encoding="utf-8")
    answers = {} if "--answers" in sys.argv[3:] else None
    try:
        asyncio.run(serve(int(sys.argv[1])))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
