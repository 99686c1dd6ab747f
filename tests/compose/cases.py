#!/usr/bin/env python3
"""Compares the conversion of compose projects with the requests that they should make.

Cases own-* and pub-* are recordings of ecs-cli: what it sent. Cases v1-*, v2-*, v3-* and params-* were
written from its rules, spec-* from the Compose Specification.

    cases.py CONVERT CASES_DIRECTORY [CASE...]

A case holds the files of a project, `args` (ecs-cli's arguments), `environ` (variables of its
process, which win over .env; a project here has .env alone), and expect.json, the body of
RegisterTaskDefinition. Both sides are brought to one form first: what ecs-cli leaves to chance (the
order of containers, variables and volumes, the numbers of nameless volumes) and what says nothing
(empty lists and objects, defaults) does not count. ALSO names the cases that are read here although
ecs-cli refuses them.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

NOT_INPUT = {"args", "calls.json", "environ", "expect.err", "expect.json", "home", "notes", "source",
             "state.json", "stderr.txt"}
ALSO = {"own-err-version-38"}
SAYS_NOTHING = {"essential": True, "cpu": 0, "privileged": False, "readonlyRootFilesystem": False,
                "pseudoTerminal": False, "interactive": False, "hostPort": 0, "protocol": "tcp",
                "readOnly": False}


def without_nothing(value):
    if isinstance(value, dict):
        kept = {k: without_nothing(v) for k, v in value.items()}
        return {k: v for k, v in kept.items()
                if v not in (None, {}, []) and not (k in SAYS_NOTHING and v == SAYS_NOTHING[k])}
    if isinstance(value, list):
        return [without_nothing(v) for v in value]
    return value


def in_order(value):
    if isinstance(value, dict):
        return {k: in_order(v)
                for k, v in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return sorted((in_order(v) for v in value), key=lambda v: json.dumps(v, sort_keys=True))
    return value


def one_form(definition):
    d = without_nothing(definition)
    for role in ("taskRoleArn", "executionRoleArn"):
        if d.get(role) == "":
            del d[role]
    for constraint in d.get("placementConstraints", []):
        if constraint.get("expression") == "":
            del constraint["expression"]
    called = {}
    for volume in d.get("volumes", []):
        if re.fullmatch(r"volume-\d+", volume["name"]):
            called[volume["name"]] = volume.get("host", {}).get("sourcePath")
            volume["name"] = called[volume["name"]] or "nameless"
    for container in d.get("containerDefinitions", []):
        for mount in container.get("mountPoints", []):
            mount["sourceVolume"] = called.get(mount["sourceVolume"], mount["sourceVolume"]) or "nameless"
        for device in container.get("linuxParameters", {}).get("devices", []):
            device.get("permissions", []).sort()
    return in_order(d)


def project(case, directory):
    """Lays the case's project out in `directory`; its name and launch type."""
    args = shlex.split((case / "args").read_text())
    name, launch = case.name, ""
    for option, value in zip(args, args[1:] + [""]):
        if option == "--project-name":
            name = value
        elif option == "--launch-type":
            launch = value
    for item in case.iterdir():
        if item.name not in NOT_INPUT:
            (shutil.copytree if item.is_dir() else shutil.copy)(item, directory / item.name)
    if "--ecs-params" in args:
        os.rename(directory / args[args.index("--ecs-params") + 1], directory / "ecs-params.yml")
    config = case / "home/.ecs/config"
    if config.exists() and "--cluster-config" in args:
        entry = config.read_text().split(args[args.index("--cluster-config") + 1] + ":", 1)[1]
        launch = re.search(r'default_launch_type: "?(\w+)', entry).group(1)
    # A .env that is an env_file too is left as it is: its variables would become the container's.
    if (case / "environ").exists() and "- .env" not in (case / "docker-compose.yml").read_text():
        with open(directory / ".env", "a") as env:
            env.write("\n" + (case / "environ").read_text())
    return name, launch


def differences(want, got, path=""):
    if isinstance(want, dict) and isinstance(got, dict):
        for key in sorted(want.keys() | got.keys()):
            yield from differences(want.get(key), got.get(key), f"{path}.{key}")
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for i, (w, g) in enumerate(zip(want, got)):
            yield from differences(w, g, f"{path}[{i}]")
    elif want != got:
        yield f"{path}: expected {json.dumps(want)}, got {json.dumps(got)}"


def check(convert, case):
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        name, launch = project(case, directory)
        runs = [subprocess.run([convert, directory, name, launch], capture_output=True, text=True)
                for _ in range(2)]
    if runs[0].stdout != runs[1].stdout:
        return ["the same files made different bytes"]
    refused = runs[0].returncode != 0
    if case.name in ALSO:
        return [runs[0].stderr] if refused else []
    if not (case / "expect.json").exists():
        return [] if refused else ["should have been refused: " + (case / "expect.err").read_text()]
    if refused:
        return ["refused: " + runs[0].stderr]
    want = json.loads((case / "expect.json").read_text())
    home = "/home/user/" + case.name
    got = json.loads(runs[0].stdout.replace("/home/user/" + name, home))["taskDefinition"]
    got.pop("tags", None)
    want.pop("tags", None)
    return list(differences(one_form(want), one_form(got)))


def main(convert, root, *chosen):
    bad = count = 0
    for case in sorted(pathlib.Path(root).iterdir()):
        if chosen and case.name not in chosen:
            continue
        count += 1
        lines = check(convert, case)
        bad += bool(lines)
        for line in lines:
            print(f"{case.name}: {line}")
    print(f"{count} cases, {bad} differ")
    return 1 if bad or not count else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
