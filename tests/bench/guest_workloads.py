#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs in the guest: `prepare` makes the files, `run` times each workload five
times and prints the medians in milliseconds as one line of JSON.  Small, for
the guest is emulated."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
LOOPS, ROOT = str(HERE / "loops"), str(HERE / "root")
HOME = "/home/bench"
FILES, SOURCES, TIMES = 500, 6, 5
WORKLOADS = (
    ("exec, 50 times", [LOOPS, "exec", "50", "/usr/bin/true"]),
    ("open a system file, 5,000 times", [LOOPS, "open", "5000", "/usr/share/common-licenses/GPL-3"]),
    ("open a user file, 5,000 times", [LOOPS, "open", "5000", HOME + "/user/file-0"]),
    ("find | xargs cat, files of the system", "find /usr/share/perl -type f -print0 | xargs -0 cat > /dev/null"),
    ("find | xargs cat, files of a user", "find %s/user -type f -print0 | xargs -0 cat > /dev/null" % HOME),
    ("append to a log, 1,000 times", [LOOPS, "append", "1000", HOME + "/work/log"]),
    ("compile %d C files" % SOURCES, "for i in %s; do chroot %s gcc -O0 -c -o /tmp/m.o /src/m$i.c || exit 1; done"
     % (" ".join(map(str, range(SOURCES))), ROOT)),
)


def prepare():
    for name in ("user", "work"):
        os.makedirs(os.path.join(HOME, name), exist_ok=True)
    for i in range(FILES):
        path = "%s/user/file-%d" % (HOME, i)
        pathlib.Path(path).write_text("a user's file %d\n" % i)
        os.chown(path, 1000, 1000)
    if os.path.isdir(ROOT):
        subprocess.run(["mount", "-t", "tmpfs", "bench", ROOT + "/tmp"], check=True)


def milliseconds(command):
    start = time.monotonic()
    subprocess.run(command, shell=isinstance(command, str), check=True)
    return (time.monotonic() - start) * 1e3


def run():
    result = {}
    for name, command in WORKLOADS:
        if name.startswith("compile") and not os.path.isdir(ROOT):
            continue
        milliseconds(command)
        milliseconds(command)
        result[name] = statistics.median(milliseconds(command) for _ in range(TIMES))
    print(json.dumps(result))


if __name__ == "__main__":
    {"prepare": prepare, "run": run}[sys.argv[1]]()
