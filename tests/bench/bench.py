#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The benchmark: guard against no guard, the least handler and the peer, all
alternately in one run.  Run it by scripts/bench."""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import guards
import micro
import report
import root
import workloads

SCALE_PROCESSES = (1, 2, 4, 8, 16)
RUN_IN_ROOT = ("/usr/sbin/chroot",)


def hyperfine(mount, workload):
    """Median seconds of one timing of a workload in the root."""
    chroot = f"/usr/sbin/chroot {mount} "
    command = chroot + (workload.command if workload.direct else f"sh -c {json.dumps(workload.command)}")
    with tempfile.NamedTemporaryFile() as out:
        argv = ["hyperfine", "-N", "--warmup", "1", "--runs", str(max(2, workload.runs)), "--export-json", out.name,
                "--style", "none", command]
        if workload.prepare:
            argv[1:1] = ["--prepare", chroot + f"sh -c {json.dumps(workload.prepare)}"]
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return statistics.median(json.load(open(out.name))["results"][0]["times"])


def in_root(mount, *words):
    text = subprocess.run([*RUN_IN_ROOT, mount, *words], check=True, capture_output=True, text=True).stdout
    return json.loads(text) if text.startswith("{") else text


def warm(mount, conditions, chosen, rounds, deadline):
    """times[workload][condition] = list, one entry a round."""
    times = {w.name: {} for w in chosen}
    for number in range(rounds):
        for condition in conditions:
            if condition.name.startswith("fapolicyd") and number >= max(2, rounds // 2):
                continue
            with condition:
                for workload in chosen:
                    if time.monotonic() > deadline and number >= 2:
                        return times, number
                    times[workload.name].setdefault(condition.name, []).append(hyperfine(mount, workload))
            print(f"bench: round {number + 1} of {rounds}: {condition.name}", flush=True)
    return times, rounds


def cold(mount, conditions):
    """Microseconds per event for files never seen before: every condition gets fresh ones."""
    result = {}
    for number in range(3):
        for condition in conditions:
            directory = mount / "home/bench/cold"
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir()
            for i in range(workloads.COLD_FILES):
                (directory / f"file-{i}").write_text(f"cold {i}\n")
            os.sync()
            with condition:
                answer = in_root(mount, "loops", "cold-open", str(workloads.COLD_FILES), "/home/bench/cold")
            result.setdefault(condition.name, []).append(answer["us_per_event"])
    return {name: statistics.median(values) for name, values in result.items()}


def first_exec(mount, conditions):
    """First exec of known content, against openssl dgst on a file of that size."""
    result = {}
    for label, copies in workloads.FIRST_EXEC:
        paths = [f"/home/bench/first/{label}-{i}" for i in range(copies)]
        row = result.setdefault(label, {})
        for condition in conditions:
            with condition:
                row[condition.name] = in_root(mount, "loops", "first-exec", *paths)
        host = [f"{mount}{path}" for path in paths]
        samples = []
        for path in host[:20]:
            start = time.monotonic()
            subprocess.run(["openssl", "dgst", "-sha256", path], check=True, stdout=subprocess.DEVNULL)
            samples.append((time.monotonic() - start) * 1e6)
        row["openssl_us"] = statistics.median(samples)
    return result


def storm(mount, guard, seconds):
    """Latency of an open that always asks, under an exec storm on all cores, and the counters after it."""
    cores = os.cpu_count()
    words = ("loops", "latency", str(seconds), str(cores), "/home/bench/user.txt", "/usr/bin/true")
    result = {"cores": cores, "seconds": seconds}
    with guards.NoGuard():
        result["none"] = in_root(mount, "loops", "latency", str(min(seconds, 10)), *words[3:])
    with guard:
        result["guard"] = in_root(mount, *words)
        result["status"] = json.loads(guard.ask("status"))
    return result


def scale(mount, conditions, count):
    """Opens a second of a user's file, which always ask, by the number of processes that open."""
    result = {}
    for condition in conditions:
        rows = result.setdefault(condition.name, [])
        with condition:
            for processes in SCALE_PROCESSES:
                each = max(1, count // processes)
                start = time.monotonic()
                in_root(mount, "loops", "parallel", str(processes), "1", "/usr/bin/loops", "open", str(each),
                        "/home/bench/user.txt")
                rows.append((processes, processes * each / (time.monotonic() - start)))
    return result


def stage(text, began=time.monotonic()):
    print(f"bench: {time.monotonic() - began:4.0f} s: {text}", flush=True)


def memory_and_start(mount, guard, build, work):
    """50,000 rules beside the scanned policy: start, then a million events, then memory."""
    many = work / "many.conf"
    micro.rules_source(many)
    plain = guard.image
    guard.image = guard.dir / "many.image"
    subprocess.run([build / "guardctl/guardctl", "policy", "build", guard.dir / "policy.conf", many, "--output",
                    guard.image], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    starts = []
    for _ in range(5):
        with guard:
            starts.append(guard.start_seconds)
    with guard:
        in_root(mount, "loops", "parallel", "2", "1", "/usr/bin/loops", "open", "500000", "/home/bench/user.txt")
        result = {"rules": micro.RULES, "start_ms": statistics.median(starts) * 1e3,
                  "pss_kib": guard.memory_kib(), "events": json.loads(guard.ask("status")).get("events")}
    guard.image = plain
    return result


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("/var/tmp/guard-bench"))
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=12, help="time for the warm part")
    parser.add_argument("--storm-seconds", type=int, default=120)
    parser.add_argument("--quick", action="store_true", help="a few minutes, figures rough, nothing written to docs/")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--only", help="only warm workloads whose name contains this")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="folder for performance.json, .md and plots")
    return parser.parse_args()


def measure(args, work):
    data = {"machine": report.machine()}
    sizes = (2000, 4000, 60) if args.quick else (10000, 20000, 200)
    with root.Root(args.cache, work, args.build / "tests/bench", *sizes) as scratch:
        mount = scratch.mount
        none, guard = guards.NoGuard(), guards.Guard(args.build, mount, work)
        handler = guards.Handler(args.build, mount)
        guard.make_policy()
        peers = [] if args.no_peer else [guards.Peer(kind, mount, work) for kind in ("none", "sha256")]
        for peer in peers:
            peer.prepare()
        chosen = [w for w in workloads.WARM if not args.only or args.only in w.name]
        deadline = time.monotonic() + (120 if args.quick else args.minutes * 60)
        data["warm"], data["rounds"] = warm(mount, [none, guard, handler, *peers], chosen,
                                            2 if args.quick else args.rounds, deadline)
        if args.only:
            return data
        stage("first sight of files")
        data["cold_us"] = cold(mount, [none, guard, handler, *peers])
        stage("first exec of programs")
        data["first_exec"] = first_exec(mount, [none, guard, handler, *peers])
        stage("opens by number of processes")
        data["scale"] = scale(mount, [none, handler, guard], 10_000 if args.quick else 60_000)
        stage("exec storm")
        data["storm"] = storm(mount, guard, 10 if args.quick else args.storm_seconds)
        stage("start and memory with many rules")
        data["memory"] = memory_and_start(mount, guard, args.build, work)
    stage("decisions, instructions, image")
    sizes = micro.SIZES[:3] if args.quick else micro.SIZES
    data["decide"] = [micro.decide(args.build, size) for size in sizes]
    data.update(micro.simulated(args.build, 100_000 if args.quick else 1_000_000))
    data["image"] = micro.image_build(args.build, work)
    return data


def main():
    args = arguments()
    args.cache.mkdir(parents=True, exist_ok=True)
    args.output.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="guard-bench-"))
    try:
        data = measure(args, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    (args.output / "performance.json").write_text(json.dumps(data, indent=1) + "\n")
    report.write(data, args.output, workloads.WARM)
    if not args.quick and not args.only:
        report.quote(pathlib.Path(__file__).parents[2] / "README.md", data)
    stage(f"written to {args.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
