# SPDX-License-Identifier: MIT
#
# tests/vm/kernel.py - the kernel layer in the guest: what fanotify alone cannot
# hold, and a hostile root.  Each denial has its positive control.
import time

LISTED = "/mnt/guard-tests/integration/listed"
MARK = "/run/kernel-mark"
COPY = ("cp {0}/payload /opt/good; cp {0}/payload /opt/evil; date +%N >> /opt/evil; chmod 755 /opt/good /opt/evil"
        .format(LISTED))
TRACE = "import ctypes; raise SystemExit(ctypes.CDLL(None).ptrace(16, %s, 0, 0) != 0)"

# What root tries, as shell; GATE, KEEPER and GROUP are set.
HOSTILE = (
    ("SIGKILL to the gate", "kill -9 $GATE"), ("SIGTERM to the keeper", "kill -TERM $KEEPER"),
    ("SIGSTOP to the gate", "kill -STOP $GATE"), ("cgroup.kill", "echo 1 > $GROUP/cgroup.kill"),
    ("cgroup.freeze", "echo 1 > $GROUP/cgroup.freeze"), ("ptrace", 'python3 -c "%s"' % (TRACE % "$GATE")),
    ("/proc/PID/mem", "dd if=/dev/zero of=/proc/$GATE/mem bs=1 count=1 conv=notrunc"),
    ("limits", "prlimit --pid $GATE --nofile=1"), ("priority", "renice 19 $GATE"),
    ("the configuration", "echo x >> /etc/guard/guardd.conf"), ("its folder", "mv /etc/guard /etc/guard2"),
    ("the policy", "rm /etc/guard/policy.image"), ("the program", "mv /usr/sbin/guardd /usr/sbin/g"),
    ("the program's mode", "chmod 0 /usr/sbin/guardd"), ("the ledger", "rm -rf /var/lib/guard/ledger"),
    ("a mask", "ln -sf /dev/null /etc/systemd/system/guardd.service"),
    ("systemctl disable", "timeout 30 systemctl disable guardd"),
    ("a drop-in", "mkdir /etc/systemd/system/guardd.service.d"),
    ("a mount over it", "mount --bind /tmp /etc/guard"), ("unmounting bpffs", "umount -l /sys/fs/bpf"),
    ("unpinning", "rm /sys/fs/bpf/guard/link_guard_exec"),
    ("a map", "bpftool map dump pinned /sys/fs/bpf/guard/map_guard_config"),
    ("the disk", "dd if=/dev/zero of=/dev/vda bs=1 count=0 conv=notrunc"),
    ("sysrq", "echo h > /proc/sysrq-trigger"),
)


def runs(guest, path):
    """Did the program leave its mark?"""
    guest.run("rm -f %s; GUARD_MARK=%s %s" % (MARK, MARK, path))
    return guest.run("test -s " + MARK)[0] == 0


def both(guest, tap, name):
    tap.check(runs(guest, "/opt/good"), "allowed: " + name)
    tap.check(not runs(guest, "/opt/evil"), "denied: " + name)


def ready(guest):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if "kernel layer on" in guest.run("guardctl status", 30)[1]:
            return True
        time.sleep(0.5)
    return False


def all_dead(guest, tap):
    """Every process killed: the kernel holds, the next daemon adopts."""
    guest.run("systemctl kill -s KILL --kill-who=all guardd; "
              "for i in 1 2 3 4 5; do pkill -9 guardd; done; true")
    both(guest, tap, "every process of the daemon killed")
    guest.run("systemctl restart guardd", 120)
    tap.check(ready(guest), "the next daemon is up with the layer", guest.run("guardctl status")[1])
    both(guest, tap, "after the next start")


def modules(guest, tap):
    guest.run("cp $(find /lib/modules -name dummy.ko | head -n 1) /root/other.ko; echo x >> /root/other.ko")
    code, output = guest.run("insmod /root/other.ko")
    tap.check(code != 0, "denied: a module that is not listed", output)
    code, output = guest.run("modprobe dummy && rmmod dummy")
    tap.check(code == 0, "allowed: a listed module", output)


def namespaces(guest, tap):
    script = ("mount -t tmpfs x /mnt && cp /opt/%s /mnt/x && GUARD_MARK=%s /mnt/x")
    guest.run("rm -f %s; unshare -Urm sh -c '%s'" % (MARK, script % ("good", MARK)))
    tap.check(guest.run("test -s " + MARK)[0] == 0, "allowed: a listed program on a user's own tmpfs")
    guest.run("rm -f %s; unshare -Urm sh -c '%s'" % (MARK, script % ("evil", MARK)))
    tap.check(guest.run("test -s " + MARK)[0] != 0, "denied: an unlisted one there")


def hostile_root(guest, tap):
    guest.run("echo 'self_protection = true;' >> /etc/guard/guardd.conf; systemctl restart guardd", 120)
    tap.check(ready(guest), "up, and guarded against root", guest.run("guardctl status")[1])
    prefix = ("KEEPER=$(systemctl show -p MainPID --value guardd); GATE=$(pgrep -x guardd-gate | head -n 1); "
              "GROUP=/sys/fs/cgroup$(cut -d: -f3 /proc/$KEEPER/cgroup); ")
    for name, command in HOSTILE:
        code, output = guest.run(prefix + command)
        tap.check(code != 0, "root is refused: " + name, output)
    both(guest, tap, "after all that")
    tap.check("refused" in guest.run("guardctl events --limit 200")[1], "the attempts are in the ledger")


def kernel(machine, tap):
    machine.boot()
    guest = machine.guest
    guest.run("sed -i 's/^backend = .*/backend = \"bpf\";/' /etc/guard/guardd.conf; systemctl restart guardd", 120)
    if not tap.check(ready(guest), "the layer is on", guest.run("guardctl status; journalctl -b -u guardd -n 5")[1]):
        return
    guest.run(COPY)
    both(guest, tap, "with the layer")
    namespaces(guest, tap)
    modules(guest, tap)
    all_dead(guest, tap)
    hostile_root(guest, tap)
    seconds = guest.power_off()
    tap.note("power off, guarded: %.1f s" % seconds)
