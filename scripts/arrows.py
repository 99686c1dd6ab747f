#!/usr/bin/env python3
"""Who includes and calls whom, between the files of fs/, cache/ and backend/.

  scripts/arrows.py list [FILE...]   the arrows of each file (FILE: without .c or .h)
  scripts/arrows.py homes            functions that do not stand in the .c of the header that declares them
  scripts/arrows.py circles          files that include or call each other in a circle
  scripts/arrows.py rooms            includes that go up inside the rooms
  scripts/arrows.py crowds           folders with too many sources
  scripts/arrows.py check            the last four; status 1 where they find something

A file here is a .c with the .h of its name. A function whose name stands in a table, without a
call, makes no arrow: tables are how a lower file reaches a higher one.
"""
import collections
import os
import re
import subprocess
import sys

ROOMS = ("fs/", "cache/", "backend/")
# From the lowest to the highest: a file includes nothing of what stands behind its own place. A place is the
# beginning of a path, and the longest one that fits is a file's.
ORDERS = (
    ("backend/base/", "backend/error.", "backend/config/"),
    ("backend/base/", "backend/error.", "backend/http/", "backend/layer.", "backend/send.", "backend/aws."),
    ("backend/credentials/", "backend/credentials/providers/"),
    ("cache/fetch/", "cache/answers/", "cache/logs/", "cache/logs/poll/", "cache/logs/logs."),
    (
        "fs/edit/members/",
        "fs/edit/remembered/",
        "fs/edit/",
        "fs/compose/compose.",
        "fs/compose/load/",
        "fs/compose/",
        "fs/tree/tree.",
        "fs/tree/write/",
        "fs/tree/growing/",
        "fs/tree/around/",
        "fs/tree/report/",
        "fs/tree/resource/",
        "fs/tree/root.",
        "fs/tree/control/",
        "fs/kernel/node/",
        "fs/kernel/",
    ),
    (
        "fs/cli/options/",
        "fs/mount/",
        "fs/cli/command.",
        "fs/cli/exec/",
        "fs/cli/copy/",
        "fs/cli/run/",
        "fs/cli/doctor/",
        "fs/cli/command_table.",
        "fs/main.",
    ),
)
# Files that end in .c, at most, in one folder.
FOLDER_SOURCES = 15


def sources():
    names = subprocess.check_output(["git", "ls-files", "*.c", "*.h"], text=True).split()
    return [n for n in names if n.startswith(ROOMS) and os.path.exists(n)]


def bare(text):
    """The text without comments, strings and character constants; line breaks stay."""

    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0))

    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, blank, text, flags=re.S)


def module(path):
    return path[:-2]


class Source:
    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            raw = f.read()
        self.path = path
        self.includes = re.findall(r'^#include "([^"]+)"', raw, re.M)
        self.text = bare(raw)
        # Macros of several lines would look like functions.
        code = re.sub(r"^#(?:[^\n]*\\\n)*[^\n]*", "", self.text, flags=re.M)
        self.code = code
        functions = [
            (m.group(2), "static" in m.group(1).split())
            for m in re.finditer(r"^((?:\w[\w \*]*[ \*])?)(\w+)\(([^;{}]*?)\)\s*(?:__\w+\(\(.*?\)\)\s*)?\n\{", code, re.M | re.S)
        ]
        functions = [(name, static) for name, static in functions if not name.startswith("__")]
        self.defines = {name for name, static in functions if not static}
        self.own = {name for name, _ in functions} | set(re.findall(r"^static [^;{}=]*?\b(\w+)\(", code, re.M))
        self.declares = set()
        if path.endswith(".h"):
            for m in re.finditer(r"^((?:\w[\w \*]*[ \*]))(\w+)\(", code, re.M):
                words = m.group(1).split()
                if "static" in words or "typedef" in words or "return" in words:
                    continue
                end = re.compile(r"[;{]").search(code, m.end())
                if end and end.group(0) == ";":
                    self.declares.add(m.group(2))

    def calls(self, names):
        names = names - self.declares
        return {n for n in set(re.findall(r"(?<![.>\w])(\w+)\s*\(", self.code)) if n in names}


def survey():
    files = [Source(p) for p in sources()]
    home, declared = {}, {}
    for f in files:
        for name in f.defines:
            if f.path.endswith(".c"):
                home[name] = f.path
        for name in f.declares:
            declared.setdefault(name, f.path)
    return files, home, declared


def arrows(files, home):
    """{file: {file: why}}, for what a file includes and calls."""
    known = {module(f.path) for f in files}
    public = set(home)
    out = {m: {} for m in known}
    for f in files:
        me = module(f.path)
        for inc in f.includes:
            other = module(inc)
            if other in known and other != me:
                out[me].setdefault(other, set()).add("includes")
        for name in f.calls(public - f.own):
            other = module(home[name])
            if other != me:
                out[me].setdefault(other, set()).add(name + "()")
    return out


def circles(graph):
    """Tarjan: the strongly connected components of more than one file."""
    index, low, stack, on, found = {}, {}, [], set(), []

    def visit(v):
        index[v] = low[v] = len(index)
        stack.append(v)
        on.add(v)
        for w in sorted(graph[v]):
            if w not in index:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in on:
                low[v] = min(low[v], index[w])
        if low[v] == index[v]:
            part = []
            while True:
                w = stack.pop()
                on.discard(w)
                part.append(w)
                if w == v:
                    break
            if len(part) > 1:
                found.append(sorted(part))

    sys.setrecursionlimit(10000)
    for v in sorted(graph):
        if v not in index:
            visit(v)
    return found


def strays(files, home, declared):
    """Functions that a header declares and another file's .c defines."""
    return sorted(
        (header, name, home[name])
        for name, header in declared.items()
        if name in home and module(home[name]) != module(header)
    )


def level(order, path):
    """The position in the order of the longest place that fits; None where none does."""
    fitting = [place for place in order if path.startswith(place)]
    return order.index(max(fitting, key=len)) if fitting else None


def climbs(files):
    """Includes that go up inside the rooms."""
    for f in files:
        for order in ORDERS:
            mine = level(order, f.path)
            for inc in f.includes:
                other = level(order, inc)
                if mine is not None and other is not None and other > mine:
                    yield f.path, inc


def crowds(files):
    """Folders with more sources than one person can keep in mind."""
    counts = collections.Counter(os.path.dirname(f.path) for f in files if f.path.endswith(".c"))
    return sorted((folder, n) for folder, n in counts.items() if n > FOLDER_SOURCES)


def check(files, home, declared, graph):
    bad = 0
    for header, name, where in strays(files, home, declared):
        print(f"{where}: {name}() is declared by {header}: it stands in the .c of its header")
        bad = 1
    for part in circles(graph):
        print("a circle of files: " + " ".join(part))
        bad = 1
    for path, inc in climbs(files):
        print(f"{path}: includes {inc}, which stands above it")
        bad = 1
    for folder, n in crowds(files):
        print(f"{folder}: {n} sources, more than {FOLDER_SOURCES}: divide the folder by question")
        bad = 1
    return bad


def main():
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    files, home, declared = survey()
    graph = arrows(files, home)
    if what == "list":
        for m in sys.argv[2:] or sorted(graph):
            for other, why in sorted(graph.get(m, {}).items()):
                print(m, "->", other, " ".join(sorted(why)))
    elif what == "homes":
        for header, name, where in strays(files, home, declared):
            print(header, name, where)
    elif what == "circles":
        for part in circles(graph):
            print(" ".join(part))
    elif what == "rooms":
        for path, inc in climbs(files):
            print(path, inc)
    elif what == "crowds":
        for folder, n in crowds(files):
            print(folder, n)
    elif what == "check":
        sys.exit(check(files, home, declared, graph))
    else:
        sys.exit(__doc__)


main()
