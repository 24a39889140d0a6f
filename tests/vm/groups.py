# SPDX-License-Identifier: MIT
#
# tests/vm/groups.py - what is done with the guest, group by group.  Each group
# gets the machine and the results; it boots what it needs.
import json
import os
import time

import attacks
import back as going_back
import bench
import data
import foundations
import hostile
import kernel
import maintenance
import managed
import power
import signers as two_keys
import unlock

HERE = os.path.dirname(os.path.abspath(__file__))
DEBS = "/mnt/guard-tests/debs"
LISTED = "/mnt/guard-tests/integration/listed"
ACTIVE = ("systemctl list-units --all --no-legend --plain --state=active --type=service,socket,timer,mount,target,path "
          "| awk '{print $1}' | grep -v -e '^user@' -e '^session-' -e '^user-' -e '\\.swap$' | sort")
# Units that come and go by themselves.
PASSING = {"systemd-fsckd.service", "systemd-tmpfiles-clean.service", "systemd-update-utmp-runlevel.service"}


def must(guest, tap, name, command, timeout=120):
    """The command ends well; returns its output."""
    code, output = guest.run(command, timeout)
    tap.check(code == 0, name, "%s -> %d\n%s" % (command, code, output[-3000:]))
    return output


def settle(guest, tap, name):
    """systemd finished starting and nothing failed."""
    code, output = guest.run("systemctl is-system-running --wait", 240)
    tap.check(output.strip() == "running", name,
              output + guest.run("systemctl --failed --no-pager; journalctl -b -p err --no-pager | tail -n 30")[1])


def status(guest):
    code, output = guest.run("guardctl --json status", 20)
    return json.loads(output) if code == 0 else {}


def boot_seconds(guest):
    return guest.run("systemd-analyze time | head -n 1")[1].strip()


def install(machine, tap):
    """The packages go in; the whole machine is listed; nothing is enforced yet."""
    machine.boot(fresh=False)
    guest = machine.guest
    settle(guest, tap, "the plain machine starts")
    machine.facts["active"] = set(guest.run(ACTIVE)[1].split())
    machine.facts["boot"] = boot_seconds(guest)
    guest.run("cp -a /etc/shadow /root/shadow.before")
    kernel.before_guard(guest, tap)
    must(guest, tap, "apt-get installs the four packages",
         "DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 install -y %s/*.deb" % DEBS, 300)
    must(guest, tap, "dpkg finds them whole", "dpkg --verify libguard0 libguard-dev guardd guardctl; dpkg --audit")
    must(guest, tap, "the service is known", "systemctl cat guardd.service > /dev/null && systemd-analyze verify --man=no guardd.service")
    must(guest, tap, "its users are there", "getent passwd guard-record guard-control")
    _, output = guest.run("systemctl is-active guardd.service")
    tap.check(output.strip() != "active", "nothing is enforced before there is a policy", output)
    must(guest, tap, "the machine still starts programs", "/usr/bin/true && %s/quiet" % LISTED)
    make_policy(guest, tap)
    must(guest, tap, "the service is switched on", "systemctl enable guardd.service")
    machine.facts["off"] = guest.power_off()
    tap.note("power off after %.1f s" % machine.facts["off"])
    machine.stop()


def make_policy(guest, tap):
    """guardctl scan of everything, policy build; the configuration is the package's."""
    begin = time.monotonic()
    must(guest, tap, "scan lists the machine",
         "mkdir -p /etc/guard && guardctl scan / /mnt/guard-tests --one-file-system --mode enforce --id guest "
         "--output /etc/guard/guest.conf", 900)
    tap.note("scan: %.0f s" % (time.monotonic() - begin))
    output = must(guest, tap, "the policy is built",
                  "guardctl policy build /etc/guard/guest.conf --whole-machine --output /etc/guard/policy.image", 120)
    tap.note(output)
    must(guest, tap, "the daemon accepts configuration and policy", "guardd --config /etc/guard/guardd.conf --check")


def boot(machine, tap):
    """Enforcing over everything, the machine comes up as it did before."""
    seconds = machine.boot()
    guest = machine.guest
    settle(guest, tap, "the enforcing machine starts")
    now = set(guest.run(ACTIVE)[1].split())
    missing = machine.facts["active"] - now - PASSING
    tap.check(not missing, "every unit that was active is active again", sorted(missing))
    tap.note("without guard: %s" % machine.facts["boot"])
    tap.note("with guard:    %s; agent after %.1f s" % (boot_seconds(guest), seconds))
    must(guest, tap, "multi-user is reached", "systemctl is-active multi-user.target")
    must(guest, tap, "the service is up", "systemctl is-active guardd.service")
    state = status(guest)
    tap.check(state.get("enforcing"), "status says enforcing", state)
    tap.note("status: " + json.dumps(state))
    denied = guest.run("guardctl events --denied --limit 30")[1]
    tap.check(state.get("denied") == 0, "nothing that was listed is denied while starting", denied)
    for name, command in (("su", "su - alice -c id"), ("runuser", "runuser -l alice -c id"),
                          ("login shell", "bash -l -c id"), ("script", "script -qec 'su - alice -c id' /dev/null"),
                          ("python", "python3 -c 'import json, ssl, sqlite3'"), ("perl", "perl -MPOSIX -e 1"),
                          ("vim", "vim.tiny --version > /dev/null"), ("apt", "apt-get check"), ("dpkg", "dpkg -l > /dev/null"),
                          ("journal", "journalctl -b -n 5"), ("cron", "systemctl is-active cron atd")):
        must(guest, tap, "works as before: " + name, command)
    must(guest, tap, "doctor runs", "guardctl doctor; test $? -le 1")
    attacks.pair(guest, tap, "a program in a home folder", "/home/alice/x", "runuser -u alice -- {}")
    for folder in ("/tmp", "/dev/shm", "/var/tmp", "/opt", "/root"):
        attacks.pair(guest, tap, "a program in " + folder, folder + "/guard-x", "{}")
    must(guest, tap, "the ledger verifies", "guardctl ledger verify")
    must(guest, tap, "the journal has the denials with their fields", "journalctl -o json -b | grep -q GUARD_")


def apt(machine, tap):
    """A package that is not listed installs and does not run until it is listed."""
    guest = machine.use()
    guest.run("mkdir -p /etc/apt/sources.list.d; rm -f /etc/apt/sources.list; "
              "echo 'deb [trusted=yes] file:/mnt/guard-tests/repo ./' > /etc/apt/sources.list.d/local.list")
    apt_get = "DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 "
    must(guest, tap, "apt-get update", apt_get + "update", 200)
    must(guest, tap, "apt-get install hello", apt_get + "install -y hello", 300)
    code, output = guest.run("hello 2>&1")
    tap.check(code != 0 and "Operation not permitted" in output, "hello is denied while it is not listed", output)
    code, output = guest.run("guardctl events --denied --limit 20")
    tap.check("/usr/bin/hello" in output, "events name it", output)
    code, output = guest.run("guardctl why")
    tap.check("/usr/bin/hello" in output, "why names it", output)
    tap.note(output)
    code, output = guest.run(apt_get + "install -y guard-hostile 2>&1", 300)
    tap.check(code != 0, "a package whose script is not listed does not install", output)
    must(guest, tap, "and its script left no trace", "test ! -e /run/guard-hostile")
    must(guest, tap, "dpkg is sound after it is taken away", "dpkg --force-all --purge guard-hostile; dpkg --audit")
    must(guest, tap, "the unpacked package is listed",
         "dpkg-deb -x /mnt/guard-tests/repo/hello_*.deb /root/hello && "
         "guardctl scan /root/hello --id hello --output /root/hello.conf")
    # One policy header only: the machine's own, one version higher.
    must(guest, tap, "and built into the machine's policy",
         "sed -i '/^policy = {/,/^};/d' /root/hello.conf && sed -i '/^interpreters = (/,/^);/d; /^readers = \\[/,/^\\];/d' "
         "/root/hello.conf && sed -i 's/version = 1;/version = 2;/' /etc/guard/guest.conf && "
         "guardctl policy build /etc/guard/guest.conf /root/hello.conf --output /etc/guard/policy.image && guardctl reload")
    code, output = guest.run("hello")
    tap.check(code == 0 and "Hello" in output, "hello runs once it is listed", output)


def services(machine, tap):
    """Programs that nobody at a keyboard starts."""
    attacks.started_by_services(machine.use(), tap)


def processes(machine, tap):
    """Kill, restart, upgrade: no gap."""
    machine.use()
    attacks.integration(machine.guest, tap, ["16-crash"], 900)
    attacks.restarts(machine.guest, tap)
    must(machine.guest, tap, "the ledger verifies after it all", "guardctl ledger verify")


# What a whole machine or the kernel layer could change; all else the development
# machine asks as well.
WHOLE = ("02-descriptors", "04-loader", "05-libraries", "10-mounts", "11-roots", "12-races")


def evasion(machine, tap):
    """Integration cases where every filesystem is protected and the kernel holds."""
    machine.use()
    attacks.integration(machine.guest, tap, WHOLE, 1500)
    must(machine.guest, tap, "the ledger verifies after it all", "guardctl ledger verify")


def evasion_rest(machine, tap):
    """The others; what `processes` runs is left to it."""
    machine.use()
    cases = sorted(name[:-3] for name in os.listdir(os.path.join(HERE, "../integration/cases")))
    attacks.integration(machine.guest, tap, [name for name in cases if name not in WHOLE + ("16-crash",)], 1500)


def alone(machine, tap):
    """A part of `kernel` by itself."""
    guest = machine.use()
    must(guest, tap, "the layer is on", "guardctl status | grep 'kernel layer on'")
    data.data(guest, tap)


def hostile_hour(machine, tap):
    """What `kernel` tries once, for an hour."""
    hostile.hour(machine, tap, kernel.ready, kernel.both, kernel.COPY)


def remove(machine, tap):
    """Purged, the machine is as free as it was, also after a reboot."""
    machine.boot(fresh=False)
    guest = machine.guest
    must(guest, tap, "apt-get purges the packages",
         "DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 purge -y guardd guardctl libguard0 libguard-dev", 300)
    must(guest, tap, "an unlisted program runs again",
         "cp %s/quiet /tmp/x && echo >> /tmp/x && /tmp/x" % LISTED)
    must(guest, tap, "no process is left", "! pgrep -x guardd")
    guest.power_off()
    machine.boot(fresh=False)
    settle(machine.guest, tap, "the machine starts without it")
    now = set(machine.guest.run(ACTIVE)[1].split())
    missing = machine.facts["active"] - now - PASSING
    tap.check(not missing, "every unit is there again", sorted(missing))


# In this order: those from `boot` to `kernel` share one boot (what is emulated starts slowly).
ALL = (("install", install), ("boot", boot), ("services", services), ("evasion", evasion), ("processes", processes),
       ("apt", apt), ("kernel", kernel.kernel),
       ("cuts", power.cuts), ("remove", remove))
# Only when named: the development machine asks the rest of the cases too, unlocks wait for time to pass,
# root is hostile for an hour, twenty losses of power take a quarter of an hour, a maintenance goes through two upgrades, going
# back starts the machine three times, managed pulls its plug, signers unpacks every package of the machine once more, bench is scripts/bench --guest's.
NAMED = (("evasion-rest", evasion_rest), ("hostile", hostile_hour), ("foundations", foundations.foundations), ("power", power.power),
         ("unlock", unlock.unlock), ("maintenance", maintenance.maintenance), ("back", going_back.back), ("managed", managed.managed),
         ("bench", bench.bench), ("data", alone),
         ("signers", two_keys.signers))
# They make a machine of their own.
ALONE = {"signers"}
