#!/usr/bin/env python3
"""An ECS and STS of many accounts and regions, for the tests of credentials and regions.

usage: fake_aws.py RULES LOG [CERTIFICATE KEY]

Prints the port it listens on (loopback; with a certificate TLS). Takes any keys: each access key is
an account with one cluster in each region, called after key and region. LOG gets a line for each
request: action, region, access key, session token, and the code that AssumeRole was given.

RULES is a JSON file that is read anew for each request:
    {"regions": {REGION: RULE}, "keys": {ACCESS_KEY: RULE}, "actions": {ACTION: RULE}, "clock": S}
with RULE "stall", "drop", or an error's code. "clock" puts the server's clock S seconds ahead; it
then refuses signatures that are five minutes off. CONNECT requests go to the port that the
rule file names as "tunnel".
"""
import calendar
import email.utils
import http.server
import json
import re
import select
import socket
import socketserver
import ssl
import sys
import time
import urllib.parse

SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")


def rules():
    with open(sys.argv[1], encoding="utf-8") as f:
        return json.load(f)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(time.time() + rules().get("clock", 0), usegmt=True)

    def answer(self, status, text, kind="application/x-amz-json-1.1"):
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("x-amzn-requestid", "00000000-0000-0000-0000-000000000000")
        self.end_headers()
        self.wfile.write(data)

    def fail(self, service, code, words):
        if service == "sts":
            self.answer(403, "<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error>"
                        "</ErrorResponse>" % (code, words), "text/xml")
        else:
            self.answer(400, json.dumps({"__type": code, "message": words}))

    def skewed(self, ahead):
        if not ahead:
            return False
        signed = calendar.timegm(time.strptime(self.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ"))
        return abs(time.time() + ahead - signed) > 300

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        scope = SCOPE.search(self.headers.get("Authorization", ""))
        key, region, service = scope.groups() if scope else ("none", "none", "none")
        target = self.headers.get("X-Amz-Target")
        action = target.split(".")[-1] if target else urllib.parse.parse_qs(body)["Action"][0]
        now = rules()
        with open(sys.argv[2], "a", encoding="utf-8") as f:
            code = urllib.parse.parse_qs(body).get("TokenCode") if not target else None
            f.write("%s %s %s %s%s\n" % (action, region, key,
                                        self.headers.get("X-Amz-Security-Token", "-"),
                                        " code=" + code[0] if code else ""))
        rule = (now.get("regions", {}).get(region) if service != "sts" else None)
        rule = now.get("keys", {}).get(key) or now.get("actions", {}).get(action) or rule
        if rule == "stall":
            time.sleep(60)
        elif rule == "drop":
            self.close_connection = True
        elif rule:
            self.fail(service, rule, "the rules say so")
        elif self.skewed(now.get("clock", 0)):
            self.fail(service, "InvalidSignatureException", "Signature expired")
        else:
            self.give(action, region, key, json.loads(body or "{}") if target else {})

    def give(self, action, region, key, body):
        arn = "arn:aws:ecs:%s:123456789012:cluster/%s-%s" % (region, key, region)
        if action == "ListClusters":
            self.answer(200, json.dumps({"clusterArns": [arn]}))
        elif action == "DescribeClusters":
            name = arn.split("/")[-1]
            known = [{"clusterArn": arn, "clusterName": name, "status": "ACTIVE",
                      "runningTasksCount": 7}]
            asked = [c.split("/")[-1] for c in body.get("clusters", [])]
            self.answer(200, json.dumps(
                {"clusters": known if name in asked else [],
                 "failures": [{"arn": c, "reason": "MISSING"} for c in asked if c != name]}))
        elif action == "GetCallerIdentity":
            self.answer(200, "<GetCallerIdentityResponse><GetCallerIdentityResult>"
                        "<Arn>arn:aws:iam::123456789012:user/%s</Arn><UserId>U</UserId>"
                        "<Account>123456789012</Account></GetCallerIdentityResult>"
                        "</GetCallerIdentityResponse>" % key, "text/xml")
        elif action == "AssumeRole":
            self.answer(200, "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
                        "<AccessKeyId>AKIDROLE</AccessKeyId><SecretAccessKey>hush</SecretAccessKey>"
                        "<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>"
                        "</Credentials></AssumeRoleResult></AssumeRoleResponse>", "text/xml")
        else:
            self.answer(200, "{}")

    def do_CONNECT(self):
        with open(sys.argv[2], "a", encoding="utf-8") as f:
            f.write("CONNECT %s\n" % self.path)
        there = socket.create_connection(("127.0.0.1", rules()["tunnel"]))
        self.send_response(200)
        self.end_headers()
        ends = {self.connection: there, there: self.connection}
        while True:
            for end in select.select(list(ends), [], [])[0]:
                data = end.recv(65536)
                if not data:
                    there.close()
                    self.close_connection = True
                    return
                ends[end].sendall(data)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass


def main():
    server = Server(("127.0.0.1", 0), Handler)
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3], sys.argv[4])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_port, flush=True)
    server.serve_forever()


main()
