# SPDX-License-Identifier: MIT
"""The daemon under load: an exec storm, a million events, and how events a second,
start and memory grow with processes, cores, files and rules."""
import os
import statistics
import subprocess
import time

import guards
import micro
import opens

PROCESSES = (1, 2, 4, 8, 16)
FILES = (1_000, 4_000, 16_000, 64_000)
EVENTS = (1_000, 10_000, 100_000, 1_000_000)
RULES = (1_000, 50_000, 500_000)
UNLISTED = "/home/bench/unlisted"
USER_FILE = "/home/bench/user.txt"
STATUS = ("events", "allowed", "denied", "overload", "timeouts", "records_lost", "gate_restarts")


def opens_a_second(run, processes, count):
    each = max(1, count // processes)
    start = time.monotonic()
    guards.in_root(run.mount, "loops", "parallel", str(processes), "1", "/usr/bin/loops", "open", str(each), USER_FILE)
    return processes * each / (time.monotonic() - start)


def status(run):
    answer = run.guard.status()
    return {name: answer.get(name) for name in STATUS}


def events_lost(run):
    """Did the kernel's queue run over?  The daemon notes it in the record."""
    return run.guard.ask("events", "--limit", "1000").count("queue ran over")


def storm(run, _):
    """Latency of an open that always asks, under an exec storm on all cores; a program that is not
    listed is tried all the while, and what the daemon counted stands beside it."""
    cores = os.cpu_count()
    seconds = 10 if run.quick else run.args.storm_seconds

    def words(duration):
        return ("loops", "storm", str(duration), str(cores), USER_FILE, UNLISTED, "/usr/bin/true")
    result = {"cores": cores, "seconds": seconds}
    with run.none:
        result["none"] = guards.in_root(run.mount, *words(min(seconds, 10)))
    with run.guard:
        before = status(run)
        result["guard"] = guards.in_root(run.mount, *words(seconds))
        after = status(run)
        result["status"] = {name: (after[name] or 0) - (before[name] or 0) for name in STATUS}
        result["events_lost"] = events_lost(run)
    run.data["storm"] = result


def image_with(run, rules):
    """`rules` rules beside the scanned policy."""
    source, image = run.work / f"many-{rules}.conf", run.work / f"many-{rules}.image"
    micro.rules_source(source, rules)
    subprocess.run([run.build / "guardctl/guardctl", "policy", "build", run.guard.dir / "policy.conf", source, "--output",
                    image], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    source.unlink()
    return image


def starts(run, image, count):
    """Milliseconds from the start of guardd to `ready`."""
    samples = []
    with run.guard.using(image):
        for _ in range(count):
            with run.guard:
                samples.append(run.guard.start_seconds * 1e3)
    return statistics.median(samples)


def memory(run, _):
    """50,000 rules: start, then a million events and what they do to speed and memory."""
    image = image_with(run, micro.RULES)
    result = run.data["memory"] = {"rules": micro.RULES, "start_ms": starts(run, image, 7), "events": []}
    done = 0
    with run.guard.using(image), run.guard:
        for goal in EVENTS[:3] if run.quick else EVENTS:
            rate = opens_a_second(run, 2, goal - done)
            done = goal
            result["events"].append({"events": done, "a_second": rate, "pss_kib": run.guard.memory_kib()})
        result["status"] = status(run)
        result["pss_kib"] = result["events"][-1]["pss_kib"]
        result["processes"] = run.guard.memory_by_process()


def by_processes(run, _):
    """Opens a second of a user's file, which always ask."""
    count = 10_000 if run.quick else 60_000
    result = run.data["by_processes"] = {}
    for condition in run.conditions(peers=False):
        run.under("by_processes", condition, lambda name=condition.name: result.update(
            {name: [(n, opens_a_second(run, n, count)) for n in PROCESSES]}))


def by_cores(run, _):
    """The same, daemon and openers (two for each core) held on the first N cores."""
    count = 6_000 if run.quick else 40_000
    allowed = sorted(os.sched_getaffinity(0))
    result = run.data["by_cores"] = {}
    steps = sorted({1, 2, 4, 8, 16, len(allowed)} & set(range(1, len(allowed) + 1)))
    try:
        for cores in steps:
            os.sched_setaffinity(0, allowed[:cores])
            for condition in run.conditions(peers=False):
                run.under("by_cores", condition, lambda name=condition.name, n=cores: result.setdefault(name, []).append(
                    (n, opens_a_second(run, 2 * n, count))))
    finally:
        os.sched_setaffinity(0, allowed)


def by_files(run, _):
    """Microseconds per open of N files, one after the other: the first time, and the second."""
    result = run.data["by_files"] = {}
    for files in FILES[:3] if run.quick else FILES:
        run.scratch.fill("cold", files)
        for condition in run.conditions(peers=False):
            run.under("by_files", condition, lambda name=condition.name, n=files: result.setdefault(name, []).append(
                (n, opens.open_all(run, n), opens.open_all(run, n))))


def by_rules(run, _):
    result = run.data["by_rules"] = []
    for rules in RULES[:2] if run.quick else RULES:
        image = image_with(run, rules)
        row = {"rules": rules, "start_ms": starts(run, image, 3)}
        with run.guard.using(image), run.guard:
            row["a_second"] = opens_a_second(run, 2, 20_000)
            row["pss_kib"] = run.guard.memory_kib()
        result.append(row)
        image.unlink()
