#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The benchmark: guard against no guard, the least handler and the peer, all
alternately in one run.  Owns the order of the parts, their time, and that one
part that fails costs no other: what is missing is said on the page.  Run it by
scripts/bench."""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import awake
import gateload
import guards
import micro
import opens
import profiles
import report
import root
import warm

TOTAL_SECONDS = 28 * 60   # from the start of scripts/bench, its build included


class OutOfTime(BaseException):
    """Not an Exception: what recovers from a failed part of a part must not eat it."""


class Stopped(BaseException):
    """Somebody ended the run: what is measured stays, nothing else is begun."""


def stop(*_):
    raise Stopped


class Run:
    """What the parts share: arguments, the scratch root, the conditions, the figures so far."""

    def __init__(self, args, work):
        self.args, self.work, self.build, self.quick = args, work, args.build, args.quick
        self.began = float(os.environ.get("GUARD_BENCH_BEGAN", time.time()))
        self.data = {"machine": report.machine(), "notes": {}, "seconds": {}, **self.of_guest()}
        self.scratch = self.mount = self.guard = self.handler = None
        self.peers, self.none = [], guards.NoGuard()

    def of_guest(self):
        """The guest's table is another command's: it stays on the page."""
        page = self.args.output / "performance.json"
        before = json.loads(page.read_text()) if page.exists() else {}
        return {"guest": before["guest"]} if "guest" in before else {}

    def spent(self):
        return time.time() - self.began

    def say(self, text):
        print(f"bench: {self.spent():4.0f} s: {text}", flush=True)

    def note(self, part, text):
        """Something is missing or rough: said at once and on the page."""
        notes = self.data["notes"].setdefault(part, [])
        if text not in notes:
            notes.append(text)
            self.say(f"{part}: {text}")

    def conditions(self, peers=True):
        return [self.none, self.guard, self.handler, *(self.peers if peers else ())]

    def under(self, part, condition, work):
        """work() under a condition.  When the peer or the handler fails, that is a note."""
        try:
            with condition:
                work()
        except (OSError, ValueError, LookupError, subprocess.SubprocessError, guards.Failed) as error:
            if condition in (self.none, self.guard):
                raise
            self.note(part, f"{condition.name} failed: {reason(error)}")
            if condition in self.peers and isinstance(error, guards.Failed):
                self.peers.remove(condition)

    def write(self):
        (self.args.output / "performance.json").write_text(json.dumps(self.data, indent=1) + "\n")
        report.write(self.data, self.args.output)


# name, seconds that it may take, what does it.  The first takes the time that the
# others leave.
PARTS = (
    ("warm", 420, warm.measure),
    ("find_cold", 75, opens.find_cold),
    ("cold_us", 40, opens.cold),
    ("first_exec", 60, opens.first_exec),
    ("storm", 140, gateload.storm),
    ("memory", 75, gateload.memory),
    ("decide", 60, micro.decisions),
    ("image", 90, micro.images),
    ("by_processes", 20, gateload.by_processes),
    ("by_cores", 20, gateload.by_cores),
    ("by_files", 45, gateload.by_files),
    ("by_rules", 45, gateload.by_rules),
    ("simulated", 60, micro.simulated),
    ("profiles", 100, profiles.take),
)


def reason(error):
    """One line; of a command that failed, the end of what it said."""
    if isinstance(error, subprocess.CalledProcessError):
        said = error.stderr or error.stdout or b""
        said = said.decode(errors="replace") if isinstance(said, bytes) else said
        said = said.strip().splitlines()
        return f"{pathlib.Path(str(error.cmd[0])).name} ended with {error.returncode}" + (f": {said[-1]}" if said else "")
    return f"{type(error).__name__}: {error}".splitlines()[0]


@contextlib.contextmanager
def alarm(seconds):
    def ring(*_):
        raise OutOfTime
    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(1, seconds))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def do_part(run, name, budget, left_for_others, measure):
    left = TOTAL_SECONDS - run.spent()
    if name == "warm":
        budget = max(120, min(run.args.minutes * 60, left - left_for_others))
    if left < budget / 3:
        run.note(name, f"not measured: {TOTAL_SECONDS // 60} minutes were over")
        return
    begin = time.monotonic()
    run.say(f"{name} (up to {budget:.0f} s)")
    try:
        with alarm(min(budget * 1.5, left)):
            measure(run, budget)
    except OutOfTime:
        run.note(name, f"cut off after {time.monotonic() - begin:.0f} s")
    except Exception as error:  # whatever it is, the other parts go on
        run.note(name, f"failed: {reason(error)}")
    run.data["seconds"][name] = round(time.monotonic() - begin, 1)
    run.write()


def prepare(run):
    """The conditions, once the root is there.  Without guard there is nothing to measure."""
    run.guard = guards.Guard(run.build, run.mount, run.work)
    run.handler = guards.Handler(run.build, run.mount)
    run.guard.make_policy()
    run.scratch.add_unlisted()
    if run.args.no_peer:
        run.note("peer", "left out (--no-peer)")
        return
    for integrity in ("none", "sha256"):
        try:
            peer = guards.Peer(integrity, run.mount, run.work)
            peer.prepare()
            run.peers.append(peer)
        except (OSError, subprocess.SubprocessError, guards.Failed) as error:
            run.note("peer", f"fapolicyd ({integrity}) could not be set up: {reason(error)}")


def measure(run):
    args = run.args
    wanted = [part for part in PARTS if not args.parts or part[0] in args.parts.split(",")]
    files = (2000, 4000, 60) if args.quick else (10000, 20000, 200)
    with root.Root(args.cache, run.work, run.build / "tests/bench", *files) as run.scratch, awake.Awake():
        run.mount = run.scratch.mount
        run.say("the policy of the scratch root, the peer's list")
        prepare(run)
        run.data["seconds"]["setup"] = round(run.spent(), 1)
        for i, (name, budget, function) in enumerate(wanted):
            do_part(run, name, budget, sum(part[1] for part in wanted[i + 1:]), function)


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--output", type=pathlib.Path, required=True, help="folder for performance.json, .md and plots")
    parser.add_argument("--cache", type=pathlib.Path, default=pathlib.Path("/var/tmp/guard-bench"),
                        help="where the scratch root is kept between runs")
    parser.add_argument("--rounds", type=int, default=4, help="of the warm workloads; fewer when time is short")
    parser.add_argument("--minutes", type=float, default=16, help="at most, for the warm workloads")
    parser.add_argument("--storm-seconds", type=int, default=120)
    parser.add_argument("--quick", action="store_true", help="a few minutes, figures rough, nothing written to docs/")
    parser.add_argument("--no-peer", action="store_true", help="without fapolicyd")
    parser.add_argument("--only", help="only warm workloads whose name matches this expression")
    parser.add_argument("--parts", help="only these, by comma: " + " ".join(part[0] for part in PARTS))
    args = parser.parse_args()
    names = [part[0] for part in PARTS]
    if args.only and not args.parts:
        args.parts = "warm"
    for name in (args.parts or "").split(","):
        if name and name not in names:
            parser.error(f"--parts: there is no part \"{name}\"; there are: {' '.join(names)}")
    return args


def main():
    args = arguments()
    args.cache.mkdir(parents=True, exist_ok=True)
    args.output.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, stop)
    work = pathlib.Path(tempfile.mkdtemp(prefix="guard-bench-", dir="/var/tmp"))
    run = Run(args, work)
    try:
        measure(run)
    except (Stopped, KeyboardInterrupt):
        run.note("run", f"ended from outside after {run.spent():.0f} s; the parts that are not above were not begun")
        run.write()
        return 143
    finally:
        shutil.rmtree(work, ignore_errors=True)
    if not (args.quick or args.parts):
        report.quote(pathlib.Path(__file__).parents[2] / "README.md", run.data)
    print((args.output / "performance.md").read_text())
    run.say(f"written to {args.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
