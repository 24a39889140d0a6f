# SPDX-License-Identifier: MIT
"""The warm workloads in pairs: each on a twin of the scratch root that nobody
watches, and right after (or before) it in the watched one.  What else the machine
does in that second weighs on both; a ratio is of one pair, and of many the median."""
import json
import re
import subprocess
import tempfile
import time

import root
import workloads

PEER_ROUNDS = (0, 2)     # each condition in the first, for there may be time for no other
HANDLER_ROUNDS = (0, 2)  # and of nobody watching: how far two roots differ by themselves
PAIRS = 6                # of guard in each round: many short ones; the others fewer
OTHER_PAIRS = 4


def hyperfine(prefix, mount, workload, warmup):
    """Seconds of one timing of a workload in a root."""
    chroot = f"/usr/sbin/chroot {mount} "
    command = chroot + (workload.command if workload.direct else f"sh -c {json.dumps(workload.command)}")
    with tempfile.NamedTemporaryFile() as out:
        argv = [*prefix, "hyperfine", "-N", "--warmup", str(warmup), "--runs", "1",
                "--export-json", out.name, "--style", "none", command]
        if workload.prepare:
            argv[len(prefix) + 1:len(prefix) + 1] = ["--prepare", chroot + f"sh -c {json.dumps(workload.prepare)}"]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return json.load(open(out.name))["results"][0]["times"][0]


def pair(run, twin, workload, number):
    """[seconds on the twin, seconds in the watched root], every second pair the other way round."""
    warmup = 0 if number else workload.warmup
    sides = [lambda: hyperfine(twin.inside, run.mount, workload, warmup), lambda: hyperfine([], run.mount, workload, warmup)]
    if number % 2 == 0:
        return [side() for side in sides]
    return [side() for side in reversed(sides)][::-1]


def takes_part(run, condition, number):
    if condition in run.peers:
        return number in PEER_ROUNDS
    return condition is run.guard or number in HANDLER_ROUNDS


def one_round(run, twin, condition, times, chosen, deadline):
    """False: the time is over."""
    for workload in chosen:
        try:
            for number in range(PAIRS if condition is run.guard else OTHER_PAIRS):
                if time.monotonic() > deadline:
                    return False
                times[workload.name].setdefault(condition.name, []).append(pair(run, twin, workload, number))
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().splitlines()
            run.note("warm", f"{workload.name}, {condition.name}: {said[-1] if said else 'failed'}")
    return True


def measure(run, budget):
    """data["warm"][workload][condition] = [[seconds on the twin, seconds watched], ...]"""
    chosen = [w for w in workloads.WARM if not run.args.only or re.search(run.args.only, w.name)]
    times = run.data["warm"] = {w.name: {} for w in chosen}
    rounds = 1 if run.quick else run.args.rounds
    deadline = time.monotonic() + (150 if run.quick else budget)
    with root.Twin(run.scratch) as twin:
        for number in range(rounds):
            for condition in [c for c in (*run.conditions()[1:], run.none) if run.quick or takes_part(run, c, number)]:
                done = []
                run.under("warm", condition, lambda c=condition, d=done:
                          d.append(one_round(run, twin, c, times, chosen, deadline)))
                if done == [False]:
                    run.note("warm", f"{number} whole rounds of {rounds} in the time that there was")
                    return
                run.say(f"warm: round {number + 1} of {rounds}: {condition.name}")
            run.write()
