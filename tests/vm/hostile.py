# SPDX-License-Identifier: MIT
#
# tests/vm/hostile.py - a hostile root against the daemon itself (attempts.py): all of it
# once, or for an hour in any order.  Each attempt must be refused and leave a record of its
# own; those that harm nobody are shown to work as long as self_protection is off.
import os
import random
import time

import attacks
from attempts import BY_MANAGER, CONTROLS, HOSTILE, MADE_UP, NUMBER, SLOW
from together import together

AT_ONCE = 4

WHOM = ("KEEPER=$(systemctl show -p MainPID --value guardd); GATE=$(pgrep -x guardd-gate | head -n 1); "
          "GROUP=/sys/fs/cgroup$(cut -d: -f3 /proc/$GATE/cgroup); echo \"KEEPER=$KEEPER; GATE=$GATE; GROUP=$GROUP;\"")


def whom(guest):
    """Whom he is after, as assignments: looked up once, for they stay."""
    return guest.run(WHOM)[1].strip() + " "


def controls(guest, tap):
    """Nothing but self_protection stands in their way."""
    code, output = guest.run(MADE_UP)
    tap.check(code == 0, "there is a disk that takes commands", output)
    guest.run(NUMBER)
    names = whom(guest)
    for name, command in CONTROLS:
        code, output = guest.run(names + command)
        tap.check(code == 0, "root may, as long as guardd is not guarded: " + name, output)
    guest.run("umount /etc/guard; rmdir /etc/systemd/system/guardd.service.d")


def guarded(guest, tap, ready):
    guest.run("sed -i '/^debugging/d' /etc/guard/guardd.conf; echo 'self_protection = true;' >> /etc/guard/guardd.conf; "
              "systemctl restart guardd", 120)
    tap.check(ready(guest), "up, and guarded against root", guest.run("guardctl status")[1])


def holds(guest, tap, both):
    both(guest, tap, "after all that")
    tap.check(attacks.wait_for(guest, "guardctl status", 20), "the daemon answers", guest.run("ps ax | grep guardd")[1])
    code, output = guest.run("guardctl ledger verify")
    tap.check(code == 0, "the ledger verifies after it all", output)


def tell(tap, names, said):
    """What became of a few of them, as results."""
    tap.check(said["known"] and not said["blind"], "each process is known, and what the ledger has of it", said)
    tap.check(not said["lost"], "no record was lost", said["lost"])
    for number, name in enumerate(names):
        tap.check(said["ends"][number] != 0, "root is refused: " + name, said["found"])
        tap.check(number not in said["missing"], "the ledger has it: " + name, said["found"])


def hostile_root(guest, tap, ready, both):
    """Each once; a few at a time, for an emulated machine is slow."""
    guarded(guest, tap, ready)
    before = whom(guest)
    for some in [HOSTILE[at:at + 2 * AT_ONCE] for at in range(0, len(HOSTILE), 2 * AT_ONCE)] + [SLOW]:
        tell(tap, [name for name, _ in some],
             together(guest, [(command, BY_MANAGER.get(name)) for name, command in some], before))
    holds(guest, tap, both)


UNLISTED = "GUARD_MARK=/run/hostile-mark /opt/evil"


def batches(order, end):
    """As often as there is time, in any order; at last what takes a minute."""
    while time.monotonic() < end:
        some = order.sample(HOSTILE, AT_ONCE)
        # Two acts of the service manager's that look alike in a record: not at once.
        acts = [BY_MANAGER[name] for name, _ in some if name in BY_MANAGER]
        if len(acts) == len(set(acts)):
            yield some
    yield SLOW


def hour(machine, tap, ready, both, copy):
    guest = machine.use()
    # As in `kernel`: some of it needs that programs may be looked into.
    guest.run("echo 'debugging = true;' >> /etc/guard/guardd.conf; systemctl restart guardd", 120)
    tap.check(ready(guest), "the layer is on", guest.run("guardctl status")[1])
    guest.run(copy)
    controls(guest, tap)
    guarded(guest, tap, ready)
    seed = int(os.environ.get("GUARD_VM_SEED", random.randrange(1 << 31)))
    tap.note("GUARD_VM_SEED=%d" % seed)
    tried, silent, before = 0, 0, whom(guest)
    end = time.monotonic() + 60 * float(os.environ.get("GUARD_VM_MINUTES", "60"))
    for some in batches(random.Random(seed), end):
        said = together(guest, [(command, BY_MANAGER.get(name)) for name, command in some], before, UNLISTED)
        tried += len(some)
        unmade = [some[number][0] for number in said["missing"] if some[number][0] in BY_MANAGER and said["active"] != "active"]
        won = [name for number, (name, _) in enumerate(some) if said["ends"][number] == 0]
        missing = [some[number][0] for number in said["missing"] if some[number][0] not in unmade]
        if unmade:
            tap.note("the service manager, for whom guardd is %s, tries nothing: %s" % (said["active"], said["said"]))
        if won or missing or said["lost"] or said["blind"] or not said["known"]:
            silent += 1
            tap.check(False, "each is refused and recorded", "of %s let: %s; without a record: %s\n%s"
                      % ([name for name, _ in some], won, missing, said))
    tap.check(not silent, "each of %d attempts was refused, and the ledger has each" % tried, silent)
    tap.check(guest.run("test -e /run/hostile-mark")[0] != 0, "nothing unlisted ran meanwhile")
    holds(guest, tap, both)
    machine.stop()


def moment(console, words):
    """When the kernel printed it, in seconds since power-on; None: never."""
    with open(console, errors="backslashreplace") as file:
        times = [float(line.split("]")[0].strip("[ ")) for line in file if words in line and line.startswith("[")]
    return times[-1] if times else None


def shutdown(guest, tap, plain):
    """As prompt as without.  What guardd could hold up is the service manager's last
    act, from its SIGTERM to its SIGKILL for who is left; without guardd that is the
    journal's end, a fraction of a second."""
    guest.run("systemd-analyze log-target kmsg; dmesg -n 7")
    seconds = guest.power_off()
    tap.note("power off, guarded: %.1f s; without guardd: %.1f s" % (seconds, plain))
    asked, forced = [moment(guest.console, "systemd-shutdown[1]: Sending %s to" % name) for name in ("SIGTERM", "SIGKILL")]
    good = asked is not None and forced is not None and forced - asked <= 3
    tap.check(good, "the machine waits less than 3 s for guardd when it goes down", "%s to %s" % (asked, forced))
