# SPDX-License-Identifier: MIT
#
# tests/vm/beneath.py - files whose content lies elsewhere (evasion 21): beneath an
# overlay, in another inode; with a FUSE server.  /opt has a listed program and a listed
# library, and others of each (kernel.py).
import shlex

MARK = "/run/kernel-mark"
# An overlay that nobody marked: a library is mapped, then its lower file opened for writing; a file
# of another content is opened, replaced by a listed one over it, and mapped as it was opened.
BENEATH = '''
import mmap, os
def code(file):
    fd = os.open(file, os.O_RDONLY) if isinstance(file, str) else file
    return mmap.mmap(fd, 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC)
def said(act, *words):
    try:
        act(*words)
        print("let", end=" ")
    except PermissionError:
        print("refused", end=" ")
said(open, "/mnt/l/lib.so", "r+b")
mapped = code("/mnt/m/lib.so")
said(open, "/mnt/l/lib.so", "r+b")
early = os.open("/mnt/m/evil.so", os.O_RDONLY)
said(code, early)
with open("/mnt/m/evil.so", "wb") as file:
    file.write(open("/opt/lib.so", "rb").read())
said(code, early)
said(code, "/mnt/m/evil.so")
'''
# A FUSE server of one file with a listed content, mounted by whoever runs it.
SERVER = '''
import ctypes, os, struct, subprocess, time
content, libc = open("/opt/good", "rb").read(), ctypes.CDLL(None, use_errno=True)
fuse = os.open("/dev/fuse", os.O_RDWR)
os.makedirs("/run/served", exist_ok=True)
options = "fd=%d,rootmode=40000,user_id=0,group_id=0" % fuse
if libc.mount(b"served", b"/run/served", b"fuse", 6, options.encode()):
    raise SystemExit("mount: %d" % ctypes.get_errno())
def attributes(node):
    mode, size = (0o40755, 0) if node == 1 else (0o100755, len(content))
    return struct.pack("6Q10I", node, size, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
def answer(opcode, node, body):
    if opcode == 26: return struct.pack("4I2H2I2H8I", 7, 31, 4096, 0, 1, 1, 4096, 1, 1, 0, *[0] * 8)
    if opcode == 1: return struct.pack("4Q2I", 2, 1, 0, 0, 0, 0) + attributes(2) if body == bytes((120, 0)) else 2
    if opcode == 3: return struct.pack("Q2I", 0, 0, 0) + attributes(node)
    if opcode in (14, 27): return bytes(16)
    if opcode == 15:
        at, size = struct.unpack("QI", body[8:20])
        return content[at:at + size]
    return b"" if opcode in (18, 25, 29) else 38
server = os.fork()
while server == 0:
    try:
        request = os.read(fuse, 1 << 18)
    except OSError:
        os._exit(0)
    opcode, unique, node = struct.unpack("=I2Q", request[4:24])
    if opcode in (2, 42): continue
    said = answer(opcode, node, request[40:])
    error, said = (-said, b"") if isinstance(said, int) else (0, said)
    os.write(fuse, struct.pack("IiQ", 16 + len(said), error, unique) + said)
print("served", os.stat("/run/served/x").st_size == len(content), flush=True)
for attempt in range(int(os.environ["TRIES"])): # a filesystem is known to guard when guard has looked at it
    try:
        subprocess.call(["/run/served/x"])
        break
    except PermissionError:
        time.sleep(0.1)
os.kill(server, 9)
libc.umount2(b"/run/served", 2)
'''


def beneath(guest, tap):
    """What a file shows lies elsewhere: beneath an overlay, with a FUSE server."""
    mounts = ("mount --make-rprivate / && mount -t tmpfs x /mnt && mkdir /mnt/l /mnt/u /mnt/w /mnt/m && cp /opt/lib.so /opt/evil.so /mnt/l && "
              "mount -t overlay o -o lowerdir=/mnt/l,upperdir=/mnt/u,workdir=/mnt/w /mnt/m && exec python3 -c \"$1\"")
    code, output = guest.run(shlex.join(("unshare", "-m", "sh", "-c", mounts, "sh", BENEATH)))
    said = (output.split() + [""] * 5)[:5]
    for word, wanted, name in zip(said, ("let", "refused", "refused", "refused", "let"), (
            "writing to a library beneath an overlay, at rest", "while the overlay's is mapped",
            "an unlisted library of an overlay", "the same descriptor, when the name shows a listed content",
            "a descriptor of that listed content")):
        tap.check(word == wanted, "%s: %s" % ("allowed" if wanted == "let" else "denied", name), output)
    for whose, tries, prefix, allowed in (("root's", 100, "", True), ("a user's", 5, "unshare -Urm ", False)):
        guest.run("rm -f " + MARK)
        code, output = guest.run("TRIES=%d GUARD_MARK=%s %spython3 -c %s" % (tries, MARK, prefix, shlex.quote(SERVER)), 60)
        ran = guest.run("test -s " + MARK)[0] == 0
        tap.check("served True" in output and ran == allowed, "%s: a listed content that %s FUSE server shows"
                  % ("allowed" if allowed else "denied", whose), output)
