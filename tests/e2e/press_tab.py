#!/usr/bin/env python3
"""Types lines into an interactive shell on a terminal of its own, presses Tab after each, and prints
the words that stand there then, each in angle brackets: completion as a person gets it.

    press_tab.py bash|zsh|fish DIRECTORY <LINES     DIRECTORY holds the completion's files
"""
import os
import pty
import re
import select
import sys
import time

shell, directory = sys.argv[1:]
commands, setup = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], f"PS1='PRO''MPT> '; source {directory}/ecsfs.bash"),
    "zsh": (["zsh", "-f", "-i"],
            f"PROMPT='PRO''MPT> '; bindkey -e; fpath=({directory} $fpath); autoload -U compinit; compinit -u -D"),
    "fish": (["fish", "--no-config", "-i"], f"function fish_prompt; printf %s%s PRO 'MPT> '; end; source {directory}/ecsfs.fish"),
}[shell]

pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM="xterm", LC_ALL="C", HISTFILE="/dev/null", fish_greeting="")
    os.execvp(commands[0], commands)

seen = ""


def wait_for(pattern):
    """What the shell writes until it fits; an error after two minutes."""
    global seen
    end = time.monotonic() + 120
    while not (found := re.search(pattern, seen)):
        ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
        if not ready:
            sys.exit(f"{shell} wrote only: {seen!r}")
        seen += os.read(terminal, 65536).decode(errors="replace")
    seen = seen[found.end():]
    return found


# The words are put together by the shell, so that the echo of what is typed is not taken for them.
os.write(terminal, f"{setup}; printf '%s%s\\n' REA DY\r".encode())
wait_for("READY\r?\n")
# A shell that is not at its prompt yet may drop what is typed.
wait_for("PROMPT> ")
for line in sys.stdin:
    # The start of the line, a command that prints its words, Enter.
    os.write(terminal, f"{line.rstrip(chr(10))}\t\x01printf '<%s>' \r".encode())
    print(wait_for(r"(<ecsfs>(?:<[^<>]*>)*)[^<]*PROMPT> ").group(1))
os.close(terminal)
os.waitpid(pid, 0)
