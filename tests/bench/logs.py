"""What logs.sh measures: `logs.py WHAT MOUNT`, against the simulator at AWS_ENDPOINT_URL."""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

BATCH = 5000
LINE = "%012d %.6f GET /api/items/17 HTTP/1.1 200 7579 " + "x" * 99
MOUNT = sys.argv[2]
DAEMON = int(os.environ["DAEMON"])

config = Config(retries={"max_attempts": 10}, max_pool_connections=20)
logs = boto3.client("logs", config=config)
ecs = boto3.client("ecs", config=config)
CLUSTER = ecs.list_clusters()["clusterArns"][0].split("/")[-1]


def row(what, value, note=""):
    print(f"{what:<64} {value:>12}   {note}", flush=True)


def services():
    arns = ecs.get_paginator("list_services").paginate(cluster=CLUSTER).build_full_result()
    return sorted(arn.split("/")[-1] for arn in arns["serviceArns"])


class Log:
    """The log of one service's only task: where it is written to, and its file."""

    def __init__(self, service):
        task = ecs.list_tasks(cluster=CLUSTER, serviceName=service)["taskArns"][0]
        described = ecs.describe_tasks(cluster=CLUSTER, tasks=[task])["tasks"][0]
        definition = ecs.describe_task_definition(taskDefinition=described["taskDefinitionArn"])
        container = definition["taskDefinition"]["containerDefinitions"][0]
        options = container["logConfiguration"]["options"]
        self.group = options["awslogs-group"]
        name, ident = container["name"], task.split("/")[-1]
        self.stream = f"{options['awslogs-stream-prefix']}/{name}/{ident}"
        self.path = f"{MOUNT}/clusters/{CLUSTER}/tasks/{ident}/logs/{name}.log"
        self.since = f"{MOUNT}/clusters/{CLUSTER}/tasks/{ident}/logs/since/1h/{name}.log"
        try:
            logs.create_log_group(logGroupName=self.group)
        except logs.exceptions.ResourceAlreadyExistsException:
            pass
        try:
            logs.create_log_stream(logGroupName=self.group, logStreamName=self.stream)
        except logs.exceptions.ResourceAlreadyExistsException:
            pass

    def put(self, events):
        logs.put_log_events(
            logGroupName=self.group, logStreamName=self.stream, logEvents=events
        )


def lines(first, count, when=None):
    """Of this moment, or a line each millisecond from `when` on."""
    now = when or time.time()
    return [
        {"timestamp": int(now * 1000) + (i if when else 0), "message": LINE % (first + i, now)}
        for i in range(count)
    ]


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))]


def cpu_seconds():
    with open(f"/proc/{DAEMON}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mib():
    with open(f"/proc/{DAEMON}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    return 0


def timed(fn):
    start = time.time()
    size = fn()
    return size / (time.time() - start) / 1e6


def read_file(path):
    size = 0
    with open(path, "rb", buffering=0) as f:
        while chunk := f.read(1 << 17):
            size += len(chunk)
    return size


def aws_cli(log):
    out = subprocess.run(
        ["aws", "logs", "filter-log-events", "--log-group-name", log.group,
         "--log-stream-names", log.stream, "--query", "events[].[message]", "--output", "text"],
        check=True, capture_output=True)
    return len(out.stdout)


def boto3_loop(log):
    size, token = 0, {}
    while True:
        page = logs.filter_log_events(
            logGroupName=log.group, logStreamNames=[log.stream], **token)
        size += len("".join(e["message"] + "\n" for e in page["events"]).encode())
        if "nextToken" not in page:
            return size
        token = {"nextToken": page["nextToken"]}


def bench_read():
    log = Log(services()[0])
    start = time.time() - 1800
    for first in range(0, 100000, BATCH):
        log.put(lines(first, BATCH, start + first / 1000))
    want = 100000 * (len(LINE % (0, start)) + 1)
    figures = {"ecsfs": [], "boto3": [], "aws": []}
    for _ in range(3):
        figures["ecsfs"].append(timed(lambda: read_file(log.since)))
        figures["boto3"].append(timed(lambda: boto3_loop(log)))
        figures["aws"].append(timed(lambda: aws_cli(log)))
    medians = {k: percentile(v, 0.5) for k, v in figures.items()}
    assert read_file(log.since) >= want
    row("100,000 events, 16 MB: cat logs/since/1h (MB/s of text)", f"{medians['ecsfs']:.1f}")
    row("the same: boto3 loop (MB/s)", f"{medians['boto3']:.1f}",
        f"ecsfs {medians['ecsfs'] / medians['boto3']:.1f}x, goal 1.5x")
    row("the same: aws logs filter-log-events (MB/s)", f"{medians['aws']:.1f}",
        f"ecsfs {medians['ecsfs'] / medians['aws']:.1f}x, goal 10x")


class Follower(threading.Thread):
    """Reads what the files gain, and how long after its put each line came."""

    def __init__(self, paths):
        super().__init__()
        self.files = [open(p, "rb", buffering=0) for p in paths]  # pylint: disable=consider-using-with
        self.delays, self.numbers, self.bytes, self.stop = [], [], 0, False

    def run(self):
        rest = [b""] * len(self.files)
        while not self.stop:
            for i, f in enumerate(self.files):
                while chunk := f.read(1 << 17):
                    now = time.time()
                    self.bytes += len(chunk)
                    *full, rest[i] = (rest[i] + chunk).split(b"\n")
                    for line in full:
                        fields = line.split(b" ", 2)
                        if len(fields) == 3 and fields[0].isdigit():
                            self.numbers.append(int(fields[0]))
                            self.delays.append(now - float(fields[1]))
            time.sleep(0.02)


def bench_follow():
    seconds = int(os.environ.get("FOLLOW_SECONDS", "30"))
    fifty = [Log(s) for s in services()[:50]]
    pool = ThreadPoolExecutor(8)
    follower = Follower([log.path for log in fifty])
    follower.start()
    time.sleep(3)
    cpu, start, number = cpu_seconds(), time.time(), 0
    for tick in range(seconds * 2):
        list(pool.map(lambda i: fifty[i].put(lines(number + i * 10, 10)), range(len(fifty))))
        number += 10 * len(fifty)
        time.sleep(max(0, start + (tick + 1) / 2 - time.time()))
    took = time.time() - start
    cpu = cpu_seconds() - cpu
    time.sleep(12)
    follower.stop = True
    follower.join()
    lost = number - len(set(follower.numbers))
    twice = len(follower.numbers) - len(set(follower.numbers))
    row(f"50 logs, {number / took:.0f} lines/s: lines lost, doubled", f"{lost}, {twice}", "goal 0, 0")
    row("delay from put to readable, p50 (s)", f"{percentile(follower.delays, 0.5):.2f}")
    row("delay from put to readable, p99 (s)", f"{percentile(follower.delays, 0.99):.2f}")
    row("CPU of the daemon (per cent of one)", f"{100 * cpu / took:.0f}")


def bench_memory():
    total = int(float(os.environ.get("MEMORY_GB", "1")) * 1e9)
    log = Log(services()[0])
    follower = Follower([log.path])
    follower.start()
    time.sleep(3)
    sent = number = 0
    samples = []
    start = time.time()
    while sent < total:
        batch = lines(number, BATCH)
        number += BATCH
        sent += sum(len(e["message"]) + 1 for e in batch)
        log.put(batch)
        while sent - follower.bytes > 32e6 and time.time() - start < 1800:
            time.sleep(0.05)
        samples.append(rss_mib())
    while follower.bytes < sent and time.time() - start < 1800:
        time.sleep(0.2)
    follower.stop = True
    follower.join()
    # Pages come and go: medians, of the second tenth of the log and of its last.
    tenth = len(samples) // 10
    early = percentile(samples[tenth:2 * tenth], 0.5)
    late = percentile(samples[-tenth:], 0.5)
    row("resident memory in the second tenth of the log (MiB)", f"{early:.1f}")
    row(f"... in the last tenth of {sent / 1e9:.2f} GB, its peak (MiB)",
        f"{late:.1f}, {max(samples):.1f}",
        f"{100 * (late / early - 1):+.0f} per cent; lost "
        f"{number - len(set(follower.numbers))}, in {time.time() - start:.0f} s")


def calls():
    with urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/_sim/calls") as answer:
        return json.load(answer)["total"]


def own_group(number):
    """The path of a stopped task's log in a group that no other task has."""
    name = f"quiet-{number:02}"
    stream = {"logGroupName": f"/ecs/{name}", "logStreamName": "start"}
    logs.create_log_group(logGroupName=stream["logGroupName"])
    logs.create_log_stream(**stream)
    options = {"awslogs-group": f"/ecs/{name}", "awslogs-region": "us-east-1",
               "awslogs-stream-prefix": "quiet"}
    ecs.register_task_definition(
        family=name, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256",
        memory="512", executionRoleArn="arn:aws:iam::123456789012:role/ecsTaskExecutionRole",
        containerDefinitions=[
            {"name": "app", "image": "app",
             "logConfiguration": {"logDriver": "awslogs", "options": options}}])
    network = {"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d4e5f60001"]}}
    run = ecs.run_task(cluster=CLUSTER, taskDefinition=name, launchType="FARGATE",
                       networkConfiguration=network)
    task = run["tasks"][0]["taskArn"].split("/")[-1]
    stream["logStreamName"] = f"quiet/app/{task}"
    logs.create_log_stream(**stream)
    logs.put_log_events(**stream, logEvents=lines(0, 10))
    # One that has stopped: a running one writes lines.
    ecs.stop_task(cluster=CLUSTER, task=task)
    path = f"{MOUNT}/clusters/{CLUSTER}/stopped_tasks/{task}/logs/app.log"
    while not os.path.exists(path):
        time.sleep(0.2)
    return path


def calls_of(paths):
    """In a minute, once the pollers have found that the logs are quiet."""
    files = [open(p, "rb") for p in paths]  # pylint: disable=consider-using-with
    time.sleep(20)
    before = calls()
    time.sleep(60)
    count = calls() - before
    for f in files:
        f.close()
    time.sleep(2)
    return count


def bench_quiet():
    names = services()
    pool = ThreadPoolExecutor(25)
    row("calls a minute, one quiet followed log", calls_of([Log(names[0]).path]))
    row("calls a minute, fifty in one log group", calls_of([Log(s).path for s in names[:50]]))
    row("calls a minute, fifty in fifty log groups", calls_of(pool.map(own_group, range(50))))


{"read": bench_read, "follow": bench_follow, "memory": bench_memory, "quiet": bench_quiet}[sys.argv[1]]()
