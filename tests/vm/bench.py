# SPDX-License-Identifier: MIT
#
# tests/vm/bench.py - what the kernel layer costs, in the guest: the workloads of
# tests/bench/guest_workloads.py (on the tests' disk, so that the policy lists
# them), with the daemon stopped, with backend "auto" and with fanotify alone, in
# turn.  Prints figures; judges only that each state was what it was called.
import json

import kernel

ROUNDS = 3
SCRIPT = "/mnt/guard-tests/extra/guest_workloads.py"
STATES = ("off", "auto", "fanotify")


def switch(guest, tap, state):
    if state == "off":
        guest.run("systemctl stop guardd", 120)
        return tap.check(guest.run("guardctl status", 30)[0] != 0, "the daemon is off")
    guest.run("sed -i 's/^backend = .*/backend = \"%s\";/' /etc/guard/guardd.conf; systemctl restart guardd" % state, 180)
    if state == "auto":
        return tap.check(kernel.ready(guest), "backend auto: the layer is on", guest.run("guardctl status")[1])
    return tap.check(guest.run("guardctl status", 30)[0] == 0, "backend fanotify is on")


def bench(machine, tap):
    machine.boot()
    guest = machine.guest
    code, output = guest.run("python3 %s prepare" % SCRIPT, 600)
    if not tap.check(code == 0, "the workloads are set up", output):
        return
    tap.note("guest-machine: Linux " + guest.run("uname -r")[1].strip())
    for number in range(ROUNDS):
        for state in STATES:
            if not switch(guest, tap, state):
                return
            code, output = guest.run("python3 %s run" % SCRIPT, 1800)
            lines = output.strip().splitlines()
            if tap.check(code == 0 and lines and lines[-1].startswith("{"), "the workloads run: %s" % state, output):
                tap.note("guest-figures: " + json.dumps({"round": number, "state": state, "ms": json.loads(lines[-1])}))
    guest.power_off()
