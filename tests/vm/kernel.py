# SPDX-License-Identifier: MIT
#
# tests/vm/kernel.py - the kernel layer in the guest: what fanotify alone cannot
# hold, and a hostile root.  Each denial has its positive control.
import shlex
import time

LISTED = "/mnt/guard-tests/integration/listed"
MARK = "/run/kernel-mark"
COPY = ("cp {0}/payload /opt/good; cp {0}/payload /opt/evil; date +%N >> /opt/evil; chmod 755 /opt/good /opt/evil"
        .format(LISTED))
TRACE = "import ctypes; raise SystemExit(ctypes.CDLL(None).ptrace(16, %s, 0, 0) != 0)"

# Inline code of a listed interpreter: the attack needs no file of its own.
MEMFD = '''
import os
fd = os.memfd_create("x")
os.write(fd, open("/opt/good", "rb").read() + b"%s")
os.execve("/proc/self/fd/%%d" %% fd, ["x"], {"GUARD_MARK": "%s"})
'''
SELF_MEMORY = 'open("/proc/self/mem", "%s").close()'
IN_USE = 'import ctypes; ctypes.CDLL("/opt/lib.so"); open("/opt/lib.so", "ab")'
FROM_MEMORY = '''
import ctypes
module = open("/root/listed.ko", "rb").read()
raise SystemExit(ctypes.CDLL(None).syscall(175, module, len(module), b"") != 0)
'''
MAPPED = "import mmap; mmap.mmap(-1, 4096, prot=7)"
CHANGED = '''
import ctypes, mmap
area = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
start = ctypes.addressof(ctypes.c_char.from_buffer(area))
raise SystemExit(ctypes.CDLL(None).mprotect(ctypes.c_void_p(start), 4096, 5) != 0)
'''
TAKEOVER = '''
import socket, struct
gate = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
gate.connect("/run/guard/takeover.sock")
gate.send(struct.pack("II", 2, 1))
raise SystemExit(not gate.recv(65536))
'''
OTHER = ('printf \'state_dir = "/run/other"; run_dir = "/run/guard"; backend = "fanotify"; policy = { file = '
         '"/etc/guard/policy.image"; }; protect = { filesystems = "all"; };\' > /run/other.conf; '
         "LD_LIBRARY_PATH=/tmp timeout 60 /usr/sbin/guardd --config /run/other.conf --foreground")

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
    ("the out-of-memory score", "echo 1000 > /proc/$GATE/oom_score_adj"),
    ("the same by thread", "echo 1000 > /proc/$GATE/task/$GATE/oom_score_adj"),
    ("the handles, asked for", "python3 -c " + shlex.quote(TAKEOVER)),
    ("another configuration's daemon", OTHER),
)
# What the ledger says of them.
TRACES = ("to signal, limit or freeze", "to trace a process", "to change a file of guardd", "to cover or to unmount",
          "to write to the disk", "to use or to load a BPF object", "to take over from guardd")


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


def python(guest, code, program="python3"):
    return guest.run("%s -c %s" % (program, shlex.quote(code)))[0] == 0


def memory(guest, tap):
    """Programs in memory, other processes' memory, code while it is mapped."""
    for end, allowed in (("", True), ("x", False)):
        guest.run("rm -f " + MARK)
        python(guest, MEMFD % (end, MARK))
        tap.check((guest.run("test -s " + MARK)[0] == 0) == allowed,
                  "%s: a program in a memfd" % ("allowed" if allowed else "denied"))
    tap.check(python(guest, SELF_MEMORY % "rb"), "allowed: reading one's own memory as a file")
    tap.check(not python(guest, SELF_MEMORY % "r+b"), "denied: writing it")
    guest.run("cp $(ls /usr/lib/*/libz.so.1.*) /opt/lib.so")
    tap.check(python(guest, 'open("/opt/lib.so", "ab")'), "allowed: writing to a library at rest")
    tap.check(not python(guest, IN_USE), "denied: while it is mapped")
    guest.run("cp $(find /lib/modules -name dummy.ko | head -n 1) /root/listed.ko")
    tap.check(not python(guest, FROM_MEMORY), "denied: a listed module's bytes from memory")
    for name, code in (("mapped executable", MAPPED), ("made executable", CHANGED)):
        tap.check(python(guest, code, "/opt/jit"), "allowed: memory %s by a program that is named" % name)
        tap.check(not python(guest, code), "denied: memory %s by another" % name)
    tap.check("to make memory executable" in guest.run("guardctl events --limit 200")[1], "the ledger names it")


def overlay(guest, tap):
    script = ("mount --make-rprivate / && mount -t tmpfs x /mnt && mkdir /mnt/l /mnt/u /mnt/w /mnt/m && "
              "mount -t overlay o -o lowerdir=/mnt/l,upperdir=/mnt/u,workdir=/mnt/w /mnt/m && "
              "cp /opt/%s /mnt/m/x && GUARD_MARK=%s /mnt/m/x")
    for kind in ("good", "evil"):
        guest.run("rm -f %s; unshare -m sh -c '%s'" % (MARK, script % (kind, MARK)))
        tap.check((guest.run("test -s " + MARK)[0] == 0) == (kind == "good"),
                  "%s: in an overlay's upper layer" % ("allowed" if kind == "good" else "denied"))


def hostile_root(guest, tap):
    guest.run("echo 'self_protection = true;' >> /etc/guard/guardd.conf; systemctl restart guardd", 120)
    tap.check(ready(guest), "up, and guarded against root", guest.run("guardctl status")[1])
    prefix = ("KEEPER=$(systemctl show -p MainPID --value guardd); GATE=$(pgrep -x guardd-gate | head -n 1); "
              "GROUP=/sys/fs/cgroup$(cut -d: -f3 /proc/$KEEPER/cgroup); ")
    for name, command in HOSTILE:
        code, output = guest.run(prefix + command)
        tap.check(code != 0, "root is refused: " + name, output)
    both(guest, tap, "after all that")
    events = guest.run("guardctl events --limit 400")[1]
    for trace in TRACES:
        tap.check(trace in events, "the ledger says who tried " + trace, events[-2000:])


def kernel(machine, tap):
    machine.boot()
    guest = machine.guest
    guest.run("cp -L $(command -v python3) /opt/jit; sed -i 's/^backend = .*/backend = \"bpf\";/' /etc/guard/guardd.conf; "
              "echo 'memory = { executable = \"deny\"; exempt = [\"/opt/jit\"]; };' >> /etc/guard/guardd.conf; "
              "systemctl restart guardd", 120)
    if not tap.check(ready(guest), "the layer is on", guest.run("guardctl status; journalctl -b -u guardd -n 5")[1]):
        return
    guest.run(COPY)
    both(guest, tap, "with the layer")
    namespaces(guest, tap)
    overlay(guest, tap)
    memory(guest, tap)
    modules(guest, tap)
    all_dead(guest, tap)
    hostile_root(guest, tap)
    seconds = guest.power_off()
    tap.note("power off, guarded: %.1f s" % seconds)
