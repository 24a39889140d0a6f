# SPDX-License-Identifier: MIT
"""Where the time goes, taken in the run itself: system calls of the gate for a
first open and for a user's file (strace -c), processor time of the gate, of the
start and of the storm (perf, by the clock), instructions of opening an image
(callgrind).  A tool that does not work on the machine is a note."""
import re
import signal
import subprocess
import time

import guards
import micro
import workloads

USER_FILE = "/home/bench/user.txt"
LINES = 14
PROCESSES = ("guardd", "guardd-keeper2", "guardd-gate", "guardd-record", "guardd-control", "guardd-unlock", "guardd-inspect")


def keep(run, key, title, text):
    run.data["profiles"][key] = {"title": title, "text": text}


def attempt(run, key, take):
    try:
        take(run)
    except (OSError, ValueError, IndexError, KeyError, AttributeError, subprocess.SubprocessError, guards.Failed) as error:
        run.note("profiles", f"{key}: {type(error).__name__}: {error}".splitlines()[0])


def wait_attached(tracer):
    for line in tracer.stderr:
        if "attached" in line:
            return
    raise guards.Failed("strace could not attach")


def system_calls(run, events, *words):
    """strace -c of the gate over `events` opens, with what it calls per event."""
    out = run.work / "strace.txt"
    pid = run.guard.status()["gate_pid"]
    tracer = subprocess.Popen(["strace", "-f", "-c", "-o", out, "-p", str(pid)], stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
    try:
        wait_attached(tracer)
        guards.in_root(run.mount, *words)
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.communicate(timeout=30)
    lines = [f"{'calls an event':>15}  system call"]
    rows = [line.split() for line in out.read_text().splitlines() if re.match(r"\s*\d", line)]
    rows = sorted(((int(row[3]), row[-1]) for row in rows if row[-1] != "total"), reverse=True)
    lines += [f"{calls / events:15.2f}  {name}" for calls, name in rows[:LINES] if calls >= events / 50]
    return "\n".join(lines)


def first_open(run):
    run.scratch.fill("cold", workloads.COLD_FILES)
    with run.guard:
        text = system_calls(run, workloads.COLD_FILES, "loops", "cold-open", str(workloads.COLD_FILES), "/home/bench/cold")
    keep(run, "first_open", f"System calls of the gate per first open of a small file of a user's "
         f"({workloads.COLD_FILES:,} files, `strace -f -c`)", text)


def user_file(run):
    with run.guard:
        guards.in_root(run.mount, "loops", "open", "100", USER_FILE)
        text = system_calls(run, 5000, "loops", "open", "5000", USER_FILE)
    keep(run, "user_file", "System calls of the gate per open of one file of a user's, warm (`strace -f -c`)", text)


def perf_report(data, sort, *more):
    text = subprocess.run(["perf", "report", "-i", data, "--stdio", "--no-children", "-g", "none", "--sort", sort,
                           "--percent-limit", "0.8", *more], check=True, capture_output=True, text=True).stdout
    lines = [re.sub(r"[\s-]+$", "", line) for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise guards.Failed("perf took no samples")
    return "\n".join(lines[:LINES])


class Perf:
    """perf record by the clock (hardware counters are seldom there in a virtual machine)."""

    def __init__(self, run, *target):
        self.data = run.work / "perf.data"
        self.argv = ["perf", "record", "-q", "-F", "1999", "-e", "cpu-clock", "-o", self.data, *map(str, target)]

    def __enter__(self):
        self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)
        time.sleep(0.5)  # perf has no word for "recording"
        if self.process.poll() is not None:
            raise guards.Failed("perf: " + self.process.stderr.read().decode(errors="replace").strip())
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)


def gate_time(run):
    run.scratch.fill("cold", workloads.COLD_FILES)
    with run.guard, Perf(run, "-p", run.guard.status()["gate_pid"]) as perf:
        for _ in range(4):
            guards.in_root(run.mount, "loops", "cold-open", str(workloads.COLD_FILES), "/home/bench/cold")
    keep(run, "gate_time", "Processor time of the gate in opens of a user's files (`perf record -e cpu-clock`)",
         perf_report(perf.data, "dso,symbol"))


def start(run):
    with Perf(run, "-a") as perf:
        for _ in range(5):
            with run.guard:
                pass
    keep(run, "start", "Processor time while guardd starts, five times (`perf record -a -e cpu-clock`)",
         perf_report(perf.data, "comm,symbol", "--comms", ",".join(PROCESSES), "--percentage", "relative"))


def storm(run):
    with run.guard, Perf(run, "-a") as perf:
        guards.in_root(run.mount, "loops", "storm", "5", "2", USER_FILE, "/home/bench/unlisted", "/usr/bin/true")
    keep(run, "storm", "Whose the processors are in the storm (`perf record -a -e cpu-clock`)", perf_report(perf.data, "comm"))


def warm(run):
    """Events that reach the gate in one run of each warm workload, after two others."""
    counts = run.data["events_per_run"] = {}
    with run.guard:
        for workload in workloads.WARM:
            words = workload.command.split() if workload.direct else ["sh", "-c", workload.command]
            for _ in range(3):
                if workload.prepare:
                    guards.in_root(run.mount, "sh", "-c", workload.prepare)
                before = run.guard.status()["events"]
                subprocess.run(["/usr/sbin/chroot", run.mount, *words], check=True, capture_output=True)
            counts[workload.name] = run.guard.status()["events"] - before
    keep(run, "warm", "Events that reach the gate in one run of each warm workload",
         "\n".join(f"{count:10,}  {name}" for name, count in counts.items()))


def image_build(run):
    source, data = run.work / "list.conf", run.work / "perf.data"
    micro.list_of(run.work / "list.sha256", 100_000 if run.quick else 1_000_000)
    micro.list_policy(source, run.work / "list.sha256")
    subprocess.run(["perf", "record", "-q", "-F", "1999", "-e", "cpu-clock", "-o", data, run.build / "guardctl/guardctl",
                    "policy", "build", source, "--output", run.work / "list.image"], check=True, capture_output=True)
    keep(run, "image_build", "Processor time of building an image from a list (`perf record -e cpu-clock`)",
         perf_report(data, "dso,symbol"))


def made_image(run):
    """The image of `simulated`, or one like it."""
    digests = 100_000 if run.quick else 1_000_000
    image = run.work / f"decide-{digests}.image"
    if not image.exists():
        subprocess.run([run.build / "tests/bench/bench_decide", str(digests), "1000", image], stdout=subprocess.DEVNULL,
                       check=False)
    return digests, image


def image_open(run):
    """By the clock, for valgrind knows nothing of the processor's own SHA-256."""
    digests, image = made_image(run)
    data = run.work / "perf.data"
    subprocess.run(["perf", "record", "-q", "-F", "4999", "-e", "cpu-clock", "-o", data,
                    run.build / "tests/bench/bench_decide", str(digests), "0", image], check=True, capture_output=True)
    keep(run, "image_open", f"Processor time of opening an image of {digests:,} digests five times, after copying it once "
         "(`perf record -e cpu-clock`; libcrypto is the checksum)",
         perf_report(data, "dso") + "\n\n" + perf_report(data, "symbol", "--dsos", "bench_decide,[kernel.kallsyms]"))


def image_checks(run):
    digests, image = made_image(run)
    out = run.work / "callgrind.out"
    micro.counted("guard_policy_open", [run.build / "tests/bench/bench_decide", digests, 0, image], out)
    text = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--show=Ir", out], check=True, capture_output=True,
                          text=True).stdout
    rows = [line.strip() for line in text.splitlines() if re.match(r"\s*[\d,]+ \(", line) and "guard_" in line]
    rows = [re.sub(r"\S*:guard_", "guard_", re.sub(r" \[.*", "", row)) for row in rows]
    keep(run, "image_checks", f"Instructions of opening an image of {digests:,} digests, with what each function calls "
         "(`valgrind --tool=callgrind`, five opens)", "\n".join(rows[:LINES]))


def take(run, _):
    run.data["profiles"] = {}
    for profile in (first_open, user_file, gate_time, start, warm, storm, image_open, image_build, image_checks):
        attempt(run, profile.__name__, profile)
