# SPDX-License-Identifier: MIT
#
# tests/vm/unlock.py - unlock by phone between a guest without any network and a
# help desk outside of it: only digits pass.  What a single machine cannot try: the
# machine's own clock moved both ways, and a reboot.  (Suspend: the case 46 bends the
# boot clock; software emulation does not wake again.)
import json
import os
import subprocess
import tempfile

import attacks
from guest import Guest, overlay

MACHINE = "pc-7.osaka"
TOOL = "/home/alice/tool"
SHORT = 30  # seconds of scope day, by the boot clock
ALICE = "runuser -u alice -- "


class Desk:
    """The help desk: its key, its ledger, its program."""

    def __init__(self, build, folder):
        self.program, self.folder = build + "/guardctl/guardctl", tempfile.mkdtemp(prefix="desk.", dir=folder)
        with open(self.folder + "/pass", "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write("correct horse\n")
        self.run("helpdesk", "key")
        self.run("helpdesk", "verifiers", "--output", self.folder, MACHINE)

    def run(self, *words):
        command = ([self.program, "--json", words[0]] + list(words[1:2] if words[0] == "helpdesk" else []) +
                   ["--key", self.folder + "/key", "--passphrase-file", self.folder + "/pass"] +
                   list(words[2:] if words[0] == "helpdesk" else words[1:]))
        return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL).stdout

    def verifiers(self):
        with open("%s/%s.verifiers" % (self.folder, MACHINE), "rb") as file:
            return file.read()

    def answer(self, number):
        return json.loads(self.run("answer", "--machine", MACHINE, "--user", "alice", "--number", number,
                                   "--reason", "test", "--ticket", "T-1", "--operator", "sato"))["answer"]


def set_up(guest, desk, must):
    guest.run("systemctl stop systemd-timesyncd; mkdir -p /etc/guard")
    guest.write("/etc/guard/verifiers", desk.verifiers())
    must("a machine with verifiers",
         "chmod 600 /etc/guard/verifiers && printf 'unlock = { verifiers = \"/etc/guard/verifiers\"; };\\n"
         "machine = { host = \"%s\"; };\\n' >> /etc/guard/guardd.conf" % MACHINE)
    must("and a policy that offers unlocks",
         "sed -i 's/version = 1;/version = 2; unlock = { file = \"30m\"; day = \"%ds\"; };/' /etc/guard/guest.conf && "
         "guardctl policy build /etc/guard/guest.conf --whole-machine --output /etc/guard/policy.image && "
         "systemctl restart guardd" % SHORT, 300)
    guest.run("cp %s/payload %s; date +%%N >> %s; chown alice %s; chmod 755 %s"
              % (attacks.LISTED, TOOL, TOOL, TOOL, TOOL))


def runs(guest):
    guest.run("rm -f /tmp/unlock-mark")
    guest.run(ALICE + "env GUARD_MARK=/tmp/unlock-mark " + TOOL)
    return guest.run("test -s /tmp/unlock-mark")[0] == 0


def ask(guest, scope):
    output = guest.run(ALICE + "guardctl --json request %s --reason x --scope %s" % (TOOL, scope), 60)[1]
    return json.loads(output)["number"]


def clocks(guest):
    """Boot clock and the clock that stands still in suspend."""
    return [float(word) for word in guest.run(
        "python3 -c 'import time; print(time.clock_gettime(time.CLOCK_BOOTTIME), time.monotonic())'")[1].split()]


def wall_clock(guest, tap, desk):
    number = ask(guest, "day")
    guest.run("date -s '-400 days'")
    opened = clocks(guest)
    code, output = guest.run(ALICE + "guardctl unlock " + desk.answer(number), 60)
    tap.check(code == 0, "the clock is put back between request and answer: the answer is taken", output)
    ran = runs(guest)
    tap.check(ran or clocks(guest)[0] - opened[0] >= SHORT, "and the file runs")
    guest.run("date -s '+800 days'")
    ran = runs(guest)
    tap.check(ran or clocks(guest)[0] - opened[0] >= SHORT, "a clock that is put forward ends nothing")
    guest.run("date -s '-400 days'")
    tap.check(attacks.wait_for(guest, "! %s env GUARD_MARK=/tmp/late %s" % (ALICE, TOOL), 90) and
              clocks(guest)[0] - opened[0] >= SHORT, "it is over when its time has passed, and no sooner")
    guest.run("date -s '-1 day'")
    tap.check(not runs(guest), "a clock that is put back opens nothing again")


def reboot(machine, tap, desk, disk):
    guest = machine.guest
    code, output = guest.run(ALICE + "guardctl unlock " + desk.answer(ask(guest, "file")), 60)
    tap.check(code == 0 and runs(guest), "an unlock before the reboot", output)
    guest.run("cp %s %s.2; date +%%N >> %s.2; chown alice %s.2" % (TOOL, TOOL, TOOL, TOOL))
    output = guest.run(ALICE + "guardctl --json request %s.2 --reason x" % TOOL, 60)[1]
    late = desk.answer(json.loads(output)["number"])
    guest.power_off()
    start(machine, disk)
    guest = machine.guest
    tap.check(attacks.wait_for(guest, "guardctl status", 120), "the machine is up again")
    tap.check(not runs(guest), "nothing is unlocked after a reboot")
    code, output = guest.run(ALICE + "guardctl unlock " + late, 60)
    tap.check(code == 1 and "nothing is asked for" in output, "nor is an answer from before it taken", output)
    output = guest.run("guardctl --json unlocks")[1]
    tap.check('"ended":null' not in output, "the record says that all has ended", output)
    code, output = guest.run("guardctl ledger verify")
    tap.check(code == 0, "the ledger verifies", output)


def start(machine, disk):
    machine.stop()
    machine.guest = Guest(machine.image, disk, machine.tests, machine.folder)
    machine.guest.wait_boot()


def unlock(machine, tap):
    """The whole way, and what cannot be tried on a machine that must go on."""
    disk = overlay(machine.folder + "/unlock.qcow2", machine.installed, "qcow2")
    desk = Desk(machine.build, machine.folder)

    def must(name, command, timeout=120):
        code, output = machine.guest.run(command, timeout)
        tap.check(code == 0, name, "%s -> %d\n%s" % (command, code, output[-2000:]))

    start(machine, disk)
    set_up(machine.guest, desk, must)
    tap.check(attacks.wait_for(machine.guest, "guardctl status", 60), "the daemon answers")
    tap.check(not runs(machine.guest), "denied before")
    wall_clock(machine.guest, tap, desk)
    reboot(machine, tap, desk, disk)
