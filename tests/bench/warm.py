# SPDX-License-Identifier: MIT
"""The warm workloads, round by round: in each round every condition does all of
them, so that a ratio compares neighbours in time."""
import json
import statistics
import subprocess
import tempfile
import time

import workloads

PEER_ROUNDS = (1, 4)     # the peer is slow and far off: two rounds say enough
HANDLER_ROUNDS = (0, 2)


def hyperfine(mount, workload):
    """Median seconds of one timing of a workload in the root."""
    chroot = f"/usr/sbin/chroot {mount} "
    command = chroot + (workload.command if workload.direct else f"sh -c {json.dumps(workload.command)}")
    with tempfile.NamedTemporaryFile() as out:
        argv = ["hyperfine", "-N", "--warmup", str(workload.warmup), "--runs", str(max(2, workload.runs)),
                "--export-json", out.name, "--style", "none", command]
        if workload.prepare:
            argv[1:1] = ["--prepare", chroot + f"sh -c {json.dumps(workload.prepare)}"]
        subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return statistics.median(json.load(open(out.name))["results"][0]["times"])


def takes_part(run, condition, number):
    if condition in run.peers:
        return number in PEER_ROUNDS
    return condition is not run.handler or number in HANDLER_ROUNDS


def one_round(run, condition, number, times, chosen, deadline):
    """False: the time is over."""
    for workload in chosen:
        if time.monotonic() > deadline:
            return False
        try:
            times[workload.name].setdefault(condition.name, []).append((number, hyperfine(run.mount, workload)))
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().splitlines()
            run.note("warm", f"{workload.name}, {condition.name}: {said[-1] if said else 'failed'}")
    return True


def measure(run, budget):
    """data["warm"][workload][condition] = [[round, seconds], ...]"""
    chosen = [w for w in workloads.WARM if not run.args.only or run.args.only in w.name]
    times = run.data["warm"] = {w.name: {} for w in chosen}
    rounds = 2 if run.quick else run.args.rounds
    deadline = time.monotonic() + (150 if run.quick else budget)
    for number in range(rounds):
        for condition in [c for c in run.conditions() if takes_part(run, c, number)]:
            done = []
            run.under("warm", condition, lambda c=condition, n=number, d=done:
                      d.append(one_round(run, c, n, times, chosen, deadline)))
            if done == [False]:
                run.note("warm", f"{number} whole rounds of {rounds} in the time that there was")
                return
            run.say(f"warm: round {number + 1} of {rounds}: {condition.name}")
        run.data["rounds"] = number + 1
        run.write()
