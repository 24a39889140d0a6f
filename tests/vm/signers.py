# SPDX-License-Identifier: MIT
#
# tests/vm/signers.py - a whole machine that lists no file by content: the policy
# names Debian's archive key and the key that signed the vendor's catalogs, and
# nothing else.  Its packages, lists and keys come from the host's own apt and the
# image's cache, as they were signed (signers_disk.py).
import json
import time

import attacks
import signers_disk
from guest import Guest, overlay

DISK = "/mnt/guard-tests"
APT = "DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 "
POLICY = "/etc/guard/signers.conf"
LISTS = (DISK + "/debian/dists/bookworm").replace("/", "_")  # as apt names what it has of there
ACTIVE = ("systemctl list-units --all --no-legend --plain --state=active --type=service,socket,timer,mount,target,path "
          "| awk '{print $1}' | grep -v -e '^user@' -e '^session-' -e '^user-' -e '\\.swap$' | sort")
PASSING = {"systemd-fsckd.service", "systemd-tmpfiles-clean.service", "systemd-update-utmp-runlevel.service"}


class Trial:
    """The guest, the results, and what every step asks of them."""

    def __init__(self, machine, tap):
        self.machine, self.tap = machine, tap
        self.version = self.booted = 0  # of the policy: the last built, that the machine came up with
        self.disk = overlay(machine.folder + "/signers.qcow2", machine.image + "/disk.raw", "raw")

    def boot(self):
        self.machine.stop()
        self.machine.guest = Guest(self.machine.image, self.disk, self.machine.folder + "/signers.img",
                                   self.machine.folder)
        return self.machine.guest.wait_boot()

    def run(self, command, timeout=120):
        return self.machine.guest.run(command, timeout)

    def must(self, name, command, timeout=120):
        code, output = self.run(command, timeout)
        self.tap.check(code == 0, name, "%s -> %d\n%s" % (command, code, output[-3000:]))
        return output

    def build(self, mode, **how):
        """The next version of the policy, in place."""
        self.version += 1
        self.machine.guest.write(POLICY, signers_disk.policy(self.version, mode, **how).encode())
        return self.must("the policy of two keys is built (%s)" % mode,
                         "guardctl policy build %s /usr/share/guard/policy/presets/common.conf --whole-machine "
                         "--output /etc/guard/policy.image" % POLICY)

    def denied(self):
        return self.run("guardctl events --denied --limit 60")[1]

    def settled(self, name):
        _, output = self.run("systemctl is-system-running --wait", 240)
        self.tap.check(output.strip() == "running", name,
                       output + self.run("systemctl --failed --no-pager; guardctl events --denied --limit 40")[1])


def set_up(trial):
    """The plain machine: guard, older builds of some packages, the vendor's lists."""
    trial.must("guard is installed", "dpkg -i %s/guard/*.deb" % DISK, 600)
    trial.must("the vendor's own builds of some packages are installed", "dpkg --force-unsafe-io -i %s/old/*.deb" % DISK, 600)
    active = set(trial.run(ACTIVE)[1].split())
    trial.must("the vendor's catalog is in place",
               "mkdir -p /etc/guard/catalogs && cp %s/acme/*.sha256* /etc/guard/catalogs/ && "
               "cp %s/acme/*.pem %s/acme/*.gpg /etc/guard/" % (DISK, DISK, DISK))
    # What installation scripts made on this machine (compiled Python) is nobody's but ours.
    trial.must("what no package brought is signed by the vendor, too",
               "install -m 600 %s/acme/acme.key /root/acme.key && "
               "guardctl sign catalog /usr/local /usr/lib/python3 /usr/lib/python3.11 --key /root/acme.key "
               "--certificate /etc/guard/acme.pem --output /etc/guard/catalogs/made-here.sha256 && "
               "rm /root/acme.key" % DISK, 600)
    return active


def attribute(trial):
    """First start: what is installed is attributed by its archive copies."""
    trial.build("enforce")
    code, output = trial.run("systemctl start guardd", 120)
    said = trial.run("journalctl -b -u guardd --no-pager -n 40")[1]
    trial.tap.check(code != 0 and "would lock this machine out" in said and "guardctl packages installed" in said,
                    "enforcing is refused while nobody vouches for init and the shell, and the way out is said",
                    output + said)
    trial.run("systemctl stop guardd; systemctl reset-failed guardd")
    trial.build("audit")
    trial.must("the daemon starts in audit", "systemctl start guardd && guardctl status", 120)
    output = trial.must("the packages of this machine are attributed by their archive copies",
                        "guardctl packages --lists %s/lists --archives %s/archives installed" % (DISK, DISK), 900)
    trial.tap.note(output.splitlines()[-1] if output else "")
    trial.build("enforce")
    trial.must("now the machine can live by it", "guardctl reload && guardctl status", 120)
    trial.must("the service is switched on", "systemctl enable guardd && "
               "sed -i 's|^  file = \"/etc/guard/policy.image\";|&  trial_seconds = 15;|' /etc/guard/guardd.conf && "
               "grep -q trial_seconds /etc/guard/guardd.conf")


def still_missing(trial, active, seconds=240):
    """Units that do not come: what waits for a device comes late on an emulated machine."""
    deadline = time.monotonic() + seconds
    while True:
        missing = active - set(trial.run(ACTIVE)[1].split()) - PASSING
        if not missing or time.monotonic() > deadline:
            return missing
        time.sleep(1)


def reboot(trial, active):
    """Everything comes up under enforcement; what nobody signed does not run."""
    trial.machine.guest.power_off()
    trial.tap.note("up again after %.1f s" % trial.boot())
    trial.settled("the machine that lists nothing by content starts")
    trial.booted = trial.version
    state = json.loads(trial.must("the daemon enforces", "guardctl --json status"))
    trial.tap.check(state.get("enforcing"), "status says enforcing", state)
    missing = still_missing(trial, active)
    trial.tap.check(not missing, "every unit that was active is active again", sorted(missing))
    trial.tap.check(state.get("denied") == 0, "nothing is denied while starting", trial.denied())
    for name, command in (("su", "su - alice -c id"), ("python", "python3 -c 'import json, ssl, sqlite3'"),
                          ("perl", "perl -MPOSIX -e 1"), ("apt", "apt-get check"), ("a module", "modprobe dummy")):
        trial.must("works: " + name, command)
    trial.run("cp /usr/bin/true /opt/evil; echo >> /opt/evil")
    code, output = trial.run("/opt/evil")
    trial.tap.check(code != 0, "what nobody signed does not run", output)
    trial.tap.check(attacks.wait_for(trial.machine.guest, "guardctl events --limit 400 | grep -q 'the machine came up with it'", 180),
                    "the policy proves itself", trial.run("guardctl events --limit 20")[1])
    code, output = trial.run("guardctl explain /usr/bin/dash")
    trial.tap.check(code == 0 and "Debian" in output, "explain names who vouches for the shell", output)
    code, output = trial.run("guardctl explain /opt/evil")
    trial.tap.check(code == 1, "and for the other says deny", output)


# A module whose signature is taken off (`plain`), or one byte of which is another (`flipped`).
MODULE = '''
module = open("/root/dummy.ko", "rb").read()
size = int.from_bytes(module[-32:-28], "big")
open("/root/plain", "wb").write(module[:-40 - size])
at = module.index(b"license=") + 8
open("/root/flipped.ko", "wb").write(module[:at] + bytes([module[at] ^ 1]) + module[at + 1:])
'''
STRANGE = ("openssl cms -sign -binary -outform DER -nocerts -noattr -md sha256 -signer %s/acme/acme.pem -inkey %s/acme/acme.key "
           "-in /root/plain -out /root/cms && python3 -c 'import os; print(\"%%016x%%08x\" %% (0x20000000000, os.path.getsize(\"/root/cms\")))' "
           "| python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(input()))' > /root/info && "
           "{ cat /root/plain /root/cms /root/info; printf '~Module signature appended~\\n'; } > /root/strange.ko" % (DISK, DISK))


def modules(trial):
    """The kernel's own modules, by the key of the build that signed them."""
    guest = trial.machine.guest
    guest.write("/etc/guard/kernel.der", signers_disk.kernel_certificate(trial.machine.image + "/vmlinuz"))
    trial.build("enforce", modules=True)
    trial.must("modules count by the kernel's key alone", "guardctl reload")
    trial.must("a copy of a signed module, one changed, one signed by another",
               "modprobe -r dummy; cp $(find /lib/modules -name dummy.ko) /root/dummy.ko && "
               "python3 - << 'END'\n%sEND\n%s" % (MODULE, STRANGE))
    trial.must("the signed module is loaded", "insmod /root/dummy.ko && rmmod dummy")
    trial.must("and by its own name", "modprobe dummy && rmmod dummy")
    output = trial.run("guardctl signers /root/dummy.ko")[1]
    trial.tap.check("appended: good" in output, "signers says so", output)
    for name, reason in (("flipped", "changed after it was signed"), ("strange", "no key that the policy names"),
                         ("plain", "")):
        code, output = trial.run("insmod /root/" + name + ("" if name == "plain" else ".ko"))
        denied = trial.denied()
        trial.tap.check(code != 0 and "/root/" + name in denied, "not loaded: " + name, output + denied)
        output = trial.run("guardctl why")[1]
        trial.tap.check(reason in output, "why says the reason: " + name, output)
    trial.build("enforce", modules=True, revoked=True)
    trial.must("the kernel's key is revoked", "guardctl reload")
    code, output = trial.run("insmod /root/dummy.ko")
    trial.tap.check(code != 0 and "/root/dummy.ko" in trial.denied(), "not loaded: by a key that is revoked", output)
    trial.build("enforce", modules=True)
    trial.must("and is named again", "guardctl reload && insmod /root/dummy.ko && rmmod dummy")


def hello(trial, name, runs):
    code, output = trial.run("hello")
    good = code == 0 and "Hello" in output if runs else code != 0 and "not permitted" in output
    trial.tap.check(good, name, "%d: %s\n%s" % (code, output, trial.denied()))


def apt(trial):
    """The same package: unsigned, changed, signed."""
    trial.run("rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/*")
    trial.machine.guest.write("/etc/apt/sources.list", ("deb [trusted=yes] file:%s/unsigned ./\n" % DISK).encode())
    trial.must("apt reads an unsigned repository that it was told to trust", APT + "update", 200)
    output = trial.must("apt installs from it", APT + "install -y hello 2>&1", 300)
    trial.tap.check("will not run" in output, "and says that it will not run", output)
    hello(trial, "the unsigned package does not run", False)
    trial.must("it is purged", APT + "purge -y hello", 200)
    trial.machine.guest.write("/etc/apt/sources.list", ("deb file:%s/debian bookworm main\n" % DISK).encode())
    # The host has the index as apt keeps it, not as the mirror packs it: `update` cannot fetch it again.
    trial.must("apt has the lists that Debian signed", "rm -rf /var/lib/apt/lists/* && "
               "cp {0}/dists/bookworm/InRelease /var/lib/apt/lists/{1}_InRelease && "
               "cp {0}/dists/bookworm/main/binary-amd64/Packages /var/lib/apt/lists/{1}_main_binary-amd64_Packages && "
               "apt-cache policy hello | grep {0}".format(DISK + "/debian", LISTS), 600)
    trial.must("a package that was changed after the signature is unpacked", "dpkg -i %s/changed/hello.deb" % DISK)
    hello(trial, "the changed package does not run", False)
    code, output = trial.run("guardctl packages add %s/changed/hello.deb" % DISK, 200)
    trial.tap.check(code == 1, "nor is it attributed by hand", output)
    trial.must("apt installs the signed one in its place", APT + "install -y --reinstall hello 2>&1", 600)
    hello(trial, "the signed package runs at once", True)


def dist_upgrade(trial):
    """From the vendor's builds to Debian's, maintainer scripts and services included."""
    before = json.loads(trial.run("guardctl --json status")[1])
    output = trial.must("a dist-upgrade of several packages goes through", APT + "dist-upgrade -y 2>&1", 900)
    trial.tap.check("will not run" not in output, "all of it is attributed", output)
    for name, version in sorted(signers_disk.upgraded(trial.machine.folder).items()):
        trial.must("upgraded: " + name, "test \"$(dpkg-query -W -f '${db:Status-Status} ${Version}' %s)\" = 'installed %s'"
                   % (name, version))
    after = json.loads(trial.run("guardctl --json status")[1])
    trial.tap.check(after["denied"] == before["denied"], "nothing was denied on the way", trial.denied())
    for name, command in (("zip", "zip -v"), ("gawk", "gawk 'BEGIN { print 1 }'"), ("openssl", "openssl version"),
                          ("cron", "systemctl is-active cron"), ("at", "systemctl is-active atd")):
        trial.must("the new version works: " + name, command)
    trial.must("the ledger verifies", "guardctl ledger verify")


def came_back(trial, version, seconds=120):
    return attacks.wait_for(trial.machine.guest, "guardctl --json status | grep -q '\"policy_version\": *%d[,}]'" % version,
                            seconds)


def last_good(trial):
    """Of a policy by signers whose vouchers are gone the machine starts with the one before."""
    # Debian vouches for all but the package of login; that a catalog does.
    trial.must("a catalog vouches for login", "install -m 600 %s/acme/acme.key /root/acme.key && "
               "guardctl sign catalog --all /usr/bin/login --key /root/acme.key --certificate /etc/guard/acme.pem "
               "--output /etc/guard/catalogs/login.sha256 && rm /root/acme.key" % DISK, 200)
    trial.build("enforce", packages='"[!l]*", "l[!o]*", "lo[!g]*", "log[!i]*"')
    trial.must("a policy in which nobody else does is taken", "guardctl reload && guardctl status")
    trial.must("the catalog is removed, the machine goes off", "rm /etc/guard/catalogs/login.sha256* && sync")
    trial.machine.guest.power_off()
    trial.tap.note("up again after %.1f s" % trial.boot())
    said = trial.run("guardctl status; journalctl -b -u guardd --no-pager -n 20")
    trial.tap.check(came_back(trial, trial.booted), "the machine starts with the policy before", said[1])
    said = trial.run("guardctl status")[1]
    trial.tap.check("went back" in said and "/usr/bin/login" in said, "status says so, and why", said)
    trial.must("one can log in", "su - alice -c id")
    trial.run("cp /usr/bin/true /opt/evil; echo >> /opt/evil")
    code, output = trial.run("/opt/evil")
    trial.tap.check(code != 0, "what nobody vouches for is refused", output)
    trial.must("the daemon is restarted", "systemctl restart guardd")
    code, output = trial.run("guardctl status")
    trial.tap.check(code == 0, "and stays with it", output + trial.denied() + trial.run("guardctl why; journalctl -u guardd -n 30 --no-pager")[1])
    trial.tap.check(came_back(trial, trial.booted), "the same policy is in force", trial.run("guardctl status")[1])
    trial.must("the ledger's chain is whole", "guardctl ledger verify")


def signers(machine, tap):
    reason = signers_disk.make(machine.folder, machine.build)
    if reason:
        tap.skip("the machine of two keys", reason)
        return
    trial = Trial(machine, tap)
    trial.boot()
    trial.settled("the plain machine starts")
    active = set_up(trial)
    attribute(trial)
    reboot(trial, active)
    modules(trial)
    apt(trial)
    dist_upgrade(trial)
    last_good(trial)
    tap.note("power off after %.1f s" % machine.guest.power_off())
    machine.stop()
