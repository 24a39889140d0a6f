# SPDX-License-Identifier: MIT
"""First sights: files and programs that a daemon which has just started has never
seen, with the page cache warm (what guard adds) and cold (what a user waits)."""
import statistics
import subprocess
import time

import guards
import workloads


def read_all(run, result, condition):
    for name, command in workloads.FIND:
        start = time.monotonic()
        subprocess.run(["/usr/sbin/chroot", run.mount, "sh", "-c", command], check=True, capture_output=True)
        result[name].setdefault(condition, []).append(time.monotonic() - start)


def find_cold(run, _):
    """`find | xargs cat` with nothing in memory: scratch file system mounted anew, its image dropped
    from the page cache, daemon just started.  Seconds by condition."""
    result = run.data["find_cold"] = {name: {} for name, _ in workloads.FIND}
    for number in range(1 if run.quick else 3):
        for condition in run.conditions(peers=number == 0):
            run.scratch.chill()
            run.under("find_cold", condition, lambda name=condition.name: read_all(run, result, name))


def open_all(run, files):
    """Microseconds per open of the files that scratch.fill("cold") made, one after the other."""
    return guards.in_root(run.mount, "loops", "cold-open", str(files), "/home/bench/cold")["us_per_event"]


def cold(run, _):
    """Microseconds per first open of a small file of a user's, page cache warm."""
    samples = {}
    run.scratch.fill("cold", workloads.COLD_FILES)
    for number in range(5):
        for condition in run.conditions(peers=number < 2):
            run.under("cold_us", condition,
                      lambda name=condition.name: samples.setdefault(name, []).append(open_all(run, workloads.COLD_FILES)))
        run.data["cold_us"] = {name: statistics.median(values) for name, values in samples.items()}


def openssl_us(paths):
    """What `openssl dgst` takes for such a file, its own start included."""
    samples = []
    for path in paths:
        start = time.monotonic()
        subprocess.run(["openssl", "dgst", "-sha256", path], check=True, stdout=subprocess.DEVNULL)
        samples.append((time.monotonic() - start) * 1e6)
    return statistics.median(samples)


def first_exec(run, _):
    """First exec of known content, against openssl dgst on a file of that size."""
    result = run.data["first_exec"] = {}
    for label, copies in workloads.FIRST_EXEC:
        row = result[label] = {}
        paths = [f"/home/bench/first/{label}-{i}" for i in range(copies)]
        for condition in run.conditions():
            run.under("first_exec", condition, lambda name=condition.name, row=row, paths=paths: row.update(
                {name: guards.in_root(run.mount, "loops", "first-exec", *paths)}))
        row["openssl_us"] = openssl_us([f"{run.mount}{path}" for path in paths[:20]])
        row["openssl_start_us"] = openssl_us(["/dev/null"] * 9)
