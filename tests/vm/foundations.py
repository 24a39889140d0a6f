# SPDX-License-Identifier: MIT
#
# tests/vm/foundations.py - what the kernel layer stands on is missing or is not
# its own: the daemon says which, in words, and goes on with fanotify; with
# backend "bpf" it does not start.  Never half on: whatever is said, the listed
# program runs and the unlisted does not.
import json

import attacks
import kernel

ALONE = ('mkdir -p /run/alone/fs; mount -t tmpfs -o mode=755 x /run/alone/fs; '
         'printf \'state_dir = "/run/alone/state"; run_dir = "/run/alone/run"; backend = "bpf"; policy = { file = '
         '"/etc/guard/policy.image"; }; protect = { filesystems = ["/run/alone/fs"]; };\' > /run/alone/guardd.conf; '
         "timeout 60 /usr/sbin/guardd --config /run/alone/guardd.conf --foreground")
PINS = "/sys/fs/bpf/guard"
FOREIGN = ("mkdir -p {0} && chmod 700 {0} && for n in map_guard_config map_guard_digests link_guard_exec; do "
           "bpftool map create {0}/$n type array key 4 value 4 entries 1 name x; done").format(PINS)


def off(guest, tap, name, reason):
    """fanotify alone, and the reason is said."""
    kernel.wait_status(guest, "kernel layer off")
    said = guest.run("guardctl status")[1]
    tap.check("kernel layer off" in said and reason in said, "the reason is said: " + name, said)
    guest.run(kernel.COPY)
    kernel.both(guest, tap, name)


def demanded(guest, tap, name, reason):
    code, output = guest.run(ALONE, 120)
    tap.check(code not in (0, 124) and "is demanded and cannot be" in output and reason in output,
              "with backend bpf it does not start: " + name, output)


def without(machine, tap, append, name, reason):
    machine.boot(append=append)
    attacks.wait_for(machine.guest, "test -e %s/payload" % attacks.LISTED, 180)  # its disk comes late
    off(machine.guest, tap, name, reason)
    demanded(machine.guest, tap, name, reason)


def again(guest, prepare):
    """Stopped, something is put in its way, started."""
    guest.run("systemctl stop guardd", 180)
    result = guest.run(prepare)
    guest.run("systemctl start guardd", 180)
    return result


def in_the_way(guest, tap):
    code, output = again(guest, FOREIGN)
    tap.check(code == 0, "somebody else's objects lie in its place", output)
    tap.check(kernel.ready(guest), "they are taken away, the layer is on", guest.run("guardctl status")[1])
    kernel.both(guest, tap, "after somebody else's objects")
    again(guest, "mkdir -p %s && chown alice %s" % (PINS, PINS))
    off(guest, tap, "the folder is another user's", "is not a folder that only root can write")
    again(guest, "rmdir %s; umount /sys/fs/bpf" % PINS)
    off(guest, tap, "no BPF file system", "mount -t bpf")
    again(guest, "mount -t bpf bpf /sys/fs/bpf")
    tap.check(kernel.ready(guest), "all is there again, the layer is on", guest.run("guardctl status")[1])
    kernel.both(guest, tap, "and holds")


def audit(guest, tap):
    """Both layers would refuse: it runs, and is told of once."""
    code, output = guest.run(
        "cp /opt/evil /opt/audited; sed 's/mode = \"enforce\"/mode = \"audit\"/' /etc/guard/guest.conf > /root/audit.conf && "
        "guardctl policy build /root/audit.conf --output /etc/guard/policy.image && guardctl reload", 300)
    tap.check(code == 0, "a policy in audit mode", output)
    tap.check(kernel.runs(guest, "/opt/audited"), "in audit mode the unlisted program runs")
    lines = guest.run("guardctl --json events --limit 1000")[1].splitlines()
    told = [json.loads(line) for line in lines if '"/opt/audited"' in line]
    tap.check(sum(event.get("count", 1) for event in told) == 1, "and is told of once", told)


def foundations(machine, tap):
    # A kernel that lets nobody read it has its verifier refuse programs that do.
    without(machine, tap, "lockdown=confidentiality", "the verifier refuses", "does not take the programs")
    without(machine, tap, "lsm=lockdown,yama,apparmor", "bpf is no security module", "lsm=")
    machine.boot()
    if tap.check(kernel.ready(machine.guest), "the layer is on", machine.guest.run("guardctl status")[1]):
        machine.guest.run(kernel.COPY)
        in_the_way(machine.guest, tap)
        audit(machine.guest, tap)
    machine.stop()
