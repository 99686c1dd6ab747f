#!/usr/bin/env python3
"""
How fast is a mount, beside what else there is? One table, each row measured with its yardstick in the
same run:

    tests/bench/speed.py BUILD [ROW...]      all rows, where none is named; --list names them

Yardsticks: boto3 with a pool of sixteen threads, boto3 in one thread, the AWS CLI, bare calls
(http.client, unsigned, sixteen at a time, nothing parsed that need not be), tmpfs, a FUSE file system in
memory (memory_fs). The endpoint is cannedd, which answers at once or after a set latency.

Figures of time belong to a quiet machine; counts, processor time and memory do not depend on it.
"""
import concurrent.futures
import contextlib
import http.client
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

BUILD = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "build"
IDLE_S = float(os.environ.get("IDLE_S", "60"))
ENV = {
    **os.environ,
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_PAGER": "",
}
WALK = "cat clusters/*/services/*/running_count clusters/*/tasks/*/last_status >/dev/null"
ROWS = {}


def row(function):
    ROWS[function.__name__.replace("_", "-")] = function
    return function


def say(what, figure, target="", yardstick=""):
    print(f"{what:<62} | {figure:<44} | {target:<30} | {yardstick}", flush=True)


# The endpoint.


class Canned:
    def __init__(self, *options):
        self.port = random.randint(20000, 39999)
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [f"{BUILD}/tests/bench/cannedd", "-p", str(self.port), *map(str, options)]
        )
        wait_for(lambda: self.get("_stats"))

    def get(self, path):
        try:
            with urllib.request.urlopen(f"{self.url}/{path}", timeout=5) as answer:
                return json.load(answer) or {"": 0}
        except OSError:
            return None

    def reset(self):
        self.get("_reset")

    def stats(self):
        return self.get("_stats")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("waited in vain")
        time.sleep(0.002)


# The mount.


class Mount:
    def __init__(self, canned, *options):
        self.path = tempfile.mkdtemp(dir=WORK)
        command = [f"{BUILD}/ecsfs", "-f", *options, self.path]
        start = time.monotonic()
        self.process = subprocess.Popen(command, env={**ENV, "AWS_ENDPOINT_URL": canned.url})
        device = os.stat(WORK).st_dev
        wait_for(lambda: os.stat(self.path).st_dev != device)
        self.mounted_ms = (time.monotonic() - start) * 1000

    def shell(self, script):
        """Seconds that a command takes in the mount, without the start of bash."""
        return timed(script, self.path)

    def cpu(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")

    def rss(self):
        status = open(f"/proc/{self.process.pid}/status").read()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def metric(self, name):
        text = open(f"{self.path}/.ecsfs/metrics").read()
        return sum(float(n) for n in re.findall(rf"^{name}(?:{{.*}})? (.*)$", text, re.M))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def timed(script, directory):
    start = time.monotonic()
    subprocess.run(["bash", "-c", script], cwd=directory, check=True, env=ENV)
    return time.monotonic() - start


def median(values):
    return sorted(values)[len(values) // 2]


# Yardsticks of calls.


def boto(service, canned, threads=16):
    import boto3
    import botocore.config

    config = botocore.config.Config(max_pool_connections=threads)
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=canned.url,
        config=config,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="x",
    )


def boto_pages(call, member, **arguments):
    token = {}
    while True:
        page = call(**arguments, **token)
        yield page[member]
        if "nextToken" not in page:
            return
        token = {"nextToken": page["nextToken"]}


def boto_call(ecs):
    def call(action, **arguments):
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()
        return getattr(ecs, name)(**arguments)

    return call


class Bare:
    """A connection a thread, and no more than the bytes that are needed."""

    def __init__(self, canned):
        self.port, self.own = canned.port, threading.local()

    def __call__(self, action, **arguments):
        if not hasattr(self.own, "connection"):
            self.own.connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {
            "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{action}",
            "Content-Type": "application/x-amz-json-1.1",
        }
        self.own.connection.request("POST", "/", json.dumps(arguments), headers)
        body = self.own.connection.getresponse().read()
        return json.loads(body) if action.startswith("List") else body


def walk_calls(call, threads):
    """The calls that a walk over the fleet needs; seconds."""
    start = time.monotonic()
    with (
        concurrent.futures.ThreadPoolExecutor(threads) as pool,
        concurrent.futures.ThreadPoolExecutor(threads) as listers,
    ):

        def of_cluster(cluster):
            jobs = []

            def pages(action, member):
                return boto_pages(
                    lambda **a: call(action, **a), member, cluster=cluster, maxResults=100
                )

            for names in pages("ListServices", "serviceArns"):
                for i in range(0, len(names), 10):
                    part = names[i : i + 10]
                    jobs.append(
                        pool.submit(call, "DescribeServices", cluster=cluster, services=part)
                    )
            for names in pages("ListTasks", "taskArns"):
                jobs.append(pool.submit(call, "DescribeTasks", cluster=cluster, tasks=names))
            return jobs

        arns = call("ListClusters")["clusterArns"]
        for jobs in listers.map(of_cluster, [arn.rsplit("/", 1)[1] for arn in arns]):
            for job in jobs:
                job.result()
    return time.monotonic() - start


def one_after_another(call):
    start = time.monotonic()
    for arn in call("ListClusters")["clusterArns"]:
        cluster = arn.rsplit("/", 1)[1]
        for names in boto_pages(
            lambda **a: call("ListServices", **a), "serviceArns", cluster=cluster, maxResults=100
        ):
            for i in range(0, len(names), 10):
                call("DescribeServices", cluster=cluster, services=names[i : i + 10])
        for names in boto_pages(
            lambda **a: call("ListTasks", **a), "taskArns", cluster=cluster, maxResults=100
        ):
            call("DescribeTasks", cluster=cluster, tasks=names)
    return time.monotonic() - start


# Rows.


def fleet(what, shape, latency, target, options=(), mount=(), yardsticks=("bare", "pool"), runs=3):
    colds, warms, cpus, least, stats = [], [], [], {}, {}
    with Canned("-c", shape[0], "-s", shape[1], "-t", shape[2], "-l", latency, *options) as canned:
        for _ in range(runs):
            with Mount(canned, "-o", "ttl=3600,cache_limit=1G", *mount) as m:
                canned.reset()
                before = m.cpu()
                colds.append(m.shell(WALK))
                cpus.append(m.cpu() - before)
                stats = canned.stats()
                warms.append(m.shell(WALK))
                ahead = m.metric("ecsfs_read_ahead_calls_total")
                unused = m.metric("ecsfs_read_ahead_unused_calls")
                rss = m.rss()
            measures = {
                "bare": lambda: walk_calls(Bare(canned), 16),
                "pool": lambda: walk_calls(boto_call(boto("ecs", canned)), 16),
                "one": lambda: one_after_another(boto_call(boto("ecs", canned))),
            }
            for name in yardsticks:
                least[name] = min(least.get(name, 1e9), measures[name]())
                time.sleep(6 if "-T" in options else 0)
    names = {"bare": "bare calls", "pool": "boto3 pool", "one": "boto3 one thread"}
    say(
        f"{what}: cold",
        f"{median(colds):.2f} s ({min(colds):.2f} best), {stats['total']} calls, "
        f"{stats['throttled']} throttled",
        target,
        ", ".join(f"{names[k]} {v:.2f} s" for k, v in least.items()),
    )
    say(
        f"{what}: warm; cold over warm",
        f"{median(warms):.2f} s; {median(colds) / median(warms):.2f}",
        "",
        f"daemon's CPU cold {median(cpus):.2f} s",
    )
    say(f"{what}: read ahead for nothing", f"{unused:.0f} of {ahead:.0f} calls", "under a tenth")
    say(f"{what}: resident memory", f"{rss:.0f} MiB", "64 MiB" if shape == (10, 100, 10) else "")


@row
def fleet_20():
    fleet("10x100x10 at 20 ms", (10, 100, 10), 20, "1.9 s, 320 calls", yardsticks=("bare", "pool", "one"))


@row
def fleet_0():
    fleet("10x100x10 at 0 ms", (10, 100, 10), 0, "1.5 x warm")


@row
def fleet_buckets():
    fleet(
        "10x100x10 at 20 ms, token buckets",
        (10, 100, 10),
        20,
        "5.8 s, 0 throttled",
        ("-T",),
        ("-o", "request_rates=aws"),
        ("pool",),
        1,
    )


def read_for(m, seconds, readers=16):
    """Readers that each read one value after the other, as fast as they come."""
    end = time.monotonic() + seconds

    def reader(i):
        while time.monotonic() < end:
            with contextlib.suppress(OSError):
                open(f"{m.path}/clusters/c{i % 10}/services/s{random.randrange(20)}/desired_count").read()

    with concurrent.futures.ThreadPoolExecutor(readers) as pool:
        list(pool.map(reader, range(readers)))


@row
def throttled():
    """AWS takes so many calls a second, and the mount does not know it."""
    for rate in 2, 5, 10:
        with Canned("-c", 10, "-s", 20, "-t", 1, "-l", 20, "-R", rate) as canned, Mount(
            canned, "-o", "ttl=0"
        ) as m:
            for minute in "the first minute", "the second":
                canned.reset()
                read_for(m, 60)
                n = canned.stats()
                say(
                    f"16 readers at a true rate of {rate} a second, {minute}",
                    f"{(n['total'] - n['throttled']) / 60 / rate:.2f} of it, "
                    f"{100 * n['throttled'] / max(n['total'], 1):.1f} % throttled",
                    "0.9, under 10 %",
                )


@row
def fleet_shapes():
    fleet("1x1000x3 at 20 ms", (1, 1000, 3), 20, "", runs=1)
    fleet("40x20x5 at 20 ms", (40, 20, 5), 20, "", runs=1)
    fleet("10x100x10 at 20 ms, names without numbers", (10, 100, 10), 20, "", ("-n",), runs=1)


@row
def shell_loop():
    script = 'for s in services/*; do cat "$s"/running_count; done >/dev/null'
    with Canned("-c", 1, "-s", 1000, "-t", 1, "-l", 20) as canned, Mount(
        canned, "-o", "ttl=3600"
    ) as m:
        m.path += "/clusters/c0"
        m.shell("ls services >/dev/null")
        canned.reset()
        took = m.shell(script)
        calls = canned.stats()["total"]
        warm = m.shell(script)
        bare = Bare(canned)
        start = time.monotonic()
        for i in range(100):
            bare("DescribeServices", cluster="c0", services=[f"s{i}"])
        trips = (time.monotonic() - start) * 10
    say(
        "shell loop over 1,000 services at 20 ms, after ls",
        f"{took:.2f} s, {calls} calls; waits {took - warm:.2f} s",
        f"100 calls, {trips / 10:.2f} s",
        f"1,000 round trips {trips:.1f} s; the loop warm {warm:.2f} s",
    )


@row
def find_names():
    # cannedd knows neither container instances nor Application Auto Scaling: what is refused is not read.
    with Canned("-c", 1, "-s", 250, "-t", 4, "-l", 20) as canned:
        with Mount(canned, "-o", "ttl=3600,cache_limit=1G") as m:
            canned.reset()
            took = m.shell("find clusters/c0 -name desired_count -exec cat {} + >/dev/null 2>&1 || true")
            stats = canned.stats()
        rest = stats["total"] - stats.get("DescribeTaskDefinition", 0)
        say(
            "find clusters/C -name desired_count -exec cat {} + (250)",
            f"{stats['total']} calls, {rest} without DescribeTaskDefinition; {took:.1f} s",
            "50 calls",
        )
        with Mount(canned, "-o", "ttl=3600,cache_limit=1G") as m:
            canned.reset()
            took = m.shell("grep -rl --exclude-dir=logs nginx clusters/c0 >/dev/null 2>&1 || true")
            say(
                "grep -rl nginx clusters/C (250 services, 1,000 tasks)",
                f"{canned.stats()['total']} calls, {took:.1f} s",
                "report",
            )


@row
def memory():
    for shape, target in (((10, 100, 10), "64 MiB"), ((10, 1000, 10), "400 MiB")):
        with Canned("-c", shape[0], "-s", shape[1], "-t", shape[2]) as canned, Mount(
            canned, "-o", "ttl=3600,cache_limit=2G"
        ) as m:
            for cluster in range(shape[0]):
                m.shell(f"cd clusters/c{cluster} && cat services/*/running_count >/dev/null")
                m.shell(
                    f"cd clusters/c{cluster}/tasks && printf '%s/last_status\\0' * | "
                    "xargs -0 cat >/dev/null"
                )
            objects = shape[0] * shape[1]
            say(
                f"resident memory, {objects:,} services and {objects * shape[2]:,} tasks",
                f"{m.rss():.0f} MiB",
                target,
            )


def file_cost(op, rounds, seconds, *paths):
    command = [f"{BUILD}/tests/bench/file_cost", op, str(rounds), str(seconds), *paths]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    return [tuple(map(float, line.split())) for line in lines if line]


def memory_directory():
    path = tempfile.mkdtemp(dir="/dev/shm", prefix="ecsfs-bench-")
    for i in range(1000):
        os.mkdir(f"{path}/s{i}", 0o700)
    with open(f"{path}/value", "w") as f:
        f.write("10\n")
    return path


@contextlib.contextmanager
def memory_fs():
    path = tempfile.mkdtemp(dir=WORK)
    process = subprocess.Popen([f"{BUILD}/tests/bench/memory_fs", path])
    device = os.stat(WORK).st_dev
    wait_for(lambda: os.stat(path).st_dev != device)
    yield path
    process.terminate()
    process.wait()


@row
def warm_lists():
    tmpfs = memory_directory()
    names, stats, firsts = [], [], []
    with Canned("-c", 1, "-s", 1000, "-t", 1) as canned, memory_fs() as fuse:
        for _ in range(10):
            with Mount(canned, "-o", "ttl=3600") as m:
                services = f"{m.path}/clusters/c0/services"
                subprocess.run(["ls", services], stdout=subprocess.DEVNULL, check=True)
                m.shell("cat clusters/c0/services/*/running_count >/dev/null")
                # The kernel knows the entries, but not the list with their attributes.
                os.utime(services)
                subprocess.run(["cat", f"{services}/s0/running_count"], stdout=subprocess.DEVNULL)
                first = file_cost("lsl", 1, 0, services, tmpfs)
                firsts.append(first[0][0] / first[1][0])
                cell = file_cost("ls", 3, 0.1, services, tmpfs, fuse)
                names.append((cell[0][0] / cell[1][0], cell[2][0] / cell[1][0]))
                cell = file_cost("lsl", 3, 0.1, services, tmpfs, fuse)
                stats.append((cell[0][0] / cell[1][0], cell[2][0] / cell[1][0]))
    shutil.rmtree(tmpfs)
    say(
        "warm ls of 1,000, ten mounts (x tmpfs)",
        f"{median([n[0] for n in names]):.2f}, worst {max(n[0] for n in names):.2f}",
        "0.5 in every mount",
        f"FUSE in memory {median([n[1] for n in names]):.2f}",
    )
    say(
        "warm ls -l of 1,000, ten mounts (x tmpfs)",
        f"{median([n[0] for n in stats]):.2f}, worst {max(n[0] for n in stats):.2f}",
        "1.1 in every mount",
        f"FUSE in memory {median([n[1] for n in stats]):.2f}",
    )
    say("ls -l of 1,000 after touch, documents known (x tmpfs)", f"{median(firsts):.2f}", "")


@row
def first_list():
    """Documents known, the list never read by this kernel: the first mount's answers, a new tree."""
    tmpfs = memory_directory()
    ratios = []
    with Canned("-c", 10, "-s", 1000, "-t", 1) as canned, Mount(
        canned, "-o", "ttl=3600,cache_limit=1G"
    ) as m:
        for cluster in range(10):
            # By their names, so that the directory itself is not read.
            m.shell(
                f"cat clusters/c{cluster}/services/s{{0..999}}/running_count >/dev/null"
            )
            ours = m.shell(f"exec ls -l clusters/c{cluster}/services >/dev/null")
            ratios.append(ours / timed("exec ls -l >/dev/null", tmpfs))
    shutil.rmtree(tmpfs)
    say(
        "first ls -l of 1,000, documents known (x tmpfs)",
        f"{median(ratios):.2f} of ten, best {min(ratios):.2f}",
        "1.8",
    )


@row
def warm_read():
    tmpfs = memory_directory()
    with Canned("-c", 1, "-s", 10, "-t", 1) as canned, memory_fs() as fuse, Mount(
        canned, "-o", "ttl=3600"
    ) as m:
        file = f"{m.path}/clusters/c0/services/s0/running_count"
        file_cost("open", 1, 0.1, file, f"{fuse}/value")
        cells = file_cost("open", 7, 0.3, file, f"{fuse}/value", f"{tmpfs}/value")
    shutil.rmtree(tmpfs)
    say(
        "warm open, read, close",
        f"{cells[0][0]:.1f} us, {cells[0][0] / cells[1][0]:.3f} x the file system in memory",
        "1.05",
        f"FUSE in memory {cells[1][0]:.1f} us, tmpfs {cells[2][0]:.1f} us",
    )


@row
def read_while_waiting():
    with Canned("-c", 1, "-s", 2000, "-t", 1) as canned, Mount(
        canned, "-o", "ttl=3600,timeout=120"
    ) as m:
        base = f"{m.path}/clusters/c0/services"
        file = f"{base}/s1999/running_count"
        file_cost("open", 1, 0.1, file)
        quiet = file_cost("open", 1, 2, file)[0]
        canned.get("_latency/60000")

        def reader(i):
            with contextlib.suppress(OSError), open(f"{base}/s{i}/running_count") as f:
                f.read()

        threads = [threading.Thread(target=reader, args=(i,), daemon=True) for i in range(1000)]
        for t in threads:
            t.start()
        wait_for(lambda: m.metric("ecsfs_fuse_parked") >= 900, 60)
        busy = file_cost("open", 1, 2, file)[0]
        parked = m.metric("ecsfs_fuse_parked")
        canned.process.kill()
        for t in threads:
            t.join()
    say(
        f"cached read while {parked:.0f} others wait: p99",
        f"{busy[1] / 1000:.3f} ms (p50 {busy[0] / 1000:.3f})",
        "0.3 ms",
        f"nobody waiting: p99 {quiet[1] / 1000:.3f} ms",
    )


def boto_log(canned):
    logs = boto("logs", canned)
    start, token, size = time.monotonic(), {"startFromHead": True}, 0
    while True:
        page = logs.get_log_events(logGroupName="/ecs/app", logStreamName="app/1", **token)
        size += len("".join(e["message"] + "\n" for e in page["events"]).encode())
        if page["nextForwardToken"] == token.get("nextToken"):
            return size / (time.monotonic() - start) / 1e6
        token = {"nextToken": page["nextForwardToken"], "startFromHead": True}


def cli_log(canned):
    command = "aws logs filter-log-events --log-group-name /ecs/app --log-stream-names app/1"
    command += f" --output text --endpoint-url {canned.url}"
    start = time.monotonic()
    run = subprocess.run(["bash", "-c", command], env=ENV, check=True, capture_output=True)
    events = [line.split(b"\t") for line in run.stdout.split(b"\n") if line.startswith(b"EVENTS")]
    return sum(len(e[4]) + 1 for e in events) / (time.monotonic() - start) / 1e6


@row
def logs():
    for latency in (0, 20):
        ours, botos, clis, cpus, size = [], [], [], [], 0
        with Canned("-c", 1, "-s", 1, "-t", 1, "-l", latency) as canned:
            for _ in range(5):
                with Mount(canned, "-o", "ttl=3600") as m:
                    task = os.listdir(f"{m.path}/clusters/c0/tasks")[0]
                    log = f"{m.path}/clusters/c0/tasks/{task}/logs/since/1d/app.log"
                    os.stat(os.path.dirname(log))
                    before, start = m.cpu(), time.monotonic()
                    with open(log, "rb", buffering=0) as f:
                        size = 0
                        while chunk := f.read(1 << 20):
                            size += len(chunk)
                    ours.append(size / (time.monotonic() - start) / 1e6)
                    cpus.append(m.cpu() - before)
                botos.append(boto_log(canned))
                if shutil.which("aws"):
                    clis.append(cli_log(canned))
        b, c = median(botos), median(clis) if clis else float("nan")
        say(
            f"log of 100,000 events ({size / 1e6:.1f} MB) at {latency} ms",
            f"{median(ours):.0f} MB/s: {median(ours) / b:.1f} x boto3, {median(ours) / c:.1f} x CLI",
            "6 x boto3, 20 x CLI",
            f"boto3 {b:.1f}, CLI {c:.1f} MB/s; daemon's CPU {median(cpus) * 1000:.0f} ms",
        )


@row
def tail():
    with Canned("-c", 1, "-s", 1, "-t", 1, "-l", 20, "-e", 6500000) as canned, Mount(
        canned, "-o", "ttl=3600"
    ) as m:
        task = os.listdir(f"{m.path}/clusters/c0/tasks")[0]
        m.shell(f"cat clusters/c0/tasks/{task}/last_status >/dev/null; ls clusters/c0/tasks/{task}/logs >/dev/null")
        canned.reset()
        took = m.shell(f"tail -n 5 clusters/c0/tasks/{task}/logs/app.log >/dev/null")
        stats = canned.stats()
        again = m.shell(f"tail -n 5 clusters/c0/tasks/{task}/logs/app.log >/dev/null")
    del stats["connections"], stats["throttled"]
    say(
        "tail -n 5 of a log of 1 GB at 20 ms",
        f"{stats.pop('total')} calls ({stats}), {took * 1000:.0f} ms",
        "1 call, 24 ms more",
        f"the same warm {again * 1000:.0f} ms",
    )


@row
def start():
    with Canned("-l", 20) as canned:
        times, curls = [], []
        for _ in range(9):
            with Mount(canned) as m:
                times.append(m.mounted_ms)
            curls.append(timed(f"exec curl -s -o /dev/null -d x {canned.url}", WORK) * 1000)
    say(
        "start to mounted at 20 ms",
        f"{median(times):.0f} ms (best {min(times):.0f})",
        "60 ms",
        f"curl, which links the same libraries, for one such call {median(curls):.0f} ms (best {min(curls):.0f})",
    )


@row
def idle():
    with Canned("-c", 2) as canned, Mount(canned) as m:
        m.shell("cat clusters/*/services/*/running_count >/dev/null; ls -l clusters/c0/tasks >/dev/null")
        # Kept connections are closed once, half a minute after their last call.
        time.sleep(45)
        canned.reset()
        trace = f"{WORK}/trace"
        strace = subprocess.Popen(["strace", "-f", "-o", trace, "-p", str(m.process.pid)], stderr=subprocess.DEVNULL)
        time.sleep(1)
        before = os.path.getsize(trace)
        time.sleep(IDLE_S)
        grown = open(trace).read()[before:]
        strace.send_signal(signal.SIGINT)
        strace.wait()
        calls = canned.stats()["total"]
    say(f"idle for {IDLE_S:.0f} s", f"{calls} calls, {grown.count(chr(10))} system calls", "none")


@row
def mixed():
    """ls here, cat there: what was read ahead for nothing."""
    random.seed(7)
    with Canned("-c", 10, "-s", 100, "-t", 10, "-l", 5) as canned, Mount(
        canned, "-o", "ttl=5"
    ) as m:
        for _ in range(400):
            c, s = f"{m.path}/clusters/c{random.randrange(10)}", random.randrange(100)
            pick = random.randrange(10)
            if pick < 3:
                os.listdir(f"{c}/{random.choice(['services', 'tasks'])}")
            elif pick < 8:
                open(f"{c}/services/s{s}/{random.choice(['running_count', 'service.json'])}").read()
            elif pick < 9:
                os.listdir(f"{c}/services/s{s}")
            else:
                m.shell(f"cd {c} && cat services/s{s % 90}?/running_count >/dev/null 2>&1 || true")
            time.sleep(0.01)
        total = canned.stats()["total"]
        ahead = m.metric("ecsfs_read_ahead_calls_total")
        unused = m.metric("ecsfs_read_ahead_unused_calls")
    say(
        "interactive mix: read ahead for nothing",
        f"{unused:.0f} of {total} calls ({ahead:.0f} made ahead)",
        "under a tenth of the calls",
    )


def main():
    names = sys.argv[2:]
    if names == ["--list"]:
        print(*ROWS, sep="\n")
        return
    print(f"load {' '.join(open('/proc/loadavg').read().split()[:3])}, {os.cpu_count()} processors")
    for name in names or ROWS:
        try:
            ROWS[name]()
        except ImportError as e:
            say(name, f"skipped: {e}")


with tempfile.TemporaryDirectory(prefix="ecsfs-bench-") as WORK:
    main()
