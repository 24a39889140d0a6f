# SPDX-License-Identifier: MIT
#
# tests/vm/attempts.py - what a hostile root tries against the daemon itself: evasions 31 to
# 33 and what combines them, as shell in which GATE, KEEPER and GROUP are set.  Each must fail,
# and leave a record of its own.  Who tries them is hostile.py, and hour.py for an hour.
import shlex

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
# A breakpoint in every process of the daemon, now and later: where it began, which harms nobody.
BREAKPOINT = '''
import ctypes, struct
with open("/sys/bus/event_source/devices/uprobe/type") as file:
    kind = int(file.read())
with open("/usr/sbin/guardd", "rb") as file:
    entry, = struct.unpack("Q", file.read(32)[24:])
path = ctypes.create_string_buffer(b"/usr/sbin/guardd")
wanted = struct.pack("2I5Q2I2Q", kind, 112, 0, 0, 0, 0, 0, 0, 0, ctypes.addressof(path), entry).ljust(112, bytes(1))
raise SystemExit(ctypes.CDLL(None).syscall(298, wanted, -1, 0, -1, 8) < 0)
'''
# A trap whenever it has used a tenth of a millisecond of a core.
TRAP = '''
import ctypes, struct, sys
wanted = struct.pack("2I5Q", 1, 112, 0, 100000, 0, 0, 1 << 5 | 1 << 36 | 1 << 37).ljust(112, bytes(1))
raise SystemExit(ctypes.CDLL(None).syscall(298, wanted, int(sys.argv[1]), -1, -1, 8) < 0)
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
# Each at a place of its own: two of them are tried at once.
OLD_FREEZER = ("mkdir -p /run/{0} && mount -t cgroup -o freezer none /run/{0} && mkdir -p /run/{0}/{0} && "
               "echo $GATE > /run/{0}/{0}/cgroup.procs && echo {0} > /run/{0}/{0}/freezer.state; R=$?; "
               "echo $GATE > /run/{0}/cgroup.procs; rmdir /run/{0}/{0}; umount /run/{0}; (exit $R)")
OTHER = ('printf \'state_dir = "/run/other"; run_dir = "/run/guard"; backend = "fanotify"; policy = { file = '
         '"/etc/guard/policy.image"; }; protect = { filesystems = "all"; };\' > /run/other.conf; '
         "LD_LIBRARY_PATH=/tmp timeout 60 /usr/sbin/guardd --config /run/other.conf --foreground")
NUMBER = "bpftool map show pinned /sys/fs/bpf/guard/map_guard_config | grep -o '^[0-9]*' > /run/map.id"
ALIVE = "; ! kill -0 $GATE"  # what the service manager says of it is one thing

# Signals that no kill(1) sends: by a handle of the process, to one thread, queued with a value.
BY_HANDLE = '''
import os, signal, sys
signal.pidfd_send_signal(os.pidfd_open(int(sys.argv[1])), 9)
'''
TO_A_THREAD = '''
import ctypes, sys
raise SystemExit(ctypes.CDLL(None).syscall(200, int(sys.argv[1]), 9) != 0)
'''
QUEUED = '''
import ctypes, struct, sys
said = struct.pack("3i", 9, 0, -1).ljust(128, bytes(1))
raise SystemExit(ctypes.CDLL(None).syscall(129, int(sys.argv[1]), 9, said) != 0)
'''
# Another's memory, read by process_vm_readv(2).
READ = '''
import ctypes, sys
word = ctypes.create_string_buffer(8)
class Part(ctypes.Structure):
    _fields_ = [("start", ctypes.c_void_p), ("size", ctypes.c_size_t)]
part = Part(ctypes.addressof(word), 8)
raise SystemExit(ctypes.CDLL(None).process_vm_readv(int(sys.argv[1]), ctypes.byref(part), 1, ctypes.byref(part), 1, 0) < 0)
'''
# Two files change places (RENAME_EXCHANGE).
EXCHANGE = '''
import ctypes
open("/root/other", "a").close()
raise SystemExit(ctypes.CDLL(None).syscall(316, -100, b"/root/other", -100, b"/etc/guard/guardd.conf", 2) != 0)
'''
# A file by its number, when no memory knows its name: it hangs in no folder.
BY_NUMBER = '''
import ctypes, os, struct, sys
libc = ctypes.CDLL(None)
handle, mount = ctypes.create_string_buffer(struct.pack("I", 128), 136), ctypes.c_int()
failed = libc.name_to_handle_at(-100, sys.argv[1].encode(), handle, ctypes.byref(mount), 0)
os.sync()
for round in range(3):
    with open("/proc/sys/vm/drop_caches", "w") as caches: caches.write("3")
folder = os.open("/", os.O_RDONLY)
raise SystemExit(failed or libc.open_by_handle_at(folder, handle, os.O_RDWR) < 0)
'''
# A whole filesystem that takes nothing any more (FS_IOC_SHUTDOWN).
SHUT_DOWN = '''
import fcntl, os, struct
fcntl.ioctl(os.open("/etc/guard", os.O_RDONLY), 0x8004587d, struct.pack("I", 2))
'''
# A filesystem that was mounted nowhere is put over the policy (fsopen, fsmount, move_mount).
NEW_MOUNT = '''
import ctypes
libc = ctypes.CDLL(None)
fresh = libc.syscall(430, b"tmpfs", 0)
libc.syscall(431, fresh, 6, None, None, 0)
raise SystemExit(libc.syscall(429, libc.syscall(432, fresh, 0, 0), b"", -100, b"/etc/guard", 4) != 0)
'''
# Another program for one of the links.
OTHER_PROGRAM = '''
import ctypes, struct
libc = ctypes.CDLL(None)
name = ctypes.create_string_buffer(b"/sys/fs/bpf/guard/link_guard_exec")
def bpf(command, *words):
    call = struct.pack(*words).ljust(128, bytes(1))
    return libc.syscall(321, command, call, len(call))
link = bpf(7, "QII", ctypes.addressof(name), 0, 0)
raise SystemExit(link < 0 or bpf(29, "4I", link, link, 0, 0) < 0)
'''
KERNEL_FROM_MEMORY = "import ctypes; raise SystemExit(ctypes.CDLL(None).syscall(246, 0, 0, 0, 0) != 0)"
MOVED = ("mkdir -p /sys/fs/cgroup/x%d && echo $GATE >> /sys/fs/cgroup/x%d/cgroup.procs && echo %s > /sys/fs/cgroup/x%d/cgroup.%s; R=$?; "
         "echo $GATE >> $GROUP/cgroup.procs; rmdir /sys/fs/cgroup/x%d; (exit $R)")
LINK = "/sys/fs/bpf/guard/link_guard_exec"

# Harmless, and so tried without self_protection first.
CONTROLS = (
    ("a map", "bpftool map dump pinned /sys/fs/bpf/guard/map_guard_config"),
    ("a map by its number", "bpftool map dump id $(cat /run/map.id)"),
    ("the programs by their numbers", "bpftool prog list | grep -q guard_exec"),
    ("a probe into the kernel", PYTHON + shlex.quote(PROBE)),
    ("a breakpoint in its program", PYTHON + shlex.quote(BREAKPOINT)),
    ("the file that breakpoints are asked of", "mountpoint -q /sys/kernel/tracing || mount -t tracefs x /sys/kernel/tracing; "
     ": >> /sys/kernel/tracing/uprobe_events"),
    ("a command to a disk", PYTHON + shlex.quote(COMMAND) + " /run/disk"),
    ("a command to its other device", PYTHON + shlex.quote(COMMAND) + " /run/generic"),
    ("the disk", "dd if=/dev/zero of=/dev/vda bs=1 count=0 conv=notrunc"),
    ("the disk that memory is swapped to", "dd if=/dev/zero of=/run/swapped bs=1 count=0 conv=notrunc"),
    ("sysrq", "echo h > /proc/sysrq-trigger"),
    ("the out-of-memory score", "echo -1000 > /proc/$GATE/oom_score_adj"),
    ("the same by thread", "echo -1000 > /proc/$GATE/task/$GATE/oom_score_adj"),
    ("the calls of attached programs", "echo 1 > /proc/sys/kernel/ftrace_enabled"),
    ("the ports of the machine", PYTHON + "'open(\"/dev/port\", \"rb\")'"),
    ("the older freezer", OLD_FREEZER.format("THAWED")),
    ("limits", "prlimit --pid $GATE --nofile=1048576"), ("priority", "renice -5 $GATE"),
    ("priority at the disks", "ionice -c 2 -n 4 -p $GATE"), ("its processors", "taskset -p 3 $GATE"),
    ("its scheduling", "chrt -b -p 0 $GATE && chrt -o -p 0 $GATE"),
    ("what is seen of its memory", "echo 1 > /proc/$GATE/clear_refs"),
    ("its timers", "echo 50000 > /proc/$GATE/timerslack_ns"),
    ("what a core of it holds", "echo 0x33 > /proc/$GATE/coredump_filter"),
    ("its group's memory", "echo max > $GROUP/memory.max"), ("its group's processes", "echo max > $GROUP/pids.max"),
    ("chattr of the policy", "chattr +d /etc/guard/policy.image && chattr -d /etc/guard/policy.image"),
    ("chattr of the ledger", "chattr +d /var/lib/guard/ledger/ledger.db && chattr -d /var/lib/guard/ledger/ledger.db"),
    ("a file by its number", PYTHON + shlex.quote(BY_NUMBER) + " /etc/guard/guest.conf"),
    ("bpffs, mounted anew", "mount -o remount,rw /sys/fs/bpf"),
    ("another pin of a map", "bpftool map pin id $(cat /run/map.id) /sys/fs/bpf/other && rm /sys/fs/bpf/other"),
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
    ("cgroup.freeze", "echo 1 > $GROUP/cgroup.freeze"), ("the older freezer, frozen", OLD_FREEZER.format("FROZEN")),
    ("SIGTRAP by a performance event", PYTHON + shlex.quote(TRAP) + " $GATE"),
    ("SIGKILL by a descriptor", PYTHON + shlex.quote(DESCRIPTOR) + " $GATE 9; sleep 1" + ALIVE),
    ("SIGSTOP by a descriptor", PYTHON + shlex.quote(DESCRIPTOR) + " $GATE 19; sleep 1; grep -q '^State:.T' /proc/$GATE/status"),
    ("no calls of attached programs", "echo 0 > /proc/sys/kernel/ftrace_enabled"),
    ("another memory for this kernel", PYTHON + "'open(\"/dev/snapshot\", \"r+b\", 0)'"),
    ("a sleeping machine's memory", "echo 254:0 > /sys/power/resume"), ("ptrace", 'python3 -c "%s"' % (TRACE % "$GATE")),
    ("ptrace of process 1", 'python3 -c "%s"' % (TRACE % "1")),
    ("/proc/PID/mem", "dd if=/dev/zero of=/proc/$GATE/mem bs=1 count=1 conv=notrunc"),
    ("an access list of the configuration", "setfacl -m u:alice:rw /etc/guard/guardd.conf"),
    ("the configuration", "echo x >> /etc/guard/guardd.conf"), ("its folder", "mv /etc/guard /etc/guard2"),
    ("the policy", "rm /etc/guard/policy.image"), ("a link over it", "ln -sf /dev/null /etc/guard/policy.image"),
    ("the program", "mv /usr/sbin/guardd /usr/sbin/g"),
    ("the command", "mv /usr/bin/guardctl /usr/bin/g"),
    ("its library", "truncate -s 0 $(readlink -f /usr/lib/*/libguard.so.0)"),
    ("its library, away", "rm /usr/lib/*/libguard.so.0"),
    ("the library by another name", "ln /usr/lib/*/libguard.so.0 /usr/lib/l"),
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
    ("a folder of units that is ready", "mkdir -p /etc/x && ln -sf /dev/null /etc/x/guardd.service && "
     "mv -T /etc/x /etc/systemd/system.control"),
    ("one that is copied", "mkdir -p /run/x && ln -sf /dev/null /run/x/guardd.service && "
     "cp -rT /run/x /etc/systemd/system.control"),
    ("a link to it", "ln -s /run/x /etc/systemd/system.attached"),
    ("a mount over /proc", "mount -t tmpfs x /proc"), ("no /proc", "umount -l /proc"),
    ("a mount over what the gate reads of a process", "mount -t tmpfs x /proc/self/task"),
    ("a mount that nobody shares", UNSEEN % ("mount -t tmpfs x /etc/guard", "true")),
    ("another root", UNSEEN % ("mkdir -p /run/new && mount --bind / /run/new && pivot_root /run/new /run/new/mnt",
                               "umount -l /run/new")),
    ("a mount that is moved away", UNSEEN % ("mkdir -p /run/new && mount --move /run /mnt", "true")),
    ("unmounting bpffs", "umount -l /sys/fs/bpf"), ("unpinning", "rm /sys/fs/bpf/guard/link_guard_exec"),
    ("the handles, asked for", PYTHON + shlex.quote(TAKEOVER)),
    ("SIGKILL by a handle", PYTHON + shlex.quote(BY_HANDLE) + " $GATE"),
    ("SIGKILL to a thread", PYTHON + shlex.quote(TO_A_THREAD) + " $GATE"),
    ("a signal with a value", PYTHON + shlex.quote(QUEUED) + " $GATE"),
    ("SIGKILL to its process group", "env kill -9 -- -$(ps -o pgid= -p $GATE | tr -d ' ')"),
    ("SIGSTOP to the keeper", "kill -STOP $KEEPER"), ("SIGQUIT to the keeper", "kill -QUIT $KEEPER"),
    ("reading its memory", PYTHON + shlex.quote(READ) + " $GATE"),
    ("a core of it", "prlimit --pid $GATE --core=unlimited"), ("no descriptors", "prlimit --pid $GATE --nofile=3:3"),
    ("its name", "echo x > /proc/$GATE/comm"), ("threads apart", "echo threaded > $GROUP/cgroup.type"),
    ("moved and frozen", MOVED % (1, 1, "1", 1, "freeze", 1)), ("moved and killed", MOVED % (2, 2, "1", 2, "kill", 2)),
    ("a page of memory that is broken", "echo 0x1000 > /sys/devices/system/memory/hard_offline_page"),
    ("the ledger, never to be changed", "chattr +i /var/lib/guard/ledger/ledger.db"),
    ("the policy, only to be added to", "chattr +a /etc/guard/policy.image"),
    ("its project", "chattr -p 7 /etc/guard/guardd.conf"),
    ("a hole in the ledger", "fallocate -p -o 0 -l 4096 /var/lib/guard/ledger/ledger.db"),
    ("the ledger's head, emptied", "truncate -s 0 /var/lib/guard/ledger/ledger.head"),
    ("the policy's owner", "chown alice /etc/guard/policy.image"),
    ("who may write the policy", "setfacl -m u:alice:rw /etc/guard/policy.image"),
    ("the program's attributes", "setfattr -n user.x -v 1 /usr/sbin/guardd"),
    ("the policy as a disk", "losetup /dev/loop7 /etc/guard/policy.image"),
    ("two files that change places", PYTHON + shlex.quote(EXCHANGE)),
    ("a filesystem that is shut down", PYTHON + shlex.quote(SHUT_DOWN)),
    ("the root of all mounts", "umount -l /"), ("another bpffs", "mount -t bpf x /sys/fs/bpf"),
    ("a filesystem from nowhere", PYTHON + shlex.quote(NEW_MOUNT)),
    ("a file over the unit", "mount --bind /dev/null /lib/systemd/system/guardd.service"),
    ("detaching", "bpftool link detach pinned " + LINK),
    ("detaching by number", "bpftool link detach id $(bpftool link show pinned %s | head -n 1 | cut -d: -f1)" % LINK),
    ("another program on a link", PYTHON + shlex.quote(OTHER_PROGRAM)),
    ("a map, written", "bpftool map update pinned /sys/fs/bpf/guard/map_guard_devices key 1 0 0 0 value 0 0 0 0"),
    ("a map, frozen", "bpftool map freeze pinned /sys/fs/bpf/guard/map_guard_config"),
    ("a pin by another name", "mv %s /sys/fs/bpf/x" % LINK), ("the pins in another place", "mv /sys/fs/bpf/guard /sys/fs/bpf/g"),
    ("a next kernel from memory", PYTHON + shlex.quote(KERNEL_FROM_MEMORY)),
    ("systemctl mask", "timeout 30 systemctl mask guardd"),
    ("systemctl set-property", "timeout 30 systemctl set-property guardd MemoryMax=1M; grep -q 1048576 $GROUP/memory.max"),
    ("the manager's bus", "timeout 30 busctl call org.freedesktop.systemd1 /org/freedesktop/systemd1 "
     "org.freedesktop.systemd1.Manager KillUnit ssi guardd.service main 6"),
    ("systemctl kill", "timeout 30 systemctl kill -s KILL guardd" + ALIVE),
    # What it was refused once the manager believes to be under way.
    ("systemctl freeze", "systemctl thaw guardd; timeout 30 systemctl freeze guardd" + ALIVE + " || grep -q 'frozen 1' $GROUP/cgroup.events"),
)
# What takes a minute each.
SLOW = (
    ("another configuration's daemon", OTHER),
    ("systemctl stop", "timeout 90 systemctl stop guardd" + ALIVE),
)
# What the service manager does for him is its own act.
BY_MANAGER = {"systemctl disable": "guardd.service ", "systemctl mask": "guardd.service ", "systemctl kill": r"\(9\)$",
              "the manager's bus": r"\(6\)$", "systemctl set-property": r"memory\.max",
              "systemctl freeze": r"cgroup\.freeze", "systemctl stop": r"\(15\)$"}
