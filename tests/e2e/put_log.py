#!/usr/bin/env python3
"""Writes to CloudWatch Logs of a simulated region: what containers would.

    put_log.py ENDPOINT put GROUP STREAM FIRST LAST [SECONDS_AGO]   lines "line 000017", 5000 a call
    put_log.py ENDPOINT drip GROUP STREAM FIRST LAST                ten a call, some calls a second
    put_log.py ENDPOINT odd GROUP STREAM                            messages that are no plain lines
    put_log.py ENDPOINT drop GROUP [STREAM]

Group and stream are made where they are not there.
"""

import sys
import time

import boto3

ODD = ["one\ntwo\n\nfour", "ends in a newline\n", "a\0b\x01\x1b[31mc\ttab", "\u00e4\u20ac\U0001f600", "x" * 1000000, "last"]


def batches(first, last, size):
    for at in range(first, last + 1, size):
        yield range(at, min(at + size, last + 1))


def make(logs, group, stream):
    for call, names in (
        (logs.create_log_group, {"logGroupName": group}),
        (logs.create_log_stream, {"logGroupName": group, "logStreamName": stream}),
    ):
        try:
            call(**names)
        except logs.exceptions.ResourceAlreadyExistsException:
            pass


def put(logs, names, messages, when):
    """`when`: of the first; the others follow a millisecond apart."""
    events = [{"timestamp": when + i, "message": m} for i, m in enumerate(messages)]
    logs.put_log_events(**names, logEvents=events)


def main():
    endpoint, what, group, *rest = sys.argv[1:]
    logs = boto3.client("logs", endpoint_url=endpoint, region_name="us-east-1")
    if what == "drop":
        if rest:
            logs.delete_log_stream(logGroupName=group, logStreamName=rest[0])
        else:
            logs.delete_log_group(logGroupName=group)
        return
    stream, *rest = rest
    names = {"logGroupName": group, "logStreamName": stream}
    make(logs, group, stream)
    numbers = [int(n) for n in rest]
    now = int(time.time() * 1000)
    if what == "odd":
        for i, message in enumerate(ODD):
            put(logs, names, [message], now - 1000 + i)
    elif what == "put":
        when = now - (numbers[2] if len(numbers) > 2 else 0) * 1000
        for batch in batches(numbers[0], numbers[1], 5000):
            put(logs, names, [f"line {n:06}" for n in batch], when + batch[0] - numbers[0])
    elif what == "drip":
        for batch in batches(numbers[0], numbers[1], 10):
            # All of one millisecond: times tell nothing apart.
            when = int(time.time() * 1000)
            logs.put_log_events(
                **names,
                logEvents=[{"timestamp": when, "message": f"line {n:06}"} for n in batch])
            time.sleep(0.1)


main()
