# SPDX-License-Identifier: MIT
#
# tests/vm/back.py - a policy that proved itself on a running machine, and with which
# that machine cannot start: it leaves out what only a start needs (docs/last-good.md).
# The machine must come up all the same, by itself, with the policy before, and say so;
# what the newer policy denies by rule stays denied.
import attacks
from guest import Guest, overlay

LISTED = "/mnt/guard-tests/integration/listed"
BAD = "/opt/bad"        # version 1 lists it, version 2 denies it by rule
EVIL = "/opt/unlisted"
# Only a start runs these: on a running machine they run already, or not at all.
ONLY_AT_START = ("/usr/bin/dbus-daemon", "/usr/lib/systemd/systemd-logind", "/usr/lib/systemd/systemd-networkd",
                 "/usr/lib/systemd/systemd-timesyncd", "/usr/lib/systemd/systemd-user-sessions")
FIRST = '''
import re
text = open("/etc/guard/guest.conf").read()
digest = open("/root/bad.sha256").read().split()[0]
bad = '{ name = "bad"; rules = ( { action = "%s"; sha256 = [ "%s" ]; } ); },'
def save(path, text, version, action):
    text = re.sub("version = [0-9]+;", "version = %d;" % version, text, count=1)
    open(path, "w").write(text.replace("groups = (", "groups = ( " + bad % (action, digest), 1))
save("/root/first.conf", text, 11, "allow")
left = [line for line in text.splitlines(True) if not line.rstrip().rstrip('",').endswith(tuple(OUT))]
print(len(text.splitlines()) - len(left), "lines left out")
save("/root/second.conf", "".join(left), 12, "deny")
'''.replace("OUT", repr(ONLY_AT_START))


def runs(guest, path):
    guest.run("rm -f /run/back-mark; GUARD_MARK=/run/back-mark " + path)
    return guest.run("test -s /run/back-mark")[0] == 0


def in_force(guest, version, seconds=120):
    return attacks.wait_for(guest, "guardctl --json status | grep -q '\"policy_version\": *%d[,}]'" % version, seconds)


def proven(guest, version):
    return attacks.wait_for(guest, "guardctl events --limit 400 | grep -q 'version %d has proven itself here'" % version, 180)


def prepare(guest, tap):
    attacks.wait_for(guest, "test -e %s/payload" % LISTED, 180)  # its disk comes late
    guest.run("for f in %s %s; do cp %s/payload $f; date +%%N >> $f; chmod 755 $f; done; sha256sum < %s > /root/bad.sha256"
              % (BAD, EVIL, LISTED, BAD))
    code, output = guest.run("python3 -c '%s'" % FIRST.replace("'", "'\\''"))
    tap.check(code == 0 and not output.startswith("0 "), "two policies, the second without what a start needs", output)
    code, output = guest.run(
        "for p in first second; do guardctl policy build /root/$p.conf --whole-machine --output /root/$p.image; done; "
        "sed -i 's|^  file = \"/etc/guard/policy.image\";|&  trial_seconds = 15;|' /etc/guard/guardd.conf && "
        "cp /root/first.image /etc/guard/policy.image && systemctl restart guardd", 300)
    tap.check(code == 0 and in_force(guest, 11), "the first is in force", output + guest.run("guardctl status")[1])
    tap.check(proven(guest, 11), "and proves itself", guest.run("guardctl events --limit 20")[1])
    tap.check(runs(guest, BAD), "it lists a program")


def second(guest, tap):
    code, output = guest.run("cp /root/second.image /etc/guard/next && mv /etc/guard/next /etc/guard/policy.image && "
                             "guardctl reload", 120)
    tap.check(code == 0 and in_force(guest, 12), "the second is in force", output)
    tap.check(proven(guest, 12), "and proves itself while nothing is started", guest.run("guardctl events --limit 20")[1])
    tap.check(not runs(guest, BAD), "it denies that program")


def back(machine, tap):
    machine.stop()
    disk = overlay(machine.folder + "/back.qcow2", machine.installed, "qcow2")
    for number in range(2):
        if number:
            machine.guest.power_off()
        machine.guest = Guest(machine.image, disk, machine.tests, machine.folder)
        machine.guest.wait_boot()
        if not number:
            prepare(machine.guest, tap)
            # A start of its own, so that the first is also the last it came up with.
    guest = machine.guest
    tap.check(in_force(guest, 11) and proven(guest, 11), "the machine starts with the first", guest.run("guardctl status")[1])
    second(guest, tap)
    # As long as usual, for an emulated machine starts slowly.
    guest.run("sed -i 's/trial_seconds = 15;/trial_seconds = 600;/' /etc/guard/guardd.conf")
    guest.power_off()
    machine.guest = guest = Guest(machine.image, disk, machine.tests, machine.folder)
    tap.note("agent after %.1f s" % guest.wait_boot())
    tap.check(in_force(guest, 11), "it goes back to the first while it starts",
              guest.run("guardctl status; guardctl events --limit 30; journalctl -b -u guardd -n 20 --no-pager")[1])
    said = guest.run("guardctl status")[1]
    tap.check("went back" in said, "status says so", said)
    tap.check(attacks.wait_for(guest, "for u in multi-user.target getty.target systemd-logind dbus; do "
                                     "systemctl is-active -q $u || exit 1; done", 180),
              "what a start needs is up, by itself",
              guest.run("systemctl --failed --no-pager; systemctl status --no-pager dbus systemd-logind")[1])
    code, output = guest.run("systemctl list-units --no-legend --plain 'getty@*' 'serial-getty@*'; "
                             "systemctl --failed --no-legend --plain", 60)
    tap.check("running" in output and "getty" in output, "one can log in", output)
    tap.note("failed units: " + guest.run("systemctl --failed --no-legend --plain | awk '{print $1}' | tr '\\n' ' '")[1])
    code, output = guest.run("su - alice -c id", 60)
    tap.check(code == 0, "and does", output)
    tap.check(not runs(guest, BAD), "what the second denies by rule stays denied")
    tap.check(not runs(guest, EVIL), "what nobody lists is refused")
    tap.check(guest.run("guardctl events --limit 400 | grep 'went back to the last good policy'")[0] == 0,
              "it is in the ledger")
    code, output = guest.run("guardctl ledger verify")
    tap.check(code == 0, "whose chain is whole", output)
    machine.stop()
