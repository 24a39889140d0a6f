# SPDX-License-Identifier: MIT
#
# tests/vm/attacks.py - attacks that need a whole machine: programs started by
# its services, the daemon restarted under load, the integration cases.
import json
import time

LISTED = "/mnt/guard-tests/integration/listed"
INTEGRATION = "/mnt/guard-tests/integration/run --guest"


def copies(guest, good, evil):
    """A listed program under a new name, and the same with one byte more."""
    guest.run("cp {0}/payload {1}; cp {0}/payload {2}; date +%N >> {2}; chmod 755 {1} {2}".format(LISTED, good, evil))


def pair(guest, tap, name, path, command):
    """The listed copy at `path` runs; the unlisted one is refused, without trace."""
    mark = "/tmp/guard-mark"
    copies(guest, path, path + ".evil")
    guest.run("rm -f %s; touch %s; chmod 666 %s" % (mark, mark, mark))
    code, output = guest.run("GUARD_MARK=%s %s" % (mark, command.format(path)))
    ran = guest.run("test -s " + mark)[0] == 0
    tap.check(ran, "allowed: " + name, output)
    guest.run("truncate -s 0 " + mark)
    code, output = guest.run("GUARD_MARK=%s %s" % (mark, command.format(path + ".evil")))
    ran = guest.run("test -s " + mark)[0] == 0
    tap.check(code != 0 and not ran and "not permitted" in output, "denied: " + name, "exit %d\n%s" % (code, output))
    guest.run("rm -f %s %s.evil %s" % (path, path, mark))


def wait_for(guest, command, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if guest.run(command)[0] == 0:
            return True
        time.sleep(0.5)
    return False


def started_by_services(guest, tap):
    """systemd, a timer, cron, at, udev: the listed runs, the unlisted does not."""
    good, evil = "/opt/good", "/opt/evil"
    copies(guest, good, evil)
    mark = "/run/mark.%s.%s"

    for kind, path in (("good", good), ("evil", evil)):
        guest.write("/etc/systemd/system/case-%s.service" % kind,
                    ("[Service]\nType=oneshot\nEnvironment=GUARD_MARK=%s\nExecStart=%s\n"
                     % (mark % ("unit", kind), path)).encode())
        guest.write("/etc/systemd/system/generic-%s.service" % kind,
                    ("[Service]\nType=oneshot\nEnvironment=GUARD_MARK=%s\nExecStart=/usr/bin/true\nExecStartPost=%s\n"
                     % (mark % ("post", kind), path)).encode())
        guest.write("/etc/cron.d/case-%s" % kind,
                    ("GUARD_MARK=%s\n* * * * * root %s\n" % (mark % ("cron", kind), path)).encode())
        guest.write("/etc/udev/rules.d/99-case-%s.rules" % kind,
                    ('ACTION=="add", KERNEL=="null", ENV{GUARD_MARK}="%s", RUN+="%s"\n'
                     % (mark % ("udev-" + kind, kind), path)).encode())
        guest.run("echo 'GUARD_MARK=%s %s' | at now" % (mark % ("at", kind), path))
    guest.run("systemctl daemon-reload; udevadm control --reload")
    for kind in ("good", "evil"):
        code, output = guest.run("systemctl start case-%s.service generic-%s.service" % (kind, kind))
        tap.check((code == 0) == (kind == "good"), "systemd's start of the %s program says so" % kind, output)
        guest.run("systemd-run --wait -q -E GUARD_MARK=%s /opt/%s" % (mark % ("run", kind), kind))
        guest.run("runuser -u alice -- true")
        # One rule at a time: both would set the same property.
        other = "evil" if kind == "good" else "good"
        guest.run("mv /etc/udev/rules.d/99-case-{0}.rules /root/; udevadm control --reload; "
                  "udevadm trigger --action=add /sys/class/mem/null; udevadm settle; "
                  "mv /root/99-case-{0}.rules /etc/udev/rules.d/".format(other))
    for way, name, patience in (("unit", "a unit", 5), ("post", "a unit's later step", 5), ("run", "systemd-run", 5),
                                ("at", "at", 90), ("cron", "cron", 130)):
        tap.check(wait_for(guest, "test -s " + mark % (way, "good"), patience), "allowed: started by " + name,
                  guest.run("journalctl -b --no-pager -n 20")[1])
        tap.check(guest.run("test -e " + mark % (way, "evil"))[0] != 0, "denied: started by " + name)
    tap.check(wait_for(guest, "test -s " + mark % ("udev-good", "good"), 10), "allowed: started by udev")
    tap.check(guest.run("test -e " + mark % ("udev-evil", "evil"))[0] != 0, "denied: started by udev")
    code, output = guest.run("guardctl --json events --denied --limit 1000")
    parents = {json.loads(line).get("program", "") for line in output.splitlines()
               if '"/opt/evil"' in line}
    tap.check(len(parents) >= 2, "events name who started it", sorted(parents))
    tap.note("started by: " + ", ".join(sorted(parents)))


def restarts(guest, tap):
    """systemctl restart and SIGUSR2 while both kinds are started in loops."""
    good, evil = "/opt/good", "/opt/evil"
    copies(guest, good, evil)
    for name, command in (("restart", "systemctl restart guardd.service"),
                          ("re-execution", "kill -USR2 $(systemctl show -p MainPID --value guardd.service)"),
                          ("reload", "systemctl reload guardd.service || guardctl reload")):
        guest.run("rm -f /run/mark.loop /run/loop.*")
        code, output = guest.run(
            "GUARD_MARK=/run/mark.loop %s/storm exec 2 120 %s > /run/loop.evil & "
            "GUARD_MARK=/dev/null %s/storm exec 2 120 %s > /run/loop.good & "
            "for i in 1 2 3; do %s || echo failed; sleep 1; done; wait" % (LISTED, evil, LISTED, good, command), 300)
        tap.check(code == 0 and "failed" not in output, "three times: " + name, output)
        loops = guest.run("cat /run/loop.evil /run/loop.good")[1]
        tap.check(guest.run("test -e /run/mark.loop")[0] != 0, "no unlisted program ran during " + name, loops)
        tap.check("good 240 " in loops, "each listed program ran during " + name, loops)
        tap.check(wait_for(guest, "guardctl status", 15), "the daemon answers after " + name,
                  guest.run("journalctl -b --no-pager -u guardd -n 20")[1])
    tap.check("active" == guest.run("systemctl is-active guardd.service")[1].strip(), "the service is up")


def integration(guest, tap, names, seconds):
    """The case files that can run where everything is protected."""
    failed = tap.failed
    code, output = guest.run("%s %s" % (INTEGRATION, " ".join(names)), seconds)
    seen = tap.merge(output)
    if tap.failed > failed:
        tap.note(guest.run("guardctl status; guardctl events --denied --limit 40 | grep -v not-listed")[1])
    tap.check(code in (0, 1) and seen > 0, "the cases ran in time", "exit %d\n%s" % (code, output[-2000:]))
