# SPDX-License-Identifier: MIT
#
# tests/vm/power.py - the plug is pulled under load, again and again, at random
# moments: while programs start and are refused, the ledger grows and policies
# follow one another; now and then while the machine starts.  After each it must
# come back enforcing, with the ledger's chain whole and no verdict wrong.  QEMU is
# killed; each start writes to a new overlay with its cache on and flushes
# honoured, so that what the guest had not flushed is lost with QEMU's own tables.
# An unlisted program that runs says so on the serial console, which no loss of
# power takes back.
import os
import random
import time

import attacks
from guest import Guest, overlay

GOOD, EVIL, EXTRA = "/opt/good", "/opt/evil", "/opt/extra"
ENFORCING = "guardctl --json status | grep -q '\"enforcing\": *true'"
LAYER = "guardctl status | grep -q 'kernel layer.*on'"
# Policies a and b differ in what they say of EXTRA.  `mv` as an administrator's
# tool does it, `cp` as nobody should: a torn file must not open anything either.
LOAD = '''
(while :; do GUARD_MARK=/dev/null {good}; done) > /dev/null 2>&1 &
(while :; do GUARD_MARK=/dev/ttyS0 {evil}; done) > /dev/null 2>&1 &
(n=0; while :; do n=$((n + 1)); cp {evil} /opt/new.$n; echo $n >> /opt/new.$n; GUARD_MARK=/dev/ttyS0 /opt/new.$n
  rm -f /opt/new.$n; done) > /dev/null 2>&1 &
(while :; do for p in a b; do cp /root/$p.image /etc/guard/next && mv /etc/guard/next /etc/guard/policy.image
  guardctl reload; cp /root/$p.image /etc/guard/policy.image; guardctl reload; done; done) > /dev/null 2>&1 &
'''.format(good=GOOD, evil=EVIL)


class Rounds:
    """One machine through all its losses of power."""

    def __init__(self, machine, tap, seed):
        self.machine, self.tap, self.random = machine, tap, random.Random(seed)
        self.disk, self.count, self.boots = machine.installed, 0, []

    def start(self):
        """Power on; on top of what the disk was left as."""
        self.machine.stop()
        self.count += 1
        self.disk = overlay("%s/power.%d.qcow2" % (self.machine.folder, self.count), self.disk, "qcow2")
        self.machine.guest = Guest(self.machine.image, self.disk, self.machine.tests, self.machine.folder,
                                   cache="writeback")
        return self.machine.guest

    def prepare(self):
        guest = self.start()
        guest.wait_boot()
        attacks.wait_for(guest, "test -e %s/payload" % attacks.LISTED, 180)  # its disk comes late
        attacks.copies(guest, GOOD, EVIL)
        code, output = guest.run(
            "cp {0} {1}; echo extra >> {1}; chmod 755 {1}; cp /etc/guard/policy.image /root/a.image; "
            "mkdir -p /root/extra && cp {1} /root/extra/ && guardctl scan /root/extra --id extra --output /root/extra.conf && "
            "sed -i '/^policy = {{/,/^}};/d; /^interpreters = (/,/^);/d; /^readers = \\[/,/^\\];/d' /root/extra.conf && "
            "guardctl policy build /etc/guard/guest.conf /root/extra.conf --whole-machine --output /root/b.image && sync"
            .format(attacks.LISTED + "/payload", EXTRA), 300)
        return self.tap.check(code == 0, "two policies are made", output)

    def expect(self, guest, name, path, wanted):
        guest.run("rm -f /run/mark; GUARD_MARK=/run/mark " + path)
        ran = guest.run("test -s /run/mark")[0] == 0
        return self.tap.check(ran == wanted, name, guest.run("guardctl status; guardctl why")[1])

    def came_back(self, number):
        """All that must hold after each start."""
        guest, name = self.machine.guest, "after loss %d: " % number
        self.boots.append(guest.wait_boot())
        self.tap.check(attacks.wait_for(guest, ENFORCING, 180), name + "enforcing",
                       guest.run("guardctl status; journalctl -b -u guardd --no-pager -n 20")[1])
        self.tap.check(attacks.wait_for(guest, LAYER, 60), name + "the kernel holds", guest.run("guardctl status")[1])
        self.expect(guest, name + "the listed program runs", GOOD, True)
        self.expect(guest, name + "the unlisted one does not", EVIL, False)
        kind = guest.run("for p in a b; do cmp -s /etc/guard/policy.image /root/$p.image && echo $p; done")[1].strip()
        if kind:  # else the file was torn: the last good one holds, and which that is nobody saw
            self.expect(guest, name + "what policy %s says of a third holds" % kind, EXTRA, kind == "b")
        code, output = guest.run("guardctl ledger verify", 120)
        self.tap.check(code == 0, name + "the ledger's chain is whole", output)

    def nothing_ran(self, number):
        """Nobody who runs unlisted can keep silent: the console is outside."""
        with open(self.machine.guest.console, errors="backslashreplace") as file:
            told = [line for line in file if line.strip() == "ran"]
        self.tap.check(not told, "until loss %d nothing unlisted ran" % number, len(told))

    def lose(self, number):
        guest = self.machine.guest
        guest.run(LOAD + "sleep 0.1")
        time.sleep(self.random.uniform(0.5, 12))  # any moment: that is the question
        guest.kill()
        self.nothing_ran(number)
        if self.random.random() < 0.25:  # and once more on the way up
            guest = self.start()
            time.sleep(self.random.uniform(2, max(self.boots)))
            guest.kill()
        self.start()


def lose_power(machine, tap, losses):
    seed = int(os.environ.get("GUARD_VM_SEED", random.randrange(1 << 31)))
    tap.note("GUARD_VM_SEED=%d" % seed)
    rounds = Rounds(machine, tap, seed)
    if not rounds.prepare():
        return
    rounds.came_back(0)
    for number in range(1, losses + 1):
        rounds.lose(number)
        rounds.came_back(number)
    tap.note("%d losses of power; agent after %.1f to %.1f s"
             % (rounds.count - 1, min(rounds.boots), max(rounds.boots)))
    machine.stop()


def cuts(machine, tap):
    """A few, so that each check has some."""
    lose_power(machine, tap, 2)


def power(machine, tap):
    """As often as the product promises."""
    lose_power(machine, tap, int(os.environ.get("GUARD_VM_LOSSES", "20")))
