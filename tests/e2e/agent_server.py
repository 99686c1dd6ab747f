#!/usr/bin/env python3
"""Systems Manager and a container's agent of another make, for the tests of ECS Exec.

usage: agent_server.py PORT_OF_THE_REGION

Prints the port that it listens on. What it does not know it passes on to the simulated region; it
answers ExecuteCommand, ResumeSession, TerminateSession and GenerateDataKey itself, checks the
signature of the data channel's upgrade, and runs the command in a pseudo terminal. It was written
from a description of the protocol alone and shares nothing with ecsfs.

    POST /_agent    {MODE: VALUE, ...}: how sessions to come behave; {} is all as it should be
    GET  /_agent    what the sessions saw: [{"id", "resumed": [seconds], "acknowledged", ...}]

Modes: delay, jitter (ms, each way), loss, duplicate, reorder, digest, garbage (percent, each way),
handshake, kms, challenge (0 or 1), wrong_key, silent, start (ms until the terminal exists), pace (0: as
fast as it goes; 1: 1,024 bytes a millisecond, as AWS's agent), cut (frames until the connection is
cut), cut_each (the same for every connection), tick (ms between two looks for a message to repeat, of
which AWS's agent repeats one each: 100), resume_fails (number of ResumeSession that fail), gone (ResumeSession has no token), url
(what ResumeSession says instead of the stream's), expired (the token is not taken), refuse (HTTP status of the upgrade), flood (so many messages before the
first), fragment (WebSocket frames in pieces, pings between), close ("text": end at once with it),
frame ("masked", "huge", "unknown", "reserved", "control": one such WebSocket frame before the first).
"""
import asyncio
import base64
import ctypes
import ctypes.util
import fcntl
import hashlib
import hmac
import http.client
import json
import os
import pty
import random
import re
import shlex
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
import urllib.parse
import uuid

SECRET = os.environ["AWS_SECRET_ACCESS_KEY"]
MODES = {}
SESSIONS = {}
OUTPUT, SIZE, REQUEST, RESPONSE, COMPLETE, CHALLENGE, CHALLENGED, FLAG = 1, 3, 5, 6, 7, 8, 9, 10


class AesGcm:
    """AES-256-GCM by OpenSSL's library, which Python needs no package for."""

    crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
    for name in ("EVP_CIPHER_CTX_new", "EVP_aes_256_gcm"):
        getattr(crypto, name).restype = ctypes.c_void_p
    GET_TAG, SET_TAG = 0x10, 0x11

    def __init__(self, key):
        self.key = key

    def run(self, kind, nonce, data, tag):
        crypto, context = self.crypto, ctypes.c_void_p(self.crypto.EVP_CIPHER_CTX_new())
        out, n = ctypes.create_string_buffer(len(data) + 16), ctypes.c_int()
        try:
            good = getattr(crypto, "EVP_%sInit_ex" % kind)(
                context, ctypes.c_void_p(crypto.EVP_aes_256_gcm()), None, self.key, nonce) == 1
            good = good and getattr(crypto, "EVP_%sUpdate" % kind)(
                context, out, ctypes.byref(n), data, len(data)) == 1
            if kind == "Decrypt":
                good = good and crypto.EVP_CIPHER_CTX_ctrl(context, self.SET_TAG, 16, tag) == 1
            good = good and getattr(crypto, "EVP_%sFinal_ex" % kind)(context, ctypes.byref(out, n.value),
                                                                    ctypes.byref(ctypes.c_int())) == 1
            if kind == "Encrypt":
                good = good and crypto.EVP_CIPHER_CTX_ctrl(context, self.GET_TAG, 16, tag) == 1
        finally:
            crypto.EVP_CIPHER_CTX_free(context)
        if not good:
            raise ValueError("the data does not match its tag")
        return out.raw[:n.value]

    def seal(self, plain):
        nonce, tag = os.urandom(12), ctypes.create_string_buffer(16)
        return nonce + self.run("Encrypt", nonce, plain, tag) + tag.raw

    def open(self, sealed):
        return self.run("Decrypt", sealed[:12], sealed[12:-16], sealed[-16:])


def swap(identifier):
    return identifier[8:] + identifier[:8]


def encode(kind, sequence, flags, payload_type, payload, short=False):
    head = struct.pack(">I32sIqqQ", 112 if short else 116, kind.encode().ljust(32, b" "), 1,
                       int(time.time() * 1000), sequence, flags)
    head += swap(uuid.uuid4().bytes) + hashlib.sha256(payload).digest()
    if not short:
        head += struct.pack(">I", payload_type)
    return head + struct.pack(">I", len(payload)) + payload


def decode(frame):
    length, kind, _, _, sequence, flags = struct.unpack(">I32sIqqQ", frame[:64])
    identifier, digest = swap(frame[64:80]), frame[80:112]
    payload_type, = struct.unpack(">I", frame[112:116])
    size, = struct.unpack(">I", frame[length:length + 4])
    payload = frame[length + 4:]
    if len(payload) != size or hashlib.sha256(payload).digest() != digest:
        raise ValueError("digest or length")
    return (kind.rstrip(b" \0").decode(), sequence, flags, payload_type, payload,
            str(uuid.UUID(bytes=identifier)))


def group_lives(group):
    try:
        os.killpg(group, 0)
        return True
    except ProcessLookupError:
        return False


def whole_characters(data):
    """The text that an agent sends of `data`, and the unfinished character that it holds back."""
    for held in range(0, min(4, len(data) + 1)):
        head, tail = data[:len(data) - held], data[len(data) - held:]
        if held and not (tail[0] >= 0xc0 and len(tail) < (2 if tail[0] < 0xe0 else 3 if tail[0] < 0xf0 else 4)):
            continue
        try:
            head.decode()
            return head, tail
        except UnicodeDecodeError:
            continue
    return data.decode(errors="replace").encode(), b""


class Session:
    def __init__(self, command):
        self.id = "other-" + uuid.uuid4().hex
        self.token = uuid.uuid4().hex
        self.command = command
        self.mode = dict(MODES)
        self.key = os.urandom(64)
        self.blob = base64.b64encode(os.urandom(80)).decode()
        self.seen = {"id": self.id, "resumed": [], "bad_digest": 0, "input": 0, "early_most": 0,
                     "upgrades": 0, "signature": None, "key_context": None, "thrown_away": 0, "size": None}
        self.connection = None
        self.next_in, self.early = 0, {}
        self.next_out, self.unacknowledged = 0, {}
        self.acknowledged_any = False
        self.rtt, self.variation = 100.0, 25.0
        self.encrypted = self.shaken = self.ended = self.closed = False
        self.challenge = None
        self.master, self.pid, self.home = None, None, None
        self.typed = bytearray()
        self.held = b""
        self.frames = 0
        self.tasks = []

    def m(self, name, default=0):
        return self.mode.get(name, default)

    def draw(self, name):
        return random.random() * 100 < self.m(name)

    # The wire, with what it does to frames.

    def later(self, function, *args):
        wait = (self.m("delay") + random.random() * self.m("jitter")) / 1000
        if self.draw("reorder"):
            wait += 0.03
        if self.draw("loss"):
            return
        loop = asyncio.get_running_loop()
        for _ in range(2 if self.draw("duplicate") else 1):
            if wait:
                loop.call_later(wait, function, *args)
            else:
                function(*args)

    def transmit(self, frame):
        if self.draw("digest"):
            frame = frame[:-1] + bytes([frame[-1] ^ 0x5a])
        if self.draw("garbage"):
            self.later(self.put, os.urandom(random.randrange(200)))
        self.later(self.put, frame)

    def put(self, frame):
        if self.connection is None:
            return
        self.frames += 1
        if self.frames > (self.m("cut_each") or self.m("cut") or 1 << 60):
            self.mode["cut"] = self.frames = 0
            self.connection.abort()
            self.connection = None
            return
        self.connection.message(frame, self.m("fragment"))

    def send(self, payload_type, payload):
        frame = encode("output_stream_data", self.next_out, 1 if self.next_out == 0 else 0, payload_type, payload)
        now = time.monotonic()
        self.unacknowledged[self.next_out] = [frame, now, now, 0]
        self.next_out += 1
        self.transmit(frame)

    async def resend(self):
        while not self.closed:
            await asyncio.sleep(self.m("tick", 100) / 1000)
            if not self.unacknowledged or self.connection is None:
                continue
            entry = self.unacknowledged[min(self.unacknowledged)]
            timeout = min(1.0, (self.rtt + max(10, 4 * self.variation)) / 1000) if self.acknowledged_any else 0.2
            if time.monotonic() - entry[1] > timeout:
                entry[1] = time.monotonic()
                entry[3] += 1
                self.transmit(entry[0])

    # What comes.

    def receive(self, frame):
        self.later(self.take, frame)

    def take(self, frame):
        if self.m("silent"):
            return
        try:
            kind, sequence, _, payload_type, payload, identifier = decode(frame)
        except (ValueError, struct.error):
            self.seen["bad_digest"] += 1
            return
        if kind == "acknowledge":
            self.acknowledged(json.loads(payload)["AcknowledgedMessageSequenceNumber"])
        elif kind == "input_stream_data":
            if payload_type == OUTPUT and self.master is None and not (self.m("handshake") and not self.shaken):
                return  # dropped: there is no terminal yet
            self.ordered(sequence, payload_type, payload, identifier)

    def acknowledged(self, number):
        entry = self.unacknowledged.pop(number, None)
        if entry and not entry[3]:
            off = (time.monotonic() - entry[2]) * 1000 - self.rtt
            self.variation += (abs(off) - self.variation) / 4
            self.rtt += off / 8
        self.acknowledged_any = True

    def acknowledge(self, sequence, identifier):
        self.transmit(encode("acknowledge", 0, 3, 0, json.dumps({
            "AcknowledgedMessageType": "input_stream_data", "AcknowledgedMessageId": identifier,
            "AcknowledgedMessageSequenceNumber": sequence, "IsSequentialMessage": True}).encode()))

    def ordered(self, sequence, payload_type, payload, identifier):
        if sequence > self.next_in:
            if len(self.early) < 10000:
                self.early[sequence] = (payload_type, payload)
                self.seen["early_most"] = max(self.seen["early_most"], len(self.early))
                self.acknowledge(sequence, identifier)
            return
        self.acknowledge(sequence, identifier)
        if sequence < self.next_in:
            return
        self.handle(payload_type, payload)
        self.next_in += 1
        while self.next_in in self.early:
            self.handle(*self.early.pop(self.next_in))
            self.next_in += 1

    def handle(self, payload_type, payload):
        if payload_type == OUTPUT:
            if self.m("handshake") and not self.shaken:
                self.seen["thrown_away"] += 1
                return
            if self.encrypted:
                payload = AesGcm(self.key[32:]).open(payload)
            self.seen["input"] += len(payload)
            self.typed += b"\r" if payload == b"\n" else payload
            self.type()
        elif payload_type == SIZE:
            size = json.loads(payload)
            self.seen["size"] = [size["cols"], size["rows"]]
            if self.master is not None:
                fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", size["rows"], size["cols"], 0, 0))
        elif payload_type == RESPONSE:
            self.response(json.loads(payload))
        elif payload_type == CHALLENGED:
            if AesGcm(self.key[32:]).open(base64.b64decode(json.loads(payload)["Challenge"])) == self.challenge:
                self.complete()
            else:
                self.close("the challenge was answered wrongly")
        elif payload_type == FLAG and struct.unpack(">I", payload)[0] == 2:
            self.end()

    # Handshake.

    def shake(self):
        actions = [{"ActionType": "SessionType", "ActionParameters": {"SessionType": "InteractiveCommands"}}]
        if self.m("kms"):
            actions.insert(0, {"ActionType": "KMSEncryption", "ActionParameters": {"KMSKeyId": "alias/other"}})
        self.send(REQUEST, json.dumps({"AgentVersion": "3.3.9.0", "RequestedClientActions": actions}).encode())

    def response(self, answer):
        for action in answer["ProcessedClientActions"]:
            if action["ActionStatus"] != 1:
                return self.close("the client failed at " + action["ActionType"])
            if action["ActionType"] == "KMSEncryption":
                if action["ActionResult"]["KMSCipherTextKey"] != self.blob:
                    return self.close("the client sent another key")
                self.encrypted = True
        if not self.m("challenge"):
            return self.complete()
        self.challenge = os.urandom(32)
        sealed = AesGcm(os.urandom(32) if self.m("wrong_key") else self.key[:32]).seal(self.challenge)
        self.send(CHALLENGE, json.dumps({"Challenge": base64.b64encode(sealed).decode()}).encode())

    def complete(self):
        self.shaken = True
        self.send(COMPLETE, json.dumps({"HandshakeTimeToComplete": 1000000, "CustomerMessage": ""}).encode())
        self.launch()

    # The terminal.

    def launch(self):
        asyncio.get_running_loop().call_later(self.m("start") / 1000, self.spawn)

    def spawn(self):
        if self.master is not None or self.closed:
            return
        self.home = tempfile.mkdtemp(prefix="other-agent-")
        words = shlex.split(self.command)
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(self.home)
                for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGHUP, signal.SIGTERM):
                    signal.signal(number, signal.SIG_DFL)
                os.closerange(3, 256)
                os.execvpe(words[0], words, {"PATH": "/usr/bin:/bin", "TERM": "xterm"})
            finally:
                os._exit(127)
        os.set_blocking(self.master, False)
        if self.seen["size"]:
            fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                        struct.pack("HHHH", self.seen["size"][1], self.seen["size"][0], 0, 0))
        self.tasks.append(asyncio.ensure_future(self.read_terminal()))

    def type(self):
        loop = asyncio.get_running_loop()
        while self.typed and self.master is not None:
            try:
                n = os.write(self.master, self.typed)
            except BlockingIOError:
                loop.add_writer(self.master, self.type)
                return
            except OSError:
                self.typed.clear()
                break
            del self.typed[:n]
        if self.master is not None:
            loop.remove_writer(self.master)

    async def readable(self):
        loop = asyncio.get_running_loop()
        event = asyncio.Event()
        loop.add_reader(self.master, event.set)
        await event.wait()
        loop.remove_reader(self.master)

    def output(self, text):
        most = 1024 - (28 if self.encrypted else 0)
        for at in range(0, len(text), most):
            piece = text[at:at + most]
            if self.encrypted:
                piece = AesGcm(self.key[:32]).seal(piece)
            self.send(OUTPUT, piece)

    async def read_terminal(self):
        due = time.monotonic()
        if self.m("flood"):
            self.flood()
        while not self.closed:
            while len(self.unacknowledged) >= 4000:
                await asyncio.sleep(0.005)
            try:
                data = os.read(self.master, 1024)
            except BlockingIOError:
                await self.readable()
                due = time.monotonic()
                continue
            except OSError:
                data = b""
            if not data:
                break
            text, self.held = whole_characters(self.held + data)
            self.output(text)
            if self.m("pace"):
                due += 0.001
                await asyncio.sleep(max(0, due - time.monotonic()))
        end = time.monotonic() + 20
        while self.unacknowledged and time.monotonic() < end:
            await asyncio.sleep(0.01)
        self.close("")

    def flood(self):
        """Messages whose predecessor comes last."""
        first = self.next_out
        frames = []
        for _ in range(self.m("flood")):
            frames.append(encode("output_stream_data", self.next_out, 0, OUTPUT, b" " * 1024))
            self.next_out += 1
        for number, frame in list(enumerate(frames))[:0:-1]:
            self.unacknowledged[first + number] = [frame, time.monotonic() + 5, 0, 1]
            self.put(frame)
        self.unacknowledged[first] = [frames[0], time.monotonic() + 1, 0, 1]

    # Ends.

    def close(self, text):
        if self.closed:
            return
        if self.connection is not None:
            self.connection.message(encode("channel_closed", 0, 0, 0, json.dumps(
                {"MessageType": "channel_closed", "SessionId": self.id, "Output": text}).encode(), short=True))
        self.end()

    def end(self):
        if self.closed:
            return
        self.closed = True
        if self.master is not None:
            loop = asyncio.get_running_loop()
            loop.remove_reader(self.master)
            loop.remove_writer(self.master)
            # AWS's agent kills the session's leader and closes the terminal; the kernel's SIGHUP is all
            # that the others get.
            os.kill(self.pid, signal.SIGKILL)
            os.close(self.master)
            self.master = None
            os.waitpid(self.pid, 0)
        if self.connection is not None:
            self.connection.finish()
            self.connection = None
        asyncio.ensure_future(self.clean_up())

    async def clean_up(self):
        """Ends what is left of the command, after a while, which AWS's agent does not."""
        for _ in range(40):
            if self.pid is None or not group_lives(self.pid):
                break
            await asyncio.sleep(0.05)
        self.kill_group()

    def kill_group(self):
        if self.pid is not None and group_lives(self.pid):
            os.killpg(self.pid, signal.SIGKILL)
        self.pid = None
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)

    def opened(self, connection, text):
        request = json.loads(text)
        if request.get("TokenValue") != self.token or self.m("expired"):
            connection.abort()
            return False
        self.connection = connection
        if self.m("frame"):
            connection.break_rules(self.m("frame"))
        if self.m("close"):
            self.close(self.m("close"))
            return False
        if not self.tasks:
            self.tasks.append(asyncio.ensure_future(self.resend()))
        if self.m("silent"):
            return True
        if self.m("handshake") and not self.next_out:
            self.shake()
        elif not self.m("handshake"):
            self.launch()
        return True


class WebSocket:
    """The server's end of RFC 6455."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    def frame(self, first, data):
        size = len(data)
        head = bytes([first]) + (bytes([size]) if size < 126 else
                                 bytes([126]) + struct.pack(">H", size) if size < 65536 else
                                 bytes([127]) + struct.pack(">Q", size))
        if not self.writer.is_closing():
            self.writer.write(head + data)

    def message(self, data, fragment=0):
        if not fragment or len(data) < 3:
            return self.frame(0x82, data)
        third = len(data) // 3
        self.frame(0x02, data[:third])
        self.frame(0x89, b"are you there")
        self.frame(0x00, data[third:2 * third])
        self.frame(0x80, data[2 * third:])
        return None

    def break_rules(self, how):
        """A frame that RFC 6455 does not allow from a server, or that announces 16 EB."""
        self.writer.write({"masked": bytes([0x82, 0x84]) + b"\0\0\0\0" + b"data",
                           "huge": bytes([0x82, 127]) + struct.pack(">Q", (1 << 63) - 1) + b"x" * 1000,
                           "unknown": bytes([0x83, 4]) + b"data",
                           "reserved": bytes([0xf2, 4]) + b"data",
                           "control": bytes([0x09, 4]) + b"data"}[how])

    def abort(self):
        self.writer.transport.abort()

    def finish(self):
        self.frame(0x88, struct.pack(">H", 1000))
        if not self.writer.is_closing():
            self.writer.close()

    async def messages(self):
        data = b""
        while True:
            head = await self.reader.readexactly(2)
            size = head[1] & 0x7f
            if size == 126:
                size, = struct.unpack(">H", await self.reader.readexactly(2))
            elif size == 127:
                size, = struct.unpack(">Q", await self.reader.readexactly(8))
            if not head[1] & 0x80:
                raise ConnectionError("a client's frame is not masked")
            mask = await self.reader.readexactly(4)
            body = await self.reader.readexactly(size)
            body = (int.from_bytes(body, "big") ^
                    int.from_bytes((mask * (size // 4 + 1))[:size], "big")).to_bytes(size, "big") if size else b""
            kind = head[0] & 0x0f
            if kind == 8:
                return
            if kind == 9:
                self.frame(0x8a, body)
            elif kind < 3:
                data += body
                if head[0] & 0x80:
                    yield data
                    data = b""


def signature_is_right(method, path, headers):
    """SigV4 as the Go SDK makes it: the query parsed, in which a bare + is a space, and encoded again."""
    fields = dict(re.findall(r"(Credential|SignedHeaders|Signature)=([^, ]+)", headers.get("authorization", "")))
    if not fields:
        return False
    _, day, region, service, _ = fields["Credential"].split("/")
    where = urllib.parse.urlsplit(path)
    quote = lambda text: urllib.parse.quote(text, safe="-_.~")
    query = "&".join(sorted(quote(k) + "=" + quote(v) for k, v in
                            urllib.parse.parse_qsl(where.query, keep_blank_values=True)))
    names = fields["SignedHeaders"].split(";")
    canonical = "\n".join([method, where.path, query] + [n + ":" + headers[n].strip() for n in names] +
                          ["", fields["SignedHeaders"], hashlib.sha256(b"").hexdigest()])
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], "/".join([day, region, service, "aws4_request"]),
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET).encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return service == "ssmmessages" and hmac.new(key, text.encode(), hashlib.sha256).hexdigest() == fields["Signature"]


class Server:
    def __init__(self, upstream):
        self.upstream, self.port = upstream, 0

    def url(self, session):
        return ("ws://127.0.0.1:%d/v1/data-channel/%s?role=publish_subscribe&cell-number=AAEA+f9x/kQ==" %
                (self.port, session.id))

    def forward(self, method, path, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=60)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            if name not in ("connection", "content-length"):
                connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, {"Content-Type": answer.getheader("Content-Type", "text/plain"),
                               "Date": answer.getheader("Date", "")}, answer.read()

    def execute(self, body):
        session = Session(body["command"])
        SESSIONS[session.id] = session
        return {"session": {"sessionId": session.id, "streamUrl": self.url(session), "tokenValue": session.token},
                "containerName": body.get("container"), "interactive": True}

    def resume(self, body):
        session = SESSIONS[body["SessionId"]]
        session.seen["resumed"].append(time.monotonic())
        if session.m("resume_fails"):
            session.mode["resume_fails"] -= 1
            return None
        session.token = uuid.uuid4().hex
        gone = session.closed or session.m("gone")
        return {"SessionId": session.id, "TokenValue": "" if gone else session.token,
                "StreamUrl": session.m("url", None) or self.url(session)}

    def data_key(self, body):
        context = body["EncryptionContext"]
        session = SESSIONS[context["aws:ssm:SessionId"]]
        session.seen["key_context"] = context
        return {"KeyId": "alias/other", "Plaintext": base64.b64encode(session.key).decode(),
                "CiphertextBlob": session.blob}

    async def answer(self, method, path, headers, body):
        action = headers.get("x-amz-target", "").split(".")[-1]
        own = {"ExecuteCommand": self.execute, "ResumeSession": self.resume, "GenerateDataKey": self.data_key,
               "TerminateSession": lambda b: {"SessionId": b["SessionId"]}}
        if path == "/_agent" and method == "POST":
            MODES.clear()
            MODES.update(json.loads(body))
            return 200, {}, b""
        if path == "/_agent":
            return 200, {}, json.dumps([s.seen for s in SESSIONS.values()]).encode()
        if action in own:
            if MODES.get("delay"):
                await asyncio.sleep(2 * MODES["delay"] / 1000)
            result = own[action](json.loads(body))
            if result is None:
                return 400, {}, b'{"__type": "InvalidParameterException", "message": "not now"}'
            return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(result).encode()
        return await asyncio.get_running_loop().run_in_executor(None, self.forward, method, path, headers, body)

    async def upgrade(self, path, headers, reader, writer):
        session = SESSIONS.get(urllib.parse.urlsplit(path).path.split("/")[-1])
        if session is None or session.m("refuse"):
            status = session.m("refuse") if session else 404
            writer.write(b"HTTP/1.1 %d no\r\nContent-Length: 0\r\n\r\n" % status)
            return
        session.seen["upgrades"] += 1
        session.seen["signature"] = signature_is_right("GET", path, headers)
        accept = base64.b64encode(hashlib.sha1((headers["sec-websocket-key"] +
                                                "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        await asyncio.sleep(2 * session.m("delay") / 1000)
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: upgrade\r\n"
                     b"sec-websocket-accept: " + accept + b"\r\n\r\n")
        channel = WebSocket(reader, writer)
        known = False
        try:
            async for message in channel.messages():
                if known:
                    session.receive(message)
                    continue
                await asyncio.sleep(session.m("delay") / 1000)
                known = session.opened(channel, message)
                if not known:
                    return
        except (asyncio.IncompleteReadError, ConnectionError, OSError):
            pass
        finally:
            if session.connection is channel:
                session.connection = None

    async def serve(self, reader, writer):
        try:
            while True:
                line = (await reader.readline()).decode().split()
                if len(line) < 3:
                    break
                headers = {}
                while True:
                    text = (await reader.readline()).decode().strip()
                    if not text:
                        break
                    name, value = text.split(":", 1)
                    headers[name.lower()] = value.strip()
                if headers.get("upgrade", "").lower() == "websocket":
                    await self.upgrade(line[1], headers, reader, writer)
                    break
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                status, extra, data = await self.answer(line[0], line[1], headers, body)
                writer.write(b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n" % (status, len(data)) +
                             b"".join(b"%s: %s\r\n" % (k.encode(), v.encode()) for k, v in extra.items() if v) +
                             b"\r\n" + data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def run(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, limit=1 << 20)
        self.port = server.sockets[0].getsockname()[1]
        print(self.port, flush=True)
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await stop.wait()
        for session in SESSIONS.values():
            session.end()
            session.kill_group()
        os._exit(0)


random.seed(int(os.environ.get("AGENT_SEED", "13")))
asyncio.run(Server(int(sys.argv[1])).run())
