# SPDX-License-Identifier: MIT
"""Keeps the processors from sleeping while something is measured: on each, a loop of
the idle class, which makes way for whatever else wants to run.  A round trip wakes
two processes; how long a processor takes for that once it sleeps is this machine's
matter (and of the host of a virtual one, which changes it from minute to minute),
not the gate's.  All conditions are measured so."""
import os
import subprocess
import sys


class Awake:
    def __enter__(self):
        self.loops = [subprocess.Popen([sys.executable, __file__, str(cpu)], stdin=subprocess.DEVNULL)
                      for cpu in sorted(os.sched_getaffinity(0))]
        return self

    def __exit__(self, *_):
        for loop in self.loops:
            loop.kill()
            loop.wait()


def spin(cpu):
    os.sched_setaffinity(0, {cpu})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    parent = os.getppid()
    while os.getppid() == parent:
        for _ in range(1000000):
            pass


if __name__ == "__main__":
    spin(int(sys.argv[1]))
