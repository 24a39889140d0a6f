# SPDX-License-Identifier: MIT
"""What is timed.  Each workload is a command in the scratch root; hyperfine
times it, `prepare` runs untimed before each timing."""
import dataclasses


@dataclasses.dataclass
class Workload:
    name: str
    command: str               # run by sh -c in the root, or argv words when direct
    limit: float = 0           # ratio against no guard that must hold; 0: none stated
    prepare: str = ""
    direct: bool = False       # no shell around it
    warmup: int = 1
    note: str = ""
    explain: str = "warm"      # key of explain.WHY, when the limit is missed


H = "/home/bench"
WARM = [
    Workload("exec, static program, 500 times", "loops exec 500 /usr/bin/static-true", 1.03, direct=True),
    Workload("exec, dynamic program, 500 times", "loops exec 500 /usr/bin/true", 1.03, direct=True),
    Workload("exec on all cores, 2 x 400", "loops parallel 2 400 /usr/bin/true", 1.03, direct=True),
    Workload("bash start, 100 times", "loops exec 100 /usr/bin/bash -c :", 1.03, direct=True),
    Workload("Python start, 20 times", "loops exec 20 /usr/bin/python3 -c pass", 1.03, direct=True),
    Workload("compile 200 C files", f"make -s -C {H}/src -j2 CFLAGS=-O0 all", 1.03, f"make -s -C {H}/src clean"),
    Workload("git status, 20,000 files", f"git -C {H}/git status", 1.03),
    Workload("open a system file, 20,000 times", "loops open 20000 /usr/share/common-licenses/GPL-3", 1.3, direct=True),
    Workload("open a user file, 20,000 times", f"loops open 20000 {H}/user.txt", direct=True,
             note="one round trip with fanotify alone; see the handler's column"),
    Workload("find | xargs cat, files of the system", "find /usr/lib /usr/share -xdev -type f -print0 | xargs -0 cat >/dev/null", 1.2,
             warmup=2, explain="find"),
    Workload("find | xargs cat, 10,000 user files", f"find {H}/user -type f -print0 | xargs -0 cat >/dev/null"),
    Workload("append to a log, 10,000 times", f"loops append 10000 {H}/work/log", direct=True),
    Workload("create, write, close, open, close 10,000 files", f"loops create 10000 {H}/work", direct=True),
    Workload("unpack a tar of 10,000 files", f"tar -C {H}/work -xf {H}/user.tar", 0, f"rm -rf {H}/work/user"),
    Workload("office session (mixed)",
             "for i in 1 2 3 4 5; do ls -lR /etc >/dev/null; grep -rq nothing-of-this /etc; "
             f"python3 -c 'import json,re' ; sort {H}/user.tar | head -c 1000 >/dev/null; git -C {H}/git log -1 >/dev/null; "
             f"cp -r /usr/share/perl5 {H}/work/copy; rm -rf {H}/work/copy; done"),
]

FIRST_EXEC = (("10KB", 40), ("1MB", 30), ("200MB", 5))
COLD_FILES = 5000

# What `find_cold` runs with nothing in memory.
FIND = (
    ("files of the system", "find /usr/lib /usr/share -xdev -type f -print0 | xargs -0 cat >/dev/null"),
    ("10,000 user files", f"find {H}/user -type f -print0 | xargs -0 cat >/dev/null"),
)
