#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/bench --guest: the kernel layer's figures from the virtual machine of
tests/vm (group `bench`), put into performance.json and the page beside those of
the machine.  Slow: the guest is emulated."""
import argparse
import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

import report
import root

HERE = pathlib.Path(__file__).parent
TESTS = HERE.parent
# What a compiler needs of the scratch root.
TOOLCHAIN = ("./usr/bin/*gcc*", "./usr/bin/*-as", "./usr/bin/as", "./usr/bin/*ld*", "./usr/lib/gcc", "./usr/include",
             "./usr/lib/x86_64-linux-gnu", "./usr/lib64", "./lib64", "./lib", "./bin")


def extra_folder(build, cache, folder):
    """What goes onto the tests' disk: the loops, the workloads and a compiler with its sources."""
    folder.mkdir()
    shutil.copy(build / "tests/bench/loops", folder)
    shutil.copy(HERE / "guest_workloads.py", folder)
    tree = folder / "root"
    tree.mkdir()
    subprocess.run(["tar", "-C", tree, "--wildcards", "-xf", root.base_tar(cache), *TOOLCHAIN], check=True)
    for name in ("src", "tmp"):
        (tree / name).mkdir(exist_ok=True)
    for i in range(6):
        (tree / "src" / f"m{i}.c").write_text(
            f"#include <stdio.h>\n#include <stdlib.h>\nint f{i}(const char *s) {{ return atoi(s) + {i}; }}\n")


def run_guest(build, extra):
    """The figures, one dict a round and state."""
    environment = dict(os.environ, GUARD_VM_EXTRA=str(extra))
    process = subprocess.Popen([TESTS / "vm/run", str(build), "bench"], stdout=subprocess.PIPE, text=True, env=environment)
    figures, facts = [], {"machine": "?"}
    for line in process.stdout:
        print(line, end="", flush=True)
        if line.startswith("# guest-figures: "):
            figures.append(json.loads(line.split(": ", 1)[1]))
        elif line.startswith("# guest-machine: "):
            facts["machine"] = line.split(": ", 1)[1].strip()
    process.wait()
    return figures, facts


def table(figures):
    by_round = {(f["round"], f["state"]): f["ms"] for f in figures}
    rounds = sorted({number for number, _ in by_round if all((number, s) in by_round for s in ("off", "auto"))})
    names = [name for name in by_round[(rounds[0], "off")]] if rounds else []
    rows = []
    for name in names:
        def ratios(state):
            found = [by_round[(n, state)][name] / by_round[(n, "off")][name] for n in rounds if (n, state) in by_round]
            return report.cell((statistics.median(found), min(found), max(found)) if found else None)
        off = statistics.median(by_round[(n, "off")][name] for n in rounds)
        rows.append((name, f"{off:.1f}", ratios("auto"), ratios("fanotify")))
    return rows, len(rounds)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench --guest")
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("/var/tmp/guard-bench"))
    parser.add_argument("--guest", action="store_true")
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="guard-bench-", dir="/var/tmp"))
    try:
        extra_folder(args.build, args.cache, work / "extra")
        figures, facts = run_guest(args.build, work / "extra")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    rows, rounds = table(figures)
    if not rows:
        print("scripts/bench: the guest gave no figures; what it said is above", file=sys.stderr)
        return 1
    page = args.output / "performance.json"
    data = json.loads(page.read_text()) if page.exists() else {"machine": report.machine(), "notes": {}, "seconds": {}}
    data["guest"] = {**facts, "day": datetime.date.today().isoformat(), "rounds": rounds, "rows": rows}
    page.write_text(json.dumps(data, indent=1) + "\n")
    report.write(data, args.output)
    print("\n".join(report.guest_section(data, None, [])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
