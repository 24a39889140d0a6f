# SPDX-License-Identifier: MIT
#
# tests/vm/memory.py - code that lies in memory (evasions 5 and 12): programs and libraries
# under the name of a file that nobody sees, and memory that is made executable.  /opt has
# listed files and others (kernel.py); each script says what it was let, in one run.
import shlex

MARK = "/run/kernel-mark"
# Inline code of a listed interpreter: the attack needs no file of its own.
MEMFD = '''
import fcntl, os
fd = os.memfd_create("x", os.MFD_ALLOW_SEALING)
os.write(fd, open("/opt/good", "rb").read() + b"%s")
if %d: fcntl.fcntl(fd, fcntl.F_ADD_SEALS, 15)
os.execve("/proc/self/fd/%%d" %% fd, ["x"], {"GUARD_MARK": "%s"})
'''
# A script that names a listed program.  5: this machine has no huge pages.
HUGE = '''
import mmap, os
try:
    fd = os.memfd_create("x", 4)
    os.ftruncate(fd, 2 << 20)
    mmap.mmap(fd, 2 << 20)[0:12] = b"#!/opt/good\\n"
except OSError:
    raise SystemExit(5)
os.execve("/proc/self/fd/%d" % fd, ["x"], {"GUARD_MARK": "/run/kernel-mark"})
'''
# A listed library's bytes that others can still change: while they are mapped as code they
# become others.
SHARED = '''
import ctypes, fcntl, mmap, os
library, libc = open("/opt/lib.so", "rb").read(), ctypes.CDLL(None)
libc.shmat.restype, libc.shmat.argtypes = ctypes.c_void_p, (ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
def said(act, *words):
    try:
        print("let" if act(*words) else "failed", end=" ")
    except PermissionError:
        print("refused", end=" ")
def memfd(sealed):
    fd = os.memfd_create("x", os.MFD_ALLOW_SEALING)
    os.write(fd, library)
    if sealed: fcntl.fcntl(fd, fcntl.F_ADD_SEALS, 15)
    code = mmap.mmap(fd, 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC)
    if not sealed: os.pwrite(fd, b"others", 0)
    return code[:6] == (library[:6] if sealed else b"others")
def segment(flags):
    number = libc.shmget(0, len(library), 0o1700)
    ctypes.memmove(libc.shmat(number, None, 0), library, len(library))
    at = libc.shmat(number, None, flags)
    libc.shmctl(number, 0, None)
    if at == (1 << 64) - 1: raise PermissionError
    return True
said(memfd, True)
said(memfd, False)
said(segment, 0o10000)
said(segment, 0o110000)
'''
SHARED_SAYS = (("let", "a listed library in sealed memory"), ("refused", "one that is rewritten while it is mapped"),
               ("let", "shared memory with its bytes"), ("refused", "the same as code"))
EXECUTABLE = '''
import ctypes, mmap, os
zero, read, execute = os.open("/dev/zero", os.O_RDWR), mmap.PROT_READ, mmap.PROT_READ | mmap.PROT_EXEC
def change(fd):
    area = mmap.mmap(fd, 4096, flags=mmap.MAP_PRIVATE | (mmap.MAP_ANONYMOUS if fd < 0 else 0))
    area[0] = 0xc3
    start = ctypes.addressof(ctypes.c_char.from_buffer(area))
    if ctypes.CDLL(None).mprotect(ctypes.c_void_p(start), 4096, execute): raise PermissionError
def faults(fd):
    libc = ctypes.CDLL(None, use_errno=True)
    if (libc.syscall(323, 0) if fd < 0 else libc.ioctl(fd, 0xaa00, 0)) < 0: raise OSError(ctypes.get_errno(), "")
for act in (lambda: mmap.mmap(-1, 4096, prot=7), lambda: change(-1), lambda: change(zero),
            lambda: mmap.mmap(zero, 4096, flags=mmap.MAP_SHARED, prot=execute), lambda: faults(-1),
            lambda: faults(os.open("/dev/userfaultfd", os.O_RDWR))):
    try:
        act()
        print("let", end=" ")
    except PermissionError:
        print("refused", end=" ")
'''
ACTS = ("mapped executable", "made executable", "of a device, made executable", "of a device, shared and executable",
        "whose page faults are answered", "whose page faults are answered by a device")


def python(guest, code, program="python3"):
    """What the script said; its exit code."""
    code, output = guest.run("%s -c %s" % (program, shlex.quote(code)))
    return output.split(), code


def in_huge_pages(guest, tap, allowed):
    """A script that names a listed program."""
    guest.run("rm -f %s; echo 4 > /proc/sys/vm/nr_hugepages" % MARK)
    code = python(guest, HUGE)[1]
    if code == 5:
        tap.skip("a script in huge pages", "the machine has none to give")
    else:
        tap.check((guest.run("test -s " + MARK)[0] == 0) == allowed,
                  "%s: a script in huge pages" % ("works without guard" if allowed else "denied"), code)
    guest.run("echo 0 > /proc/sys/vm/nr_hugepages")


def before_guard(guest, tap):
    """What the layer will refuse works on the plain machine."""
    guest.run("rm -f " + MARK)
    python(guest, MEMFD % ("x", 0, MARK))
    tap.check(guest.run("test -s " + MARK)[0] == 0, "works without guard: an unlisted program in a memfd")
    in_huge_pages(guest, tap, True)


def as_programs(guest, tap):
    for name, end, sealed, allowed in (("sealed", "", 1, True), ("that can still be written", "", 0, False),
                                       ("of another content, sealed", "x", 1, False), ("of another content", "x", 0, False)):
        guest.run("rm -f " + MARK)
        python(guest, MEMFD % (end, sealed, MARK))
        tap.check((guest.run("test -s " + MARK)[0] == 0) == allowed,
                  "%s: a program in a memfd, %s" % ("allowed" if allowed else "denied", name))
    in_huge_pages(guest, tap, False)


def memory(guest, tap):
    as_programs(guest, tap)
    said = python(guest, SHARED)[0]
    for (wanted, name), word in zip(SHARED_SAYS, said + [""] * len(SHARED_SAYS)):
        tap.check(word == wanted, "%s: %s" % ("allowed" if wanted == "let" else "denied", name), said)
    for program, wanted, who in (("/opt/jit", "let", "a program that is named"), ("python3", "refused", "another")):
        said = python(guest, EXECUTABLE, program)[0]
        for name, word in zip(ACTS, said + [""] * len(ACTS)):
            tap.check(word == wanted, "%s: memory %s by %s" % ("allowed" if wanted == "let" else "denied", name, who), said)
    tap.check("to make memory executable" in guest.run("guardctl events --limit 200")[1], "the ledger names it")
