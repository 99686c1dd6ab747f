#!/usr/bin/env bash
# Prints every message that a user can meet, with the place that says it, so that they can be read
# one after the other: errors, refusals, warnings, findings of diagnosis, lines of doctor, help lines.
#
#   scripts/messages.sh [WORD]     those that have the word; all, where none is given
. "$(dirname "$0")/lib.sh"
cd "$top"

git ls-files 'fs/*.c' 'cache/*.c' 'backend/*.c' | grep -v '^backend/sim/' | python3 -c '
import re, sys

# The calls whose format or text is a message, the members of the tables that are shown, the tables, and
# the functions that return a text.
calls = re.compile(
    r"\b(?:ecsfs_error_(?:set|wrap|not_aws)|(?:\w+_)?refuse\w*|log_(?:error|warn|info)|compose_(?:fail|warn)|"
    r"report_add|rollout_say|fail|give_up|say|add|fprintf\(stderr|absent|provider_none|MEMBER_ROW)\s*\(?"
    r"|(?<!\.)\bwhy\s*=|\.(?:help|more|why)\s*=|\bmeanings\[\]\s*="
    r"|^(?:static )?const char \*\w+\([^;{]*\)\n\{", re.M)
# Comments and quotes as characters are blanked, texts masked; all keep their place.
hidden = re.compile(r"/\*.*?\*/|//[^\n]*|\x27(?:[^\x27\\\n]|\\.)\x27|^#\s*include.*?$", re.S | re.M)
token = re.compile(r"(\"(?:[^\"\\\n]|\\.)*\")|" + hidden.pattern, re.S | re.M)
joined = re.compile(r"\"_*\"(?:[\s\\]*(?:PRI\w+\s*)?\"_*\")*")
pieces = re.compile(r"\"((?:[^\"\\]|\\.)*)\"")
# Requests, and the words that diagnosis looks for, are no messages.
other = re.compile(r"^ ?\{|\w[|&]\w|^[|&]")
word = sys.argv[1] if len(sys.argv) > 1 else ""

def blank(m):
    if m.group(1):
        return "\"" + "_" * (len(m.group()) - 2) + "\""
    return re.sub(r"[^\n]", " ", m.group())

for path in sys.stdin.read().split():
    text = open(path).read()
    code = token.sub(blank, text)
    for call in calls.finditer(code):
        head = call.group()
        if re.match(r"add\b", head) and not path.endswith("/findings.c"):
            continue
        stop = ",\n" if head.startswith(".") else "\n}" if head.endswith("{") else ";"
        for found in joined.finditer(code, call.end(), code.find(stop, call.end()) + 1):
            message = "".join(pieces.findall(text[found.start() : found.end()]))
            if " " in message.strip() and re.search("[a-z]{2}", message) and \
                    not other.search(message) and word in message:
                print(f"{path}:{code.count(chr(10), 0, found.start()) + 1}: {message}")
' "${1:-}" | sort -u -t: -k1,1 -k2,2n -k3
