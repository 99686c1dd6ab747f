#!/usr/bin/env python3
"""Draws README.md's picture: runs a session in a demo mount, and writes what it printed as SVG.

    scripts/picture.py [ECSFS] [SVG]        default: build/ecsfs and scripts/session.svg
"""
import html
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Typed as they stand; "~/ecs" is the mount.
SESSION = """\
cd ~/ecs/clusters/prod/services; ls -C
cat web/desired_count web/task_definition
echo 6 > web/desired_count
cat web/rollout | tail -n 2
echo web-broken > web/task_definition
cat web/rollout | tail -n 4
head -n 5 ../overview
echo shop/web:1.3 > web/containers/app/imgae
tail -n 1 ~/ecs/.ecsfs/errors
"""
WIDTH, ROW, LEFT, TOP_ROW, CHAR = 110, 18, 14, 40, 7.83
COLOURS = {"prompt": "#7ec699", "text": "#d4d4d4", "error": "#f08d88"}


def shorten(line):
    line = line.expandtabs()
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def play(ecsfs, home):
    """[(kind, line)] of the whole session."""
    lines = []
    shell = subprocess.Popen(["bash", "--norc", "--noprofile"], stdin=subprocess.PIPE, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             env=dict(os.environ, HOME=home, LC_ALL="C.UTF-8"))
    for command in SESSION.splitlines():
        lines.append(("prompt", "$ " + command))
        shell.stdin.write(command + "\necho END-OF-COMMAND\n")
        shell.stdin.flush()
        for line in iter(shell.stdout.readline, "END-OF-COMMAND\n"):
            if not line:
                sys.exit("the shell has ended")
            line = re.sub(r"^bash: line \d+: ", "bash: ", line.rstrip("\n"))
            bad = re.search(r"^bash:|^cat:|Input/output|EPERM|EINVAL", line)
            lines.append(("error" if bad else "text", shorten(line)))
    shell.stdin.close()
    shell.wait()
    return lines


def draw(lines):
    height = TOP_ROW + ROW * len(lines) + 12
    width = int(LEFT * 2 + CHAR * WIDTH)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           'font-family="ui-monospace,Menlo,Consolas,monospace" font-size="13">',
           "<title>A session in a mount of ecsfs</title>",
           f'<rect width="{width}" height="{height}" rx="8" fill="#1e1e1e"/>']
    for i, colour in enumerate(("#ff5f56", "#ffbd2e", "#27c93f")):
        out.append(f'<circle cx="{20 + 20 * i}" cy="18" r="6" fill="{colour}"/>')
    for i, (kind, line) in enumerate(lines):
        out.append(f'<text x="{LEFT}" y="{TOP_ROW + ROW * i + 8}" fill="{COLOURS[kind]}" '
                   f'xml:space="preserve">{html.escape(line, quote=False)}</text>')
    return "\n".join(out + ["</svg>", ""])


def main():
    ecsfs = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else f"{TOP}/build/ecsfs")
    target = sys.argv[2] if len(sys.argv) > 2 else f"{TOP}/scripts/session.svg"
    with tempfile.TemporaryDirectory() as home:
        mount = f"{home}/ecs"
        os.mkdir(mount)
        subprocess.run([ecsfs, "--demo", mount], check=True)
        try:
            picture = draw(play(ecsfs, home))
        finally:
            subprocess.run(["fusermount3", "-u", "-z", mount], check=True)
    with open(target, "w", encoding="utf-8") as f:
        f.write(picture)


main()
