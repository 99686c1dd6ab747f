#!/usr/bin/env python3
"""Records a history of reads and writes on a real mount, and checks it.

    history.py --proxy UPSTREAM TRUTH         stands before the region, and prints its port
    history.py TRUTH MOUNT... SECONDS SEED    records and checks; others than the first mount are somebody else

The proxy writes each change that the region took into the file TRUTH, in the order in which they took
effect. It delays requests before they take effect, and answers after, at random.

The checks, which do not depend on how fast the machine is:
  - no read is older than a write of the same mount that had returned before the read began;
  - no read is older than what the region had when a touch that had returned before it began;
  - no write that returned success is without effect: it was sent, or the region had its value meanwhile;
  - no write is sent twice.
"""
import http.client, http.server, json, os, random, sys, threading, time, urllib.parse

MEMBERS = {"desiredCount": "desired_count", "enableExecuteCommand": "enable_execute_command"}


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    order = threading.Lock()
    random = random.Random(1)

    def log_message(self, *_):
        pass

    def forward(self, body):
        up = http.client.HTTPConnection(self.upstream, timeout=60)
        up.putrequest("POST", self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            up.putheader(name, value)
        up.endheaders(body)
        answer = up.getresponse()
        return answer.status, answer.getheaders(), answer.read()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        action = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        time.sleep(self.random.choice((0, 0, 0.01, 0.05)))
        if action == "UpdateService":
            with self.order:
                began = time.monotonic()
                status, headers, answer = self.forward(body)
                if status == 200:
                    record = {"began": began, "ended": time.monotonic(), **json.loads(body)}
                    self.truth.write(json.dumps(record) + "\n")
                    self.truth.flush()
        else:
            status, headers, answer = self.forward(body)
        time.sleep(self.random.choice((0, 0, 0.01, 0.1, 0.3)))
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def proxy(upstream, truth):
    Proxy.upstream = urllib.parse.urlsplit(upstream).netloc
    Proxy.truth = open(truth, "w")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


class Recorder:
    def __init__(self, mounts, service, seconds, seed):
        self.mounts, self.service, self.seed = mounts, service, seed
        self.end = time.monotonic() + seconds
        self.lock = threading.Lock()
        self.next_count = 100
        self.events = []  # (kind, mount, member, value, began, ended)

    def path(self, mount, name):
        return f"{self.mounts[mount]}/clusters/prod/services/{self.service}/{name}"

    def note(self, *event):
        with self.lock:
            self.events.append(event)

    def count(self):
        with self.lock:
            self.next_count += 1
            return self.next_count

    def write(self, mount, member, value):
        began = time.monotonic()
        try:
            with open(self.path(mount, MEMBERS[member]), "w") as f:
                f.write(f"{json.dumps(value)}\n")
        except OSError:
            return
        self.note("write", mount, member, value, began, time.monotonic())

    def read(self, mount, member):
        began = time.monotonic()
        try:
            with open(self.path(mount, MEMBERS[member])) as f:
                text = f.read()
        except OSError:
            return
        self.note("read", mount, member, json.loads(text), began, time.monotonic())

    def touch(self, mount):
        began = time.monotonic()
        try:
            os.utime(self.path(mount, "desired_count"))
        except OSError:
            return
        self.note("touch", mount, None, None, began, time.monotonic())

    def loop(self, number, mount, step, pause):
        chance = random.Random(self.seed * 100 + number)
        while time.monotonic() < self.end:
            step(chance, mount)
            time.sleep(chance.uniform(0, pause))

    def write_step(self, chance, mount):
        if chance.random() < 0.5:
            self.write(mount, "desiredCount", self.count())
        else:
            self.write(mount, "enableExecuteCommand", chance.random() < 0.5)

    def read_step(self, chance, mount):
        if chance.random() < 0.05:
            self.touch(mount)
        self.read(mount, chance.choice(list(MEMBERS)))

    def run(self):
        jobs = [(0, self.write_step, 0.2), (0, self.write_step, 0.2)]
        jobs += [(0, self.read_step, 0.02)] * 3
        jobs += [(m, self.write_step, 0.5) for m in range(1, len(self.mounts))]
        threads = [threading.Thread(target=self.loop, args=(i, *job[:1], job[1], job[2]))
                   for i, job in enumerate(jobs)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()


class Checks:
    def __init__(self, events, truth, service):
        self.events = events
        self.bad = []
        self.states = {m: [r for r in truth if m in r and r["service"] == service] for m in MEMBERS}

    def position(self, member, value):
        """Of a count, each of which is written once; -1: what was before."""
        found = [i for i, r in enumerate(self.states[member]) if r[member] == value]
        return found[0] if found else -1

    def held(self, member, value, began, ended):
        """Whether the region may have had the value at some time between."""
        states = self.states[member]
        for i, r in enumerate(states):
            until = states[i + 1]["ended"] if i + 1 < len(states) else float("inf")
            if r[member] == value and r["began"] <= ended and until >= began:
                return True
        # What it had before the first change is not known here.
        return not states or states[0]["ended"] >= began

    def check_writes(self):
        for kind, mount, member, value, began, ended in self.events:
            if kind != "write":
                continue
            sent = sum(r[member] == value for r in self.states[member])
            if member == "desiredCount" and sent != 1:
                self.bad.append(f"write of {member} {value} succeeded and was sent {sent} times")
            if not self.held(member, value, began, ended):
                self.bad.append(f"write of {member} {value} was dropped with success")

    def check_counts(self):
        """Counts are written once each: a value tells its place in the order."""
        member = "desiredCount"
        states = self.states[member]
        own = [(e[5], self.position(member, e[3])) for e in self.events
               if e[0] == "write" and e[1] == 0 and e[2] == member]
        touched = [(e[5], sum(r["ended"] < e[4] for r in states) - 1)
                   for e in self.events if e[0] == "touch"]
        for kind, mount, what, value, began, ended in self.events:
            if kind != "read" or mount != 0 or what != member:
                continue
            at = self.position(member, value)
            for name, known in (("write", own), ("touch", touched)):
                least = max((p for end, p in known if end < began), default=-1)
                if at < least:
                    self.bad.append(f"read {value}, older than a {name} that had returned: "
                                    f"{states[least][member]}")

    def check_switches(self):
        """A switch has two values: a read may show any state since the last own write."""
        member = "enableExecuteCommand"
        states = self.states[member]
        own = []
        for e in self.events:
            if e[0] == "write" and e[1] == 0 and e[2] == member:
                mine = [i for i, r in enumerate(states)
                        if r[member] == e[3] and e[4] <= r["began"] and r["ended"] <= e[5]]
                own += [(e[5], mine[0])] if mine else []
        for kind, mount, what, value, began, ended in self.events:
            if kind != "read" or mount != 0 or what != member:
                continue
            least = max((p for end, p in own if end < began), default=-1)
            if least >= 0 and not any(r[member] == value and r["began"] <= ended
                                      for r in states[least:]):
                self.bad.append(f"read {member} {value}, older than a write that had returned")

    def run(self):
        self.check_writes()
        self.check_counts()
        self.check_switches()
        return self.bad


def main():
    if sys.argv[1] == "--proxy":
        return proxy(*sys.argv[2:4])
    truth, *mounts, seconds, seed = sys.argv[1:]
    recorder = Recorder(mounts, "web", float(seconds), int(seed))
    recorder.run()
    with open(truth) as f:
        bad = Checks(recorder.events, [json.loads(line) for line in f], "web").run()
    kinds = [e[0] for e in recorder.events]
    print(f"{kinds.count('read')} reads, {kinds.count('write')} writes, {kinds.count('touch')} touches, "
          f"{len(bad)} violations")
    print("\n".join(sorted(set(bad))[:20]))
    sys.exit(bool(bad) or kinds.count("write") < 5 or kinds.count("read") < 50)


if __name__ == "__main__":
    main()
