#!/usr/bin/env bash
# Prints every message that a user can meet, with the place that says it, so that they can be read
# one after the other: errors, refusals, warnings, help lines.
#
#   scripts/messages.sh [WORD]     those that have the word; all, where none is given
. "$(dirname "$0")/lib.sh"
cd "$top"

git ls-files 'fs/*.c' 'cache/*.c' 'backend/*.c' | grep -v '^backend/sim/' | python3 -c '
import re, sys

# The calls whose format is a message, and the members of the tables that are shown.
calls = re.compile(
    r"\b(?:ecsfs_error_(?:set|wrap)|act_refuse|refuse\w*|command_refuse|log_(?:error|warn|info)|"
    r"rollout_say|fprintf\(stderr|absent|provider_none)\s*\(?"
    r"|(?<!\.)\bwhy\s*=|\.(?:help|more|why)\s*=")
strings = re.compile(r"\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+)")
word = sys.argv[1] if len(sys.argv) > 1 else ""
for path in sys.stdin.read().split():
    text = open(path).read()
    for call in calls.finditer(text):
        end = text.find(";", call.end())
        if call.group().startswith("."):
            end = text.find(",\n", call.end()) + 1
        for found in re.finditer(r"(?:\"(?:[^\"\\]|\\.)*\"\s*)+", text[call.end() : end]):
            message = "".join(re.findall(r"\"((?:[^\"\\]|\\.)*)\"", found.group()))
            if "\n" in message:
                continue
            if " " in message.strip() and word in message:
                line = text.count("\n", 0, call.start()) + 1
                print(f"{path}:{line}: {message}")
                break
' "${1:-}" | sort -u -t: -k1,1 -k2,2n
