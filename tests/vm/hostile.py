# SPDX-License-Identifier: MIT
#
# tests/vm/hostile.py - a hostile root against the daemon itself: evasions 31 to 33
# and what combines them.  Each attempt must be refused and leave a record of its own;
# those that harm nobody are shown to work as long as self_protection is off.
import json
import os
import random
import re
import shlex
import time

import attacks

PYTHON = "python3 -c "
TRACE = "import ctypes; raise SystemExit(ctypes.CDLL(None).ptrace(16, %s, 0, 0) != 0)"
TAKEOVER = '''
import socket, struct
gate = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
gate.connect("/run/guard/takeover.sock")
gate.send(struct.pack("II", 2, 1))
raise SystemExit(not gate.recv(65536))
'''
# A probe that does nothing: r0 = 0, exit.
PROBE = '''
import ctypes, struct
code = ctypes.create_string_buffer(struct.pack("<QQ", 0xb7, 0x95))
name = ctypes.create_string_buffer(b"GPL")
call = struct.pack("IIQQ", 2, 2, ctypes.addressof(code), ctypes.addressof(name)).ljust(128, bytes(1))
raise SystemExit(ctypes.CDLL(None).syscall(321, 5, call, len(call)) < 0)
'''
# A signal that a descriptor sends: nobody asks whether its owner may.
DESCRIPTOR = '''
import fcntl, os, sys
ours, end = os.pipe()
fcntl.fcntl(ours, fcntl.F_SETOWN, int(sys.argv[1]))
fcntl.fcntl(ours, 10, int(sys.argv[2]))
fcntl.fcntl(ours, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
os.write(end, b"x")
'''
# The first descriptor of another process.
DESCRIPTORS = '''
import ctypes, os, sys
raise SystemExit(ctypes.CDLL(None).syscall(438, os.pidfd_open(int(sys.argv[1])), 3, 0) < 0)
'''
# A command to a disk (SG_IO, WRITE(10)) through an open for reading; the disk is made up, and
# a protected filesystem lies on it.
COMMAND = '''
import ctypes, fcntl, os, struct, sys
block, command, sense = [ctypes.create_string_buffer(part, size) for part, size in (
    (b"", 512), (bytes((0x2a, 0, 0, 0, 0x20, 0, 0, 0, 1, 0)), 10), (b"", 32))]
header = struct.pack("2i2BHI3Q2IiQ4B2Hi2I", 0x53, -2, 10, 32, 0, 512, *[ctypes.addressof(part) for part in (block, command, sense)],
                     5000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x2285, header)
'''
MADE_UP = ("modprobe -a sg sd_mod && modprobe scsi_debug dev_size_mb=16; cd /sys/bus/pseudo/drivers/scsi_debug/adapter0; "
           "for i in $(seq 100); do D=$(ls host*/target*/*/block) && G=$(ls host*/target*/*/scsi_generic) && break; sleep 0.1; done; "
           "udevadm settle; ln -s /dev/$D /run/disk && ln -s /dev/$G /run/generic && mke2fs -q -t ext2 /run/disk && "
           "mkdir /run/made && mount /run/disk /run/made && dd if=/dev/zero of=/root/swap bs=1M count=2 && chmod 600 /root/swap && "
           "S=$(losetup -f --show /root/swap) && mkswap $S && swapon $S && ln -s $S /run/swapped")
# mount_setattr(2): no mount is shared any more.
PRIVATE = '''
import ctypes, struct
change = struct.pack("QQQQ", 0, 0, 1 << 18, 0)
raise SystemExit(ctypes.CDLL(None).syscall(442, -100, b"/", 0x8000, change, len(change)) != 0)
'''
UNSEEN = PYTHON + shlex.quote(PRIVATE) + " && %s; R=$?; %s; mount --make-rshared /; (exit $R)"
OLD_FREEZER = ("mkdir -p /run/v1 && mount -t cgroup -o freezer none /run/v1 && mkdir -p /run/v1/x && "
               "echo $GATE > /run/v1/x/cgroup.procs && echo %s > /run/v1/x/freezer.state; R=$?; "
               "echo $GATE > /run/v1/cgroup.procs; rmdir /run/v1/x; umount /run/v1; (exit $R)")
OTHER = ('printf \'state_dir = "/run/other"; run_dir = "/run/guard"; backend = "fanotify"; policy = { file = '
         '"/etc/guard/policy.image"; }; protect = { filesystems = "all"; };\' > /run/other.conf; '
         "LD_LIBRARY_PATH=/tmp timeout 60 /usr/sbin/guardd --config /run/other.conf --foreground")
NUMBER = "bpftool map show pinned /sys/fs/bpf/guard/map_guard_config | grep -o '^[0-9]*' > /run/map.id"
ALIVE = "; ! kill -0 $GATE"  # what the service manager says of it is one thing

# Harmless, and so tried without self_protection first.
CONTROLS = (
    ("a map", "bpftool map dump pinned /sys/fs/bpf/guard/map_guard_config"),
    ("a map by its number", "bpftool map dump id $(cat /run/map.id)"),
    ("the programs by their numbers", "bpftool prog list | grep -q guard_exec"),
    ("a probe into the kernel", PYTHON + shlex.quote(PROBE)),
    ("a command to a disk", PYTHON + shlex.quote(COMMAND) + " /run/disk"),
    ("a command to its other device", PYTHON + shlex.quote(COMMAND) + " /run/generic"),
    ("the disk", "dd if=/dev/zero of=/dev/vda bs=1 count=0 conv=notrunc"),
    ("the disk that memory is swapped to", "dd if=/dev/zero of=/run/swapped bs=1 count=0 conv=notrunc"),
    ("sysrq", "echo h > /proc/sysrq-trigger"),
    ("the out-of-memory score", "echo -1000 > /proc/$GATE/oom_score_adj"),
    ("the same by thread", "echo -1000 > /proc/$GATE/task/$GATE/oom_score_adj"),
    ("the calls of attached programs", "echo 1 > /proc/sys/kernel/ftrace_enabled"),
    ("the ports of the machine", PYTHON + "'open(\"/dev/port\", \"rb\")'"),
    ("the older freezer", OLD_FREEZER % "THAWED"),
    ("limits", "prlimit --pid $GATE --nofile=1048576"), ("priority", "renice -5 $GATE"),
    ("a mount over it", "mount --bind /etc/guard /etc/guard"),
    ("the program's mode", "chmod 755 /usr/sbin/guardd"), ("the policy's time", "touch /etc/guard/policy.image"),
    ("what trust remembers", "touch /var/lib/guard/trust/x && rm /var/lib/guard/trust/x"),
    ("what unlock remembers", "touch /var/lib/guard/unlock/x && rm /var/lib/guard/unlock/x"),
    ("a drop-in", "mkdir /etc/systemd/system/guardd.service.d"),
)
# What root tries, as shell; GATE, KEEPER and GROUP are set.
HOSTILE = CONTROLS + (
    ("SIGKILL to the gate", "kill -9 $GATE"), ("SIGTERM to the keeper", "kill -TERM $KEEPER"),
    ("SIGKILL to each of its processes", "for P in $(pgrep guardd); do kill -9 $P && exit 0; done; exit 1"),
    ("a descriptor of the gate's", PYTHON + shlex.quote(DESCRIPTORS) + " $GATE"),
    ("SIGSTOP to the gate", "kill -STOP $GATE"), ("cgroup.kill", "echo 1 > $GROUP/cgroup.kill"),
    ("cgroup.freeze", "echo 1 > $GROUP/cgroup.freeze"), ("the older freezer, frozen", OLD_FREEZER % "FROZEN"),
    ("SIGKILL by a descriptor", PYTHON + shlex.quote(DESCRIPTOR) + " $GATE 9; sleep 1" + ALIVE),
    ("SIGSTOP by a descriptor", PYTHON + shlex.quote(DESCRIPTOR) + " $GATE 19; sleep 1; grep -q '^State:.T' /proc/$GATE/status"),
    ("no calls of attached programs", "echo 0 > /proc/sys/kernel/ftrace_enabled"),
    ("another memory for this kernel", PYTHON + "'open(\"/dev/snapshot\", \"r+b\", 0)'"),
    ("a sleeping machine's memory", "echo 254:0 > /sys/power/resume"), ("ptrace", 'python3 -c "%s"' % (TRACE % "$GATE")),
    ("/proc/PID/mem", "dd if=/dev/zero of=/proc/$GATE/mem bs=1 count=1 conv=notrunc"),
    ("an access list of the configuration", "setfacl -m u:alice:rw /etc/guard/guardd.conf"),
    ("the configuration", "echo x >> /etc/guard/guardd.conf"), ("its folder", "mv /etc/guard /etc/guard2"),
    ("the policy", "rm /etc/guard/policy.image"), ("a link over it", "ln -sf /dev/null /etc/guard/policy.image"),
    ("the program", "mv /usr/sbin/guardd /usr/sbin/g"),
    ("the program by another name", "ln /usr/sbin/guardd /usr/sbin/g"),
    ("the unit", "truncate -s 0 /lib/systemd/system/guardd.service"),
    ("the ledger", "rm -rf /var/lib/guard/ledger"), ("its place", "mv /var/lib/guard /var/lib/guard2"),
    ("a mask", "ln -sf /dev/null /etc/systemd/system/guardd.service"),
    ("a mask for this boot", "mkdir -p /run/systemd/system; ln -sf /dev/null /run/systemd/system/guardd.service"),
    ("systemctl disable", "timeout 30 systemctl disable guardd"),
    ("a mount from elsewhere", "mount -t tmpfs x /var/lib/guard"),
    ("the configuration, when nobody remembers its file", "sync; echo 3 > /proc/sys/vm/drop_caches; echo x >> /etc/guard/guardd.conf"),
    ("the unit, when nobody remembers it", "echo 3 > /proc/sys/vm/drop_caches; touch /lib/systemd/system/guardd.service"),
    ("the folder of what is wanted", "mv /etc/systemd/system/sysinit.target.wants /etc/systemd/system/w"),
    ("a folder of units that is ready", "mkdir -p /run/x && ln -sf /dev/null /run/x/guardd.service && "
     "mv /run/x /etc/systemd/system.control"),
    ("a link to it", "ln -s /run/x /etc/systemd/system.attached"),
    ("a mount over /proc", "mount -t tmpfs x /proc"), ("no /proc", "umount -l /proc"),
    ("a mount over what the gate reads of a process", "mount -t tmpfs x /proc/self/task"),
    ("a mount that nobody shares", UNSEEN % ("mount -t tmpfs x /etc/guard", "true")),
    ("another root", UNSEEN % ("mkdir -p /run/new && mount --bind / /run/new && pivot_root /run/new /run/new/mnt",
                               "umount -l /run/new")),
    ("a mount that is moved away", UNSEEN % ("mkdir -p /run/new && mount --move /run /mnt", "true")),
    ("unmounting bpffs", "umount -l /sys/fs/bpf"), ("unpinning", "rm /sys/fs/bpf/guard/link_guard_exec"),
    ("the handles, asked for", PYTHON + shlex.quote(TAKEOVER)),
    ("another configuration's daemon", OTHER),
    ("systemctl kill", "timeout 30 systemctl kill -s KILL guardd" + ALIVE),
    ("systemctl freeze", "timeout 30 systemctl freeze guardd" + ALIVE + " || grep -q 'frozen 1' $GROUP/cgroup.events"),
    ("systemctl stop", "timeout 90 systemctl stop guardd" + ALIVE),
)
# What the service manager does for him is its own act.
BY_MANAGER = {"systemctl disable": "to change a file of guardd", "systemctl kill": r"\(9\)$",
              "systemctl freeze": r"cgroup\.freeze", "systemctl stop": r"\(15\)$"}
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


def attempt(guest, names, command):
    """How it ended; the number of its shell: what it starts has numbers behind that."""
    code, output = guest.run("echo $$; " + names + command)
    number, _, output = output.partition("\n")
    return code, int(number), output


def records(guest):
    """Of whom the ledger says that he tried: number of the process, and the sentence."""
    output = guest.run("guardctl --json events --limit 5000 | grep '\"tampered\"'", 60)[1]
    texts = [json.loads(line)["text"] for line in output.splitlines()]
    return [(int(match[1]), text) for match, text in ((re.search(r"\(pid (\d+), uid", text), text) for text in texts) if match]


def is_recorded(found, name, begin, end):
    if name in BY_MANAGER:
        return any(number == 1 and re.search(BY_MANAGER[name], text) for number, text in found)
    return any(begin <= number < end for number, _ in found)


def guarded(guest, tap, ready):
    guest.run("sed -i '/^debugging/d' /etc/guard/guardd.conf; echo 'self_protection = true;' >> /etc/guard/guardd.conf; "
              "systemctl restart guardd", 120)
    tap.check(ready(guest), "up, and guarded against root", guest.run("guardctl status")[1])


def holds(guest, tap, both):
    both(guest, tap, "after all that")
    tap.check(attacks.wait_for(guest, "guardctl status", 20), "the daemon answers", guest.run("ps ax | grep guardd")[1])
    code, output = guest.run("guardctl ledger verify")
    tap.check(code == 0, "the ledger verifies after it all", output)


def hostile_root(guest, tap, ready, both):
    guarded(guest, tap, ready)
    names, begins = whom(guest), []
    for name, command in HOSTILE:
        code, number, output = attempt(guest, names, command)
        begins.append(number)
        tap.check(code != 0, "root is refused: " + name, output)
    begins.append(attempt(guest, "", "true")[1])
    holds(guest, tap, both)
    found = records(guest)
    for number, (name, _) in enumerate(HOSTILE):
        tap.check(is_recorded(found, name, begins[number], begins[number + 1]), "the ledger has it: " + name,
                  found[-10:])


# As often as there is time, several at once, in any order; but what takes a minute.
AGAIN = [command for name, command in HOSTILE if name not in ("systemctl stop", "another configuration's daemon")]
UNLISTED = "GUARD_MARK=/run/hostile-mark /opt/evil"


def hour(machine, tap, ready, both, copy):
    guest = machine.use()
    tap.check(ready(guest), "the layer is on", guest.run("guardctl status")[1])
    guest.run(copy)
    controls(guest, tap)
    guarded(guest, tap, ready)
    seed = int(os.environ.get("GUARD_VM_SEED", random.randrange(1 << 31)))
    tap.note("GUARD_VM_SEED=%d" % seed)
    order, tried, won, names = random.Random(seed), 0, [], whom(guest)
    end = time.monotonic() + 60 * float(os.environ.get("GUARD_VM_MINUTES", "60"))
    while time.monotonic() < end:
        some = order.sample(AGAIN, 4)
        jobs = ["( %s ) > /dev/null 2>&1 && echo won %d &" % (command, AGAIN.index(command)) for command in some]
        output = guest.run("%s\n%s\n%s\nwait" % (names, "\n".join(jobs), UNLISTED), 300)[1]
        won += re.findall(r"won \d+", output)
        tried += len(some)
    tap.check(not won, "none of %d attempts was let" % tried, won)
    tap.check(guest.run("test -e /run/hostile-mark")[0] != 0, "nothing unlisted ran meanwhile")
    tap.check(len(records(guest)) >= min(tried, 4000), "the ledger has them", len(records(guest)))
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
