# SPDX-License-Identifier: MIT
#
# tests/vm/kernel.py - the kernel layer in the guest: what fanotify alone cannot
# hold (evasions 5 to 28; hostile.py has 31 to 33).  Each denial has its positive
# control.
import shlex
import time

import attacks
import beneath
import contain
import data
import hostile
import memory

LISTED = "/mnt/guard-tests/integration/listed"
MARK = "/run/kernel-mark"
COPY = ("cp {0}/payload /opt/good; cp {0}/payload /opt/evil; date +%N >> /opt/evil; chmod 755 /opt/good /opt/evil"
        .format(LISTED))
IN_USE = 'import ctypes; ctypes.CDLL("/opt/lib.so"); open("/opt/lib.so", "ab")'
# A module as the kernel wants it, whatever it is packed in: listed, and another.
MODULES = '''
import gzip, lzma, subprocess
path = subprocess.check_output("find /lib/modules -name 'dummy.ko*' | head -n 1", shell=True, text=True).strip()
module = {"xz": lzma.open, "gz": gzip.open}.get(path.rsplit(".", 1)[1], open)(path, "rb").read()
open("/root/listed.ko", "wb").write(module)
open("/root/other.ko", "wb").write(module + b"x")
'''
# The number of the error.
FROM_MEMORY = '''
import ctypes
module = open("/root/%s.ko", "rb").read()
libc = ctypes.CDLL(None, use_errno=True)
raise SystemExit(ctypes.get_errno() if libc.syscall(175, module, len(module), b"") else 0)
'''
# What a parent may do to its child: write into it, by either way; put a breakpoint into a
# program; attach to the child; be asked by it to trace it.  And to pass for another program:
# it fails with EBUSY then, for its own is mapped.
CHILD = '''
import ctypes, os, struct, time
libc = ctypes.CDLL(None, use_errno=True)
class Part(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("size", ctypes.c_size_t)]
word = ctypes.create_string_buffer(8)
part = Part(ctypes.addressof(word), 8)
def opened(path):
    try:
        return open(path, "r+b", 0)
    except PermissionError:
        return False
def breakpoint(program):
    with open("/sys/bus/event_source/devices/uprobe/type") as file:
        kind = int(file.read())
    name = ctypes.create_string_buffer(program)
    wanted = struct.pack("2I5Q2I2Q", kind, 112, *[0] * 7, ctypes.addressof(name), 0).ljust(112, bytes(1))
    return libc.syscall(298, wanted, -1, 0, -1, 8) >= 0
child = os.fork()
if child == 0:
    time.sleep(60)
    os._exit(0)
for done in (libc.process_vm_writev(child, ctypes.byref(part), 1, ctypes.byref(part), 1, 0) == 8,
             opened("/proc/%d/mem" % child), opened("/proc/self/mem"), breakpoint(b"/opt/good"), libc.ptrace(16, child, 0, 0) == 0):
    print("let" if done else "refused", end=" ", flush=True)
os.kill(child, 9)
child = os.fork()
if child == 0:
    os._exit(libc.ptrace(0, 0, 0, 0) != 0)
print("refused" if os.waitpid(child, 0)[1] else "let", end=" ")
libc.prctl(35, 13, os.open("/bin/true", os.O_RDONLY), 0, 0)
print("let" if ctypes.get_errno() == 16 else "refused")
'''
INTO_OTHERS = ("process_vm_writev", "writing /proc/PID/mem", "writing its own",
               "a breakpoint in a program", "ptrace", "to be traced by one's parent",
               "to pass for another program")
# Next kernels: 1 is EPERM, 8 that the file is none; from memory (here: none any more) 0.
KEXEC = '''
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def failed(*words):
    return ctypes.get_errno() if libc.syscall(*words) else 0
print(*[failed(320, os.open(path, os.O_RDONLY), -1, 0, 0, 4) for path in ("/opt/good", "/opt/evil")], failed(246, 0, 0, 0, 0))
'''
READ = 'open("/opt/evil.so", "rb").read(4096)'
LOADED = 'import ctypes; ctypes.CDLL("/opt/%s.so")'
KNOWN = "bpftool map lookup pinned /sys/fs/bpf/guard/map_guard_devices key $(cat /run/gone.key)"
FAILS = ("sed 's|/etc/guard/policy.image|/run/none/policy|' /etc/guard/guardd.conf > /run/none.conf; mkdir -m 700 /run/none; "
         "echo 'state_dir = \"/run/none\";' >> /run/none.conf; timeout 60 guardd --config /run/none.conf --foreground")
NOTHING = ("sed 's|filesystems *=[^;]*;|filesystems = [\"/run/nowhere\"];|' /etc/guard/guardd.conf > /run/none/nothing.conf; "
           "grep -q nowhere /run/none/nothing.conf && echo 'state_dir = \"/run/none\";' >> /run/none/nothing.conf && "
           "timeout 60 guardd --config /run/none/nothing.conf --foreground")
OWN_TMPFS = "mount -t tmpfs x /mnt && cp /opt/%s /mnt/x && GUARD_MARK=%s /mnt/x"
PROGRAMS = "for name in exec map open; do bpftool link show pinned /sys/fs/bpf/guard/link_guard_$name | head -n 1; done"
# Descriptors that were there first: of a listed library and of another.
EARLY = '''
import mmap, os, time
files = [open("/opt/%s.so" % name, "rb") for name in ("lib", "evil")]
open("/run/early.held", "w").close()
while not os.path.exists("/run/early.go"):
    time.sleep(0.05)
def mapped(file):
    try:
        mmap.mmap(file.fileno(), 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC)
        return "mapped"
    except PermissionError:
        return "refused"
with open("/run/early.said", "w") as said:
    said.write(" ".join([mapped(file) for file in files]))
'''


def runs(guest, path):
    """Did the program leave its mark?"""
    guest.run("rm -f %s; GUARD_MARK=%s %s" % (MARK, MARK, path))
    return guest.run("test -s " + MARK)[0] == 0


def both(guest, tap, name):
    tap.check(runs(guest, "/opt/good"), "allowed: " + name)
    tap.check(not runs(guest, "/opt/evil"), "denied: " + name)


def wait_status(guest, words):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if words in guest.run("guardctl status", 30)[1]:
            return True
        time.sleep(0.5)
    return False


def ready(guest):
    return wait_status(guest, "kernel layer on")


def all_dead(guest, tap):
    """Every process killed, and not started again: the kernel holds.  What was opened
    then is looked at when it is mapped, a filesystem that goes is forgotten.  The next
    daemon adopts."""
    programs = guest.run(PROGRAMS)[1]
    guest.run("mkdir -p /run/gone && mount -t tmpfs x /run/gone && N=$(stat -c %Ld /run/gone) && "
              "echo $((N & 255)) $((N >> 8)) 0 0 > /run/gone.key")
    tap.check(attacks.wait_for(guest, KNOWN, 20), "a filesystem is known by its number")
    guest.run("mkdir -p /run/systemd/system/guardd.service.d; "
              "printf '[Service]\\nRestart=no\\n' > /run/systemd/system/guardd.service.d/no.conf; systemctl daemon-reload; "
              "systemctl kill -s KILL --kill-who=all guardd; "
              "for i in 1 2 3 4 5; do pkill -9 guardd; done; true")
    tap.check(guest.run("pgrep guardd")[0] != 0, "no process of the daemon lives")
    both(guest, tap, "every process of the daemon killed")
    code, output = guest.run(FAILS, 90)
    tap.check(code != 0, "a daemon whose policy is missing does not start", output)
    both(guest, tap, "a start that failed")
    code, output = guest.run(NOTHING, 90)
    tap.check(code != 0 and "/run/nowhere" in output, "a daemon that could protect nothing does not start", output)
    guest.run("rm -f %s; unshare -Urm sh -c '%s'" % (MARK, OWN_TMPFS % ("evil", MARK)))
    tap.check(guest.run("test -s " + MARK)[0] != 0, "denied: on a user's own tmpfs, after that start")
    tap.check(guest.run("umount /run/gone && ! " + KNOWN)[0] == 0, "its number says nothing when it is gone")
    guest.run("rm -f /run/early.*; setsid python3 -c %s > /dev/null 2>&1 &" % shlex.quote(EARLY))
    tap.check(attacks.wait_for(guest, "test -e /run/early.held", 30), "descriptors are there before the daemon")
    guest.run("rm -r /run/systemd/system/guardd.service.d; systemctl daemon-reload; systemctl restart guardd", 120)
    tap.check(ready(guest), "the next daemon is up with the layer", guest.run("guardctl status")[1])
    both(guest, tap, "after the next start")
    tap.check(programs and guest.run(PROGRAMS)[1] == programs, "it goes on with the programs that are there", programs)
    guest.run("touch /run/early.go")
    attacks.wait_for(guest, "test -s /run/early.said", 30)
    said = guest.run("cat /run/early.said")[1]
    tap.check(said.startswith("mapped "), "allowed: a listed library, mapped from a descriptor from before", said)
    tap.check(said.endswith(" refused"), "denied: an unlisted one", said)


def modules(guest, tap):
    """As a file; and from the memory of who has unpacked it."""
    code, output = guest.run("python3 -c " + shlex.quote(MODULES))
    tap.check(code == 0, "there is a module to try", output)
    code, output = guest.run("insmod /root/other.ko")
    tap.check(code != 0 and "not permitted" in output, "denied: a module that is not listed", output)
    for name, command in (("a listed module", "modprobe dummy"), ("the same, unpacked", "insmod /root/listed.ko"),
                          ("the same from memory", "python3 -c " + shlex.quote(FROM_MEMORY % "listed"))):
        code, output = guest.run(command + " && rmmod dummy")
        tap.check(code == 0, "allowed: " + name, output)
    code, output = guest.run("python3 -c " + shlex.quote(FROM_MEMORY % "other"))
    tap.check(code == 1, "denied: one from memory that is not listed", "%d %s" % (code, output))


def other_kernels(guest, tap):
    said = (guest.run("python3 -c " + shlex.quote(KEXEC))[1].split() + [""] * 3)[:3]
    tap.check(said[0] == "8", "allowed: a listed file as the next kernel (it is none)", said)
    tap.check(said[1] == "1", "denied: one that is not listed", said)
    tap.check(said[2] == "1", "denied: one from memory", said)


def namespaces(guest, tap):
    script = OWN_TMPFS
    guest.run("rm -f %s; unshare -Urm sh -c '%s'" % (MARK, script % ("good", MARK)))
    tap.check(guest.run("test -s " + MARK)[0] == 0, "allowed: a listed program on a user's own tmpfs")
    guest.run("rm -f %s; unshare -Urm sh -c '%s'" % (MARK, script % ("evil", MARK)))
    tap.check(guest.run("test -s " + MARK)[0] != 0, "denied: an unlisted one there")
    switched_off(guest, tap, "unshare -Urm sh -c '%s'" % (script % ("good", MARK)))


def switched_off(guest, tap, command):
    """Without user namespaces nobody has a filesystem of his own, not even for what is listed."""
    for value, allowed in (("0", False), ("$(cat /run/namespaces)", True)):
        guest.run("test -e /run/namespaces || cat /proc/sys/user/max_user_namespaces > /run/namespaces; rm -f %s; "
                  "sysctl -q -w user.max_user_namespaces=%s" % (MARK, value))
        code, output = guest.run("runuser -u alice -- unshare -Urm true")
        tap.check((code == 0) == allowed, "%s: a user's own namespace, user.max_user_namespaces %s"
                  % (("allowed", "as it was") if allowed else ("denied", "0")), output)
        guest.run(command)
        tap.check((guest.run("test -s " + MARK)[0] == 0) == allowed,
                  "%s: a listed program on a tmpfs there" % ("allowed" if allowed else "denied"))


def python(guest, code):
    return guest.run("python3 -c " + shlex.quote(code))[0] == 0


def libraries(guest, tap):
    """Code while it is mapped; reading is not loading."""
    guest.run("cp $(ls /usr/lib/*/libz.so.1.*) /opt/lib.so")
    tap.check(python(guest, 'open("/opt/lib.so", "ab")'), "allowed: writing to a library at rest")
    tap.check(not python(guest, IN_USE), "denied: while it is mapped")
    guest.run("cp /opt/lib.so /opt/evil.so; date +%N >> /opt/evil.so")
    tap.check(python(guest, READ), "allowed: reading an unlisted library")
    tap.check(python(guest, LOADED % "lib"), "allowed: loading a listed one")
    tap.check(not python(guest, LOADED % "evil"), "denied: loading the unlisted one")


# On filesystems that nobody but their mounter sees.
PRIVATE = (
    ("in an overlay's upper layer",
     "mount -t tmpfs x /mnt && mkdir /mnt/l /mnt/u /mnt/w /mnt/m && "
     "mount -t overlay o -o lowerdir=/mnt/l,upperdir=/mnt/u,workdir=/mnt/w /mnt/m"),
    ("on a filesystem of a type that nobody expects", "mkdir -p /mnt/m && mount -t ramfs x /mnt/m"),
)


def private(guest, tap):
    script = "mount --make-rprivate / && %s && cp /opt/%s /mnt/m/x && GUARD_MARK=%s /mnt/m/x"
    for name, mount in PRIVATE:
        for kind in ("good", "evil"):
            guest.run("rm -f %s; unshare -m sh -c '%s'" % (MARK, script % (mount, kind, MARK)))
            tap.check((guest.run("test -s " + MARK)[0] == 0) == (kind == "good"),
                      "%s: %s" % ("allowed" if kind == "good" else "denied", name))


def into_others(guest, tap, allowed):
    """With `debugging` programs may look into their children; else nobody may."""
    word, wanted = ("allowed, with debugging", "let") if allowed else ("denied", "refused")
    output = guest.run("python3 -c " + shlex.quote(CHILD))[1]
    for name, said in zip(INTO_OTHERS, output.split() + [""] * len(INTO_OTHERS)):
        tap.check(said == wanted, "%s: %s" % (word, name), output)


# A file's descriptor is mapped as code; a module is put in from memory, and another taken from a
# file; a next kernel from memory, of which there is none: to forget it is asked as well.
MAPPED = 'import mmap, os; mmap.mmap(os.open("/root/before.so", os.O_RDONLY), 4096, flags=mmap.MAP_PRIVATE, prot=5)'
FORGOTTEN = "import ctypes; raise SystemExit(ctypes.CDLL(None).syscall(246, 0, 0, 0, 0) != 0)"


def before_guard(guest, tap):
    """On the plain machine what the layer will refuse works, and of each a thing of its own:
    that it fails later is the layer's doing."""
    guest.run("python3 -c %s; cp $(ls /usr/lib/*/libz.so.1.*) /root/before.so; echo x >> /root/before.so; cp %s/payload /opt/good"
              % (shlex.quote(MODULES), LISTED))
    for name, command in (("an unlisted library, mapped from a descriptor", "python3 -c " + shlex.quote(MAPPED)),
                          ("an unlisted module", "insmod /root/other.ko && rmmod dummy"),
                          ("one from memory", "python3 -c %s && rmmod dummy" % shlex.quote(FROM_MEMORY % "other")),
                          ("a next kernel from memory", "python3 -c " + shlex.quote(FORGOTTEN))):
        code, output = guest.run(command)
        tap.check(code == 0, "works without guard: " + name, output)
    memory.before_guard(guest, tap)
    guest.run("rm -f /root/listed.ko /root/other.ko /root/before.so /opt/good " + MARK)


def kernel(machine, tap):
    guest = machine.use()
    guest.run("cp -L $(command -v python3) /opt/jit; echo 'debugging = true; "
              "memory = { executable = \"deny\"; exempt = [\"/opt/jit\"]; };' >> /etc/guard/guardd.conf; "
              "systemctl restart guardd", 120)
    if not tap.check(ready(guest), "the layer is on", guest.run("guardctl status; journalctl -b -u guardd -n 5")[1]):
        return
    guest.run(COPY)
    both(guest, tap, "with the layer")
    namespaces(guest, tap)
    private(guest, tap)
    libraries(guest, tap)
    memory.memory(guest, tap)
    beneath.beneath(guest, tap)
    modules(guest, tap)
    other_kernels(guest, tap)
    into_others(guest, tap, True)
    contain.contain(guest, tap, LISTED)
    data.data(guest, tap)
    hostile.controls(guest, tap)
    all_dead(guest, tap)
    hostile.hostile_root(guest, tap, ready, both)
    into_others(guest, tap, False)
    hostile.shutdown(guest, tap, machine.facts["off"])
    machine.stop()
