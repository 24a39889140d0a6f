# SPDX-License-Identifier: MIT
#
# tests/vm/together.py - several attempts at once in the guest, and of each: was it let, and
# does the ledger have a record of its own?  Whose process made a record is known, for the
# kernel tells of every fork (the process connector).  What attempts are is attempts.py's.
import json
import shlex

# argv: attempts as JSON (each: command, and what a record of the service manager's says when
# the act is his, or null), what stands before each command, what runs beside them.
# Prints JSON: each attempt's end, whether it is recorded, and what would make that doubtful.
PROGRAM = r'''
import json, os, re, select, signal, socket, struct, subprocess, sys, tempfile, time
attempts, before, beside = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
forks = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 11)
forks.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
forks.bind((os.getpid(), 1))
forks.send(struct.pack("=IHHII4IHHI", 40, 3, 0, 0, os.getpid(), 1, 1, 0, 0, 4, 0, 1))  # PROC_CN_MCAST_LISTEN
forks.setblocking(False)
owner, blind, said = {}, [], []

def hear():
    """Each process belongs to the attempt that its parent belongs to."""
    while True:
        try:
            message = forks.recv(4096)
        except BlockingIOError:
            return
        except OSError as error:  # some forks were not told
            blind.append(str(error))
            continue
        if len(message) >= 68 and struct.unpack_from("=I", message, 36)[0] == 1:
            parent, child = struct.unpack_from("=4I", message, 52)[1::2]
            if parent in owner:
                owner.setdefault(child, owner[parent])

def touch():
    """An attempt of our own: what the ledger has before it was there before."""
    try:
        os.close(os.open("/etc/guard/guardd.conf", os.O_WRONLY))
    except PermissionError:
        return
    raise SystemExit("guardd is not guarded")

def start(number, command):
    said.append(tempfile.TemporaryFile())
    child = subprocess.Popen(["/bin/sh", "-c", before + command], stdin=subprocess.DEVNULL, stdout=said[number],
                             stderr=subprocess.STDOUT, start_new_session=True)
    owner[child.pid] = number
    return child

def tampered(limit):
    output = subprocess.run(["guardctl", "--json", "events", "--limit", str(limit)], stdout=subprocess.PIPE, timeout=60).stdout
    rows = [json.loads(line) for line in output.splitlines() if b'"tampered"' in line or b'"events-lost"' in line]
    return [(int((re.search(r"\(pid (\d+), uid", row["text"]) or [0, 0])[1]), row["text"]) for row in rows]

def ours():
    """What the ledger has between our own two; None: not yet."""
    for limit in (300, 6000):
        found = tampered(limit)
        at = [place for place, (number, text) in enumerate(found) if number == os.getpid()]
        if len(at) == 2:
            return found[at[0]:at[1]]
    return None

def is_recorded(found, number):
    words = attempts[number][1]
    if words:
        return any(process == 1 and re.search(words, text) for process, text in found)
    return any(owner.get(process) == number for process, text in found)

touch()
children = [start(number, command) for number, (command, words) in enumerate(attempts)]
if beside:
    subprocess.run(["/bin/sh", "-c", beside], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
end = time.monotonic() + 120
while any(child.poll() is None for child in children) and time.monotonic() < end:
    select.select([forks], [], [], 0.05)
    hear()
for child in children:
    if child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
hear()
touch()
end = time.monotonic() + 30
while True:
    found = ours()
    missing = [number for number in range(len(attempts)) if not is_recorded(found or [], number)]
    if not missing or time.monotonic() > end:
        break
    time.sleep(0.2)
active = subprocess.run(["systemctl", "is-active", "guardd"], stdout=subprocess.PIPE, text=True).stdout.strip()
def words(file):
    file.seek(0)
    return file.read(300).decode("utf-8", "replace")

print(json.dumps({"said": [words(file) for file in said], "ends": [child.returncode for child in children], "missing": missing, "blind": blind, "known": found is not None, "active": active,
                  "lost": [text for process, text in found or [] if not process], "found": (found or [])[-40:]}))
'''


def together(guest, attempts, before, beside=""):
    """`attempts`: (command, what the service manager's record says or None)."""
    code, output = guest.run("python3 -c " + shlex.join((PROGRAM, json.dumps(attempts), before, beside)), 240)
    if code != 0:
        raise OSError("the attempts did not end well: %d %s" % (code, output[-2000:]))
    return json.loads(output)
