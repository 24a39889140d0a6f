# SPDX-License-Identifier: MIT
#
# tests/vm/data.py - users' data with the kernel layer: nobody is asked about its opens any
# more, every program reads it, and no interpreter runs it, by whatever name or way.
import json
import shlex
import time

MARK = "/home/alice/data-mark"
FOLDER = "/home/alice/d"
LISTED = "/mnt/guard-tests/integration/listed"
PYTHON = 'import os\nopen(os.environ["GUARD_MARK"], "w").write("x")\n'
SHELL = 'echo x > "$GUARD_MARK"\n'
AWK = 'BEGIN { printf "x" > ENVIRON["GUARD_MARK"] }\n'
OPENS = 400
READ = 'import os\nfor i in range(%d):\n os.close(os.open("%%s", os.O_RDONLY))' % OPENS
APPEND = 'import os\nfor i in range(%d):\n f = os.open("%%s", os.O_WRONLY | os.O_APPEND)\n os.write(f, b"x\\n")\n os.close(f)' % OPENS
STORE = ('import mmap\nwith open("/dev/shm/d/f", "r+b") as f:\n with mmap.mmap(f.fileno(), 0) as m:\n'
         '  m[len(m) - 1] ^= 1')
# One opens a file as data again and again, the other would run it: when it becomes data, nobody
# may be half way through.
RACE = ("for i in $(seq 40); do cp awk.txt race$i; done; sleep 3; for i in $(seq 40); do "
        "(cat race$i race$i race$i race$i race$i > /dev/null) & for n in 1 2 3 4; do awk -f race$i; done; wait; done")


def alice(guest, command, timeout=240):
    return guest.run("runuser -u alice -- sh -c " + shlex.quote("cd %s; export GUARD_MARK=%s; %s" % (FOLDER, MARK, command)), timeout)


def ran(guest, command):
    guest.run("rm -f " + MARK)
    code, output = alice(guest, command)
    return guest.run("test -s " + MARK)[0] == 0, "%d %s" % (code, output)


def warm(guest, *names):
    """As data, by what is no interpreter, until nobody need be asked: anew, since a file that
    an interpreter was refused is asked about until all that the kernel remembers is forgotten."""
    guest.run("for i in 1 2 3; do /usr/bin/true; done; chmod 755 $(readlink -f /usr/bin/true)")
    for _ in range(4):
        alice(guest, "cat %s > /dev/null" % " ".join(names))
        time.sleep(0.3)


def asked(guest, command):
    """How many opens the gate heard of meanwhile."""
    def events():
        return json.loads(guest.run("guardctl --json status")[1]).get("events", 0)
    before = events()
    code, output = alice(guest, command)
    return events() - before if code == 0 else 10 * OPENS, output


def write(guest, name, text):
    guest.run("install -o alice -m 644 /dev/null %s/%s; printf %%s %s > %s/%s" % (FOLDER, name, shlex.quote(text), FOLDER, name))


# What is refused, and the ways to a file that is data: in Python, in a shell, in awk.
WAYS = (
    ("named by its command line", "python3 py.txt"),
    ("by a link that is named", "ln -sf py.txt link; python3 link"),
    ("by a link to a link", "ln -sf py.txt one; ln -sf one two; python3 two"),
    ("by a descriptor", "python3 /dev/fd/3 3< py.txt"),
    ("by a link that has a suffix", "ln -sf py.txt linked.py; python3 -c 'import linked'"),
    ("by another name of the file, with a suffix", "ln -f py.txt other.py; python3 -c 'import other'"),
    ("imported in a child", "ln -f py.txt child.py; python3 -c 'import os\nif os.fork() == 0: import child\nos.wait()'"),
    ("named, by a loader that is called by hand", "/lib64/ld-linux-x86-64.so.2 $(readlink -f $(command -v python3)) py.txt"),
    ("named, by a copy on a tmpfs of the user's own",
     "unshare -Urm sh -c 'mount -t tmpfs x /mnt && cp $(readlink -f $(command -v python3)) /mnt/p && /mnt/p py.txt'"),
    ("by a shell", "sh sh.txt"),
    ("by a shell, as `.`", "bash -c '. ./sh.txt'"),
    ("by awk", "awk -f awk.txt"),
    ("by awk, as the second", "awk -f %s/mark.awk -f awk.txt" % LISTED),
    ("by awk, with the option's word", "awk -fawk.txt"),
    ("by awk, behind a listed script that awk is started for", "%s/run.awk -f awk.txt" % LISTED),
    ("by a link that leads far", "ln -sf %spy.txt far; python3 far" % ("../d/" * 20)),
    ("by a shell whose verdict somebody threw away", "chmod 0 $(readlink -f /bin/sh); /bin/sh -c true; /bin/sh sh.txt"),
    ("by a shell that a thread's other program named", "python3 -c 'import os; os.execv(\"/bin/sh\", [\"sh\", \"sh.txt\"])'"),
)
# The same interpreters read the same files, and what is listed runs.
READS = (
    ("python reads it", "python3 -c 'open(\"py.txt\").read()' && echo x > $GUARD_MARK"),
    ("python reads what its command line names", "python3 -c 'import sys; open(sys.argv[1]).read()' py.txt && echo x > $GUARD_MARK"),
    ("a script reads what its command line names", "python3 {0}/reads.py py.txt && echo x > $GUARD_MARK"),
    ("awk reads it", "awk '{{ n++ }} END {{ exit n == 0 }}' py.txt && echo x > $GUARD_MARK"),
    ("so does a script that awk is started for", "{0}/run.awk py.txt && echo x > $GUARD_MARK"),
    ("a script by a link that leads far reads it",
     "ln -sf {0}/../listed/../listed/../listed/../listed/reads.py long; python3 long py.txt && python3 long py.txt && echo x > $GUARD_MARK"),
    ("a script reads it with thousands of words", "python3 {0}/reads.py $(yes py.txt | head -n 5000) && echo x > $GUARD_MARK"),
    ("perl reads it", "perl -ne 1 py.txt && echo x > $GUARD_MARK"),
    ("a listed script", "python3 {0}/mark.py"),
    ("a listed module", "cd {0} && python3 -c 'import mark'"),
    ("a listed program of awk", "awk -f {0}/mark.awk"),
)


def data(guest, tap):
    guest.run("install -d -o alice -m 755 %s; rm -f %s/*" % (FOLDER, FOLDER))
    for name, text in (("py.txt", PYTHON), ("sh.txt", SHELL), ("awk.txt", AWK), ("log.txt", "began\n"), ("changed", PYTHON + "\n")):
        write(guest, name, text)
    time.sleep(2.5)  # what was changed just now is not remembered
    warm(guest, "py.txt", "sh.txt", "awk.txt", "changed")
    count, output = asked(guest, "python3 -c %s" % shlex.quote(READ % "py.txt"))
    tap.check(count < OPENS // 2, "nobody is asked about a user's data: %d of %d opens" % (count, OPENS), output)
    for name, command in READS:
        good, output = ran(guest, command.format(LISTED))
        tap.check(good, "allowed: " + name, output)
    for name, command in WAYS:
        warm(guest, "py.txt", "sh.txt", "awk.txt")
        good, output = ran(guest, command)
        tap.check(not good, "denied: data as a script, " + name, output)
        good, output = ran(guest, command)
        tap.check(not good, "denied: the same at the second try", output)
    events = [json.loads(line) for line in guest.run("guardctl --json events --denied --limit 400")[1].splitlines()]
    kernel = [event for event in events if "/d/" in event["path"] and not event.get("sha256")]
    tap.check(len(kernel) >= len(WAYS), "each first try was refused in the kernel, and the ledger has it",
              "%d of %d: %s" % (len(kernel), len(WAYS), [(event["path"], event["program"]) for event in kernel]))
    unknown = r"""unshare -Urm sh -c 'mount -t tmpfs x /mnt && cp $(readlink -f $(command -v python3)) /mnt/p && /mnt/p -c "open(\"other\").read()"'"""
    write(guest, "other", "data\n")
    time.sleep(2.5)
    warm(guest, "other")
    alice(guest, unknown)
    alice(guest, "for i in 1 2 3 4; do cat other; sleep 0.3; done")
    code, output = alice(guest, "%s && %s" % (unknown, unknown))
    tap.check(code == 0, "allowed: an interpreter of which nothing is known reads it, once it was refused",
              output + guest.run("guardctl events --limit 6; guardctl status")[1])
    warm(guest, "changed")
    guest.run("cat %s/mark.py > %s/changed" % (LISTED, FOLDER))
    ran(guest, "python3 changed")
    good, output = ran(guest, "python3 changed")
    tap.check(good, "allowed: what was data and is listed by now, at the second try", output)
    guest.run("install -d -o alice /dev/shm/d; rm -f /dev/shm/d/f")
    alice(guest, "head -c $(stat -c %%s %s/payload) /dev/zero > /dev/shm/d/f; sleep 2.5" % LISTED)
    warm(guest, "/dev/shm/d/f")
    count, output = asked(guest, "python3 -c %s" % shlex.quote(READ % "/dev/shm/d/f"))
    tap.check(OPENS <= count < 10 * OPENS, "each open in memory, where a mapping leaves no times, is asked about: %d" % count, output)
    alice(guest, "cat %s/payload > /dev/shm/d/f; chmod 755 /dev/shm/d/f; sleep 2.5; /dev/shm/d/f" % LISTED)
    good, output = ran(guest, "/dev/shm/d/f")
    tap.check(good, "allowed: a program in memory, where nothing is left alone", output)
    code, output = alice(guest, "python3 -c %s" % shlex.quote(STORE))
    good, output = ran(guest, "/dev/shm/d/f")
    tap.check(code == 0 and not good, "denied: the same, changed through a mapping, which leaves its times", output)
    count, output = asked(guest, "python3 -c %s; python3 -c %s" % ((shlex.quote(APPEND % "log.txt"),) * 2))
    tap.check(count < OPENS, "nobody is asked about a log that is appended to: %d of %d opens" % (count, 2 * OPENS), output)
    good, output = ran(guest, RACE)
    tap.check(not good, "denied: while it becomes data", output)
