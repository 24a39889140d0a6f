# SPDX-License-Identifier: MIT
#
# tests/vm/contain.py - contained programs, rules by parent and judged command lines,
# held by the kernel layer: all descendants, also of a program whose parent is gone and
# without the daemon; words that change while they are looked at.  `mail` starts what
# it is told to, `judged` is a shell; each denial has its positive control.
import shlex

import words as by_interpreter

HOME = "/opt/c/home"
MARK = "/run/contain-mark"
TOOLS = "dash touch chmod mkdir mv ln cp setsid env python3 setfacl"
SETUP = ("mkdir -p /opt/c {h}/.config/autostart {h}/two && chmod 755 /opt/c && cd /opt/c && "
         "for t in {t}; do cp $(command -v $t) $t; done && cp env mail && "
         "cp dash judged && date +%N >> judged && printf 'echo x > {m}\\n' > ok.sh && printf '( . /mnt/s ); true\\n' > child.sh && "
         "cp {l}/payload good && cp {l}/payload other && cp {l}/payload child && date +%N >> child && "
         "touch {h}/.bashrc && chmod 755 good other child mail judged")
CONTAINMENT = '''
containment = ( { name = "mail"; mode = "deny"; programs = [ "/opt/c/mail" ];
    may_start = [ %(tools)s, "/opt/c/good" ];
    not_write = [ ".config/autostart", ".bashrc" ]; } );
groups = ( { name = "by parent"; rules = ( { sha256 = [ "%(child)s" ]; parents = [ "/opt/c/env" ]; } ); },
    { name = "judged"; rules = ( { sha256 = [ "%(judged)s", "%(ok.sh)s", "%(child.sh)s" ]; } ); } );
interpreters = ( { name = "judged"; programs = [ "/opt/c/judged" ]; sha256 = [ "%(judged)s" ]; scripts = [ "argument" ];
    options = "-+abc!efiImno;s<uvxCEV"; inline = "deny"; standard_input = "deny"; } );
'''
UNNAMED = 'python3 -c "import os; os.open(os.curdir, os.O_TMPFILE | os.O_RDWR, 0o%s)"'
# Words in memory that another process changes while each exec is looked at.
RACE_MARK = "/run/contain-mk"
RACE = '''
import ctypes, mmap, os, signal
words = mmap.mmap(-1, 4096)
words[0:7], words[256:280] = b"judged\\0", b"echo x > /run/contain-mk\\0"[:24]
libc, at = ctypes.CDLL(None), ctypes.addressof(ctypes.c_char.from_buffer(words))
one, other = b"/opt/c/ok.sh".ljust(32, b"\\0"), b"-c".ljust(32, b"\\0")
flipper = os.fork()
while flipper == 0:
    words[64:96] = one
    words[64:96] = other
for attempt in range(80):
    child = os.fork()
    if child == 0:
        libc.execv(b"/opt/c/judged", (ctypes.c_void_p * 4)(at, at + 64, at + 256, None))
        os._exit(1)
    os.waitpid(child, 0)
os.kill(flipper, signal.SIGKILL)
'''


def ran(guest, command):
    """Did a payload leave its mark?"""
    guest.run("rm -f %s; PATH=/opt/c GUARD_MARK=%s %s" % (MARK, MARK, command))
    return guest.run("for i in 1 2 3 4 5 6 7 8 9 10; do test -s %s && exit 0; sleep 0.1; done; exit 1" % MARK)[0] == 0


def policy(guest, source, image, reload):
    """The machine's policy, one version higher, with the containment."""
    filled = {name: guest.run("sha256sum /opt/c/" + name)[1].split()[0] for name in ("child", "judged", "ok.sh", "child.sh")}
    filled["tools"] = ", ".join('"/opt/c/%s"' % tool for tool in TOOLS.split() if tool != "env")
    guest.write("/etc/guard/contain.conf", (CONTAINMENT % filled).encode())
    guest.write("/etc/guard/words.conf", by_interpreter.source(guest).encode())
    return guest.run("v=$(sed -n 's/^ *version = \\([0-9]*\\);.*/\\1/p' {0} | head -n 1); "
                     "sed -i \"s/version = $v;/version = $((v + 1));/\" {0}; "
                     "guardctl policy build {0} /etc/guard/contain.conf /etc/guard/words.conf --output {1} && {2}".format(source, image, reload), 300)


def starts(guest, tap):
    shell = "/opt/c/mail /opt/c/dash -c "
    for name, command in (("itself", "/opt/c/mail /opt/c/%s"), ("by what it starts", shell + "/opt/c/%s"),
                          ("by a grandchild in a session of its own", shell + "'setsid dash -c \"exec /opt/c/%s\"'"),
                          ("by an orphan", shell + "'( ( /opt/c/%s & ) & )'")):
        tap.check(ran(guest, command % "good"), "allowed: a contained program starts what its list names, " + name)
        tap.check(not ran(guest, command % "other"), "denied: what its list does not name, " + name)
    tap.check(ran(guest, "/opt/c/other"), "allowed: the same by nobody contained")


def writes(guest, tap):
    shell = "PATH=/opt/c /opt/c/mail /opt/c/dash -c 'cd %s && %%s' 2>&1" % HOME
    free = "PATH=/opt/c /opt/c/dash -c 'cd %s && %%s' 2>&1" % HOME
    for name, good, evil in (
            ("a new file", "touch new", "touch .config/autostart/x"),
            ("a file below", "mkdir d", "mkdir .config/autostart/d"),
            ("a file that is there", "echo x >> new", "echo x >> .bashrc"),
            ("a folder with its name", "mkdir two/.config", "mkdir two/.config/autostart"),
            ("a link with its name", "ln -s new l", "ln -s new two/.bashrc"),
            ("a file that gets its name", "mv new newer", "mv newer two/.bashrc"),
            ("its folder, away", "mv d e", "mv .config gone"),
            ("another folder, by its name", "mkdir y", "mv y e/.config"),
            ("a file without a name", UNNAMED % "644", UNNAMED % "755"),
            ("a copy of a program", "cp newer copy", "cp /opt/c/good program"),
            ("a file made executable", "chmod 600 newer", "chmod 755 newer"),
            ("the same by an access list", "chmod 644 newer", "setfacl -m u::rwx newer")):
        code, output = guest.run(shell % good)
        tap.check(code == 0, "allowed: a contained program writes: " + name, output)
        code, output = guest.run(shell % evil)
        tap.check(code != 0 and "not permitted" in output, "denied: " + name, "%d %s" % (code, output))
    code, output = guest.run(free % "touch .config/autostart/x && setfacl -m u::rwx newer && chmod 755 newer")
    tap.check(code == 0, "allowed: all of it by nobody contained", output)


def parents(guest, tap):
    tap.check(ran(guest, "/opt/c/env /opt/c/child"), "allowed: what a rule allows to its parent")
    tap.check(not ran(guest, "/opt/c/setsid /opt/c/child"), "denied: the same to another")


# A script where nobody is asked about it.
MEMORY = ('import os; f = os.memfd_create("s", 0); os.write(f, open("/opt/c/ok.sh", "rb").read()); '
          'os.execv("/opt/c/{0}", ["x", "/dev/fd/%d" % f])')
OWN = "/usr/bin/unshare -Urm dash -c '/usr/bin/mount -t tmpfs x /mnt; cp /opt/c/ok.sh /mnt/s; "
UNWATCHED = (("on a filesystem of one's own", OWN + "/opt/c/{0} /mnt/s'"),
             ("there, by a child of a listed one", OWN + "/opt/c/{0} /opt/c/child.sh'"),
             ("in memory", "/usr/bin/python3 -c " + shlex.quote(MEMORY)))


def unwatched(guest, tap):
    for name, command in UNWATCHED:
        tap.check(ran(guest, command.format("dash")), "allowed: a script %s, by one that is not held to files" % name)
        tap.check(not ran(guest, command.format("judged")), "denied: a script %s" % name)
    tap.check("unwatched" in guest.run("guardctl events --limit 50")[1], "the ledger says that nobody looks there")


def words(guest, tap):
    tap.check(ran(guest, "/opt/c/judged /opt/c/ok.sh"), "allowed: a script of an interpreter that is held to scripts")
    tap.check(not ran(guest, "/opt/c/judged -c 'echo x > %s'" % MARK), "denied: code on its command line")
    for name, command in (("by a pipe", "/opt/c/dash -c 'echo \"echo x > {1}\" | /opt/c/{0}'"),
                          ("by a here-document", "/opt/c/dash -c '/opt/c/{0} << END\necho x > {1}\nEND'")):
        tap.check(ran(guest, command.format("dash", MARK)), "allowed: code %s, by one that is not held to scripts" % name)
        tap.check(not ran(guest, command.format("judged", MARK)), "denied: code %s" % name)
    private = ("unshare -Urm sh -c 'mount -t tmpfs x /mnt && cp /opt/c/judged /mnt/x && "
               "/mnt/x -c \"echo x > /tmp/contain-mark\"'")
    guest.run("rm -f /tmp/contain-mark; " + private)
    tap.check(guest.run("test -e /tmp/contain-mark")[0] != 0, "denied: of a copy where nobody is asked")
    guest.run("rm -f %s; python3 -c %s" % (RACE_MARK, shlex.quote(RACE)), 200)
    tap.check(guest.run("test -e " + RACE_MARK)[0] != 0, "denied: words that change while they are looked at")
    unwatched(guest, tap)
    tap.check("another command line than was judged" in guest.run("guardctl events --limit 300")[1],
              "some of them were other words than were judged")


def without_daemon(guest, tap, kill):
    """Nobody is there to be asked."""
    guest.run(kill)
    tap.check(ran(guest, "/opt/c/mail /opt/c/dash -c /opt/c/good"), "allowed: by the list, the daemon killed")
    tap.check(not ran(guest, "/opt/c/mail /opt/c/dash -c /opt/c/other"), "denied: beside it, the daemon killed")
    tap.check(not ran(guest, "/opt/c/setsid /opt/c/child"), "denied: by another parent, the daemon killed")
    tap.check(not ran(guest, "/opt/c/judged /opt/c/ok.sh"), "denied: what nobody judges, the daemon killed")
    code, output = guest.run("PATH=/opt/c /opt/c/mail /opt/c/touch %s/.bashrc 2>&1" % HOME)
    tap.check(code != 0, "denied: writing, the daemon killed", output)


def contain(guest, tap, listed, source="/etc/guard/guest.conf", image="/etc/guard/policy.image",
            reload="guardctl reload", kill=None):
    code, output = guest.run(SETUP.format(h=HOME, t=TOOLS, l=listed, m=MARK))
    tap.check(code == 0, "the tools are there", output)
    code, output = policy(guest, source, image, reload)
    tap.check(code == 0, "a policy that contains is taken", output)
    starts(guest, tap)
    writes(guest, tap)
    parents(guest, tap)
    words(guest, tap)
    by_interpreter.words(guest, tap)
    code, output = guest.run("guardctl --json events --reason contained --limit 100")
    tap.check('/opt/c/other' in output and 'containment' in output, "the ledger names file and containment", output[-500:])
    tap.check("to write where its containment forbids it" in guest.run("guardctl events --limit 300")[1],
              "and what was written")
    if kill:
        without_daemon(guest, tap, kill)
    guest.run("rm -rf /opt/c")
