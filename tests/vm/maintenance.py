# SPDX-License-Identifier: MIT
#
# tests/vm/maintenance.py - the legitimate way in, on a machine that protects itself
# in the kernel: refused without a maintenance; given by phone, and signed by
# headquarters; an upgrade in place while an unlisted program is tried without end;
# afterwards closed again; removal.
import io
import json
import os
import shlex
import subprocess
import tarfile
import tempfile

import attacks
from unlock import MACHINE, Desk

LISTED = "/mnt/guard-tests/integration/listed"
DEBS = "/mnt/guard-tests/debs"
APT = "DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 "
MARK = "/run/maintenance-mark"
EVIL = "/opt/maintenance-evil"
# What an upgrade of the boot loader does, without a byte.
DISK = "dd if=/dev/zero of=/dev/vda bs=1 count=0 conv=notrunc"
# Tries without a pause; what it leaves are its pid and how often it tried.
TRIES = ("setsid sh -c 'n=0; while :; do GUARD_MARK=%s %s; n=$((n + 1)); echo $n > /run/tries; done' > /dev/null 2>&1 & "
         "echo $! > /run/tries.pid" % (MARK, EVIL))


def status(guest):
    code, output = guest.run("guardctl --json status", 30)
    return json.loads(output) if code == 0 else {}


def holds(guest, tap, when):
    """Unlisted is refused; the layer is on; root cannot stop it."""
    now = status(guest)
    tap.check(now.get("enforcing") and now.get("backend") == "bpf", "enforcing in the kernel " + when, now)
    guest.run("rm -f %s; GUARD_MARK=%s %s" % (MARK, MARK, EVIL))
    tap.check(guest.run("test -s " + MARK)[0] != 0, "an unlisted program does not run " + when)


def closed(guest, tap, when):
    keeper = status(guest).get("keeper_pid", 0)
    tap.check(guest.run("kill -TERM %d" % keeper)[0] != 0, "root cannot end it " + when)
    for name, command in (("the program", "mv /usr/sbin/guardd /usr/sbin/g"), ("its mode", "chmod 0 /usr/sbin/guardd"),
                          ("the library", "mv /usr/lib/*/libguard.so.0 /root"),
                          ("the configuration", "echo x >> /etc/guard/guardd.conf"),
                          ("the disk", DISK), ("a mask", "ln -sf /dev/null /etc/systemd/system/guardd.service")):
        code, output = guest.run(command)
        tap.check(code != 0, "root cannot change %s %s" % (name, when), output)
    for name, command in (("apt-get remove", APT + "remove -y guardd"),
                          ("an upgrade", APT + "install --reinstall -y %s/guardd_*.deb" % DEBS),
                          ("an upgrade of the library", APT + "install --reinstall -y %s/libguard0_*.deb" % DEBS)):
        code, output = guest.run(command + " 2>&1", 300)
        tap.check(code != 0 and "guardctl maintenance" in output, "%s is refused, and says how to ask %s" % (name, when),
                  output[-2000:])
    guest.run("dpkg --configure -a")


def by_phone(guest, tap, desk):
    code, output = guest.run("guardctl --json request --scope maintenance --reason upgrade", 60)
    if not tap.check(code == 0, "a maintenance can be asked for by phone", output):
        return
    number = json.loads(output)["number"]
    code = json.loads(desk.run("answer", "--machine", MACHINE, "--user", "root", "--number", number, "--reason", "test",
                               "--ticket", "T-1", "--operator", "sato"))["answer"]
    code, output = guest.run("guardctl unlock " + code, 60)
    tap.check(code == 0, "the help desk's code is taken", output)
    tap.check(attacks.wait_for(guest, "guardctl maintenance check", 20), "a maintenance is open, by phone")


def upgrade(guest, tap):
    """The package again, in place, while the unlisted program is tried throughout."""
    guest.run("rm -f %s /run/tries; %s" % (MARK, TRIES))
    tap.check(attacks.wait_for(guest, "test -s /run/tries", 30), "tries run")
    before = status(guest).get("keeper_pid"), guest.run("stat -c %i /usr/sbin/guardd")[1]
    code, output = guest.run(APT + "install --reinstall -y {0}/guardd_*.deb {0}/guardctl_*.deb {0}/libguard0_*.deb 2>&1".format(DEBS), 600)
    tap.check(code == 0, "apt-get upgrades in a maintenance", output[-2000:])
    tap.check(attacks.wait_for(guest, "guardctl events --limit 60 | grep -q 'taken over from the one before'", 90),
              "the daemon becomes the new program", guest.run("journalctl -b -u guardd -n 20 --no-pager")[1])
    tap.check(before[1] != guest.run("stat -c %i /usr/sbin/guardd")[1], "the file is another")
    guest.run("kill -- -$(cat /run/tries.pid); kill $(cat /run/tries.pid)")
    tries = guest.run("cat /run/tries")[1].strip()
    tap.check(guest.run("test -s " + MARK)[0] != 0, "none of the tries ran")
    tap.note("tries during the upgrade: " + tries)
    tap.check("was let, in a maintenance" in guest.run("guardctl events --limit 400")[1], "what root did is in the ledger")


# ---- headquarters: made here, served in the guest ------------------------------------------

SERVE = '''
import http.server, os, ssl
os.chdir("/root/published")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 8443), http.server.SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/root/server.pem", "/root/server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
'''


class Headquarters:
    def __init__(self, build, folder):
        self.program, self.folder = build + "/guardctl/guardctl", tempfile.mkdtemp(prefix="hq.", dir=folder)
        os.makedirs(self.folder + "/keys")
        for key in ("root-1", "root-2", "root-3", "hq", "online", "osaka"):
            self.run("keys", "new", "keys/" + key, "--unattended")
        self.run("repo", "init")
        self.print = [word for word in self.run("repo", "init", "--key", "keys/root-1", "--key", "keys/root-3").split()
                      if word.count("-") == 4 and len(word) == 24][0]
        subprocess.run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost "
                       "-addext subjectAltName=DNS:localhost -keyout server.key -out server.pem", shell=True, check=True,
                       cwd=self.folder, stderr=subprocess.DEVNULL)

    def run(self, *words):
        return subprocess.run([self.program] + list(words), check=True, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=self.folder).stdout

    def publish(self, guest):
        self.run("repo", "publish", "--key", "keys/hq", "--key", "keys/online")
        bytes_ = io.BytesIO()
        with tarfile.open(fileobj=bytes_, mode="w:gz") as tar:
            tar.add(self.folder + "/published", arcname="published")
        guest.write("/root/published.tar.gz", bytes_.getvalue())
        guest.run("tar -C /root -xzf /root/published.tar.gz")


def enrol(machine, tap):
    """A managed machine whose policy is what it listed of itself."""
    guest, hq = machine.guest, Headquarters(machine.build, machine.folder)
    code, text = guest.run("sed 's/version = 1;/version = 2; unlock = { file = \"30m\"; maintenance = \"20m\"; }; "
                           "maintenance = { longest = \"20m\"; };/' /etc/guard/guest.conf | gzip -9 | base64 -w0", 120)
    guest.run("date +%s > /run/now")
    with open(hq.folder + "/guest.b64", "w") as file:
        file.write(text)
    subprocess.run("base64 -d guest.b64 | gunzip > hq.conf", shell=True, check=True, cwd=hq.folder)
    hq.run("repo", "delegate", "osaka", "--key", "keys/osaka.pub", "--hosts", "*", "--type", "desktop")
    hq.publish(guest)
    for name in ("server.pem", "server.key"):
        with open(hq.folder + "/" + name, "rb") as file:
            guest.write("/root/" + name, file.read())
    # Given as inline code: a file of it would be an unlisted script.
    guest.run("setsid python3 -c %s > /root/serve.log 2>&1 &" % shlex.quote(SERVE))
    attacks.wait_for(guest, "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 8443))'", 30)
    code, output = guest.run("guardctl enroll https://localhost:8443 --office osaka --ca /root/server.pem --interval 2 "
                             "--fingerprint " + hq.print, 300)
    tap.check(code == 0, "enrolled", output)
    return hq


def prepare(machine, tap, desk):
    guest = machine.guest
    guest.run("systemctl stop systemd-timesyncd; cp %s/payload %s; date +%%N >> %s; chmod 755 %s" % (LISTED, EVIL, EVIL, EVIL))
    guest.write("/etc/guard/verifiers", desk.verifiers())
    guest.run("chmod 600 /etc/guard/verifiers; sed -i 's/^backend = .*/backend = \"bpf\";/' /etc/guard/guardd.conf; "
              "printf 'unlock = { verifiers = \"/etc/guard/verifiers\"; };\\nmachine = { host = \"%s\"; };\\n' "
              ">> /etc/guard/guardd.conf; systemctl restart guardd" % MACHINE, 120)
    hq = enrol(machine, tap)
    guest.run("echo 'self_protection = true;' >> /etc/guard/guardd.conf; systemctl restart guardd", 120)
    tap.check(attacks.wait_for(guest, "guardctl --json status | grep -q '\"self_protection\":true'", 60),
              "up, and guarded against root", guest.run("guardctl status; journalctl -b -u guardd -n 10 --no-pager")[1])
    return hq


def signed(guest, tap, hq, name):
    hq.run("maintenance", "grant", "--office", "osaka", "--hosts", "pc-*", "--id", name, "--until", "400d", "--reason", "guard 1.2")
    hq.publish(guest)
    guest.run("guardctl reload")
    tap.check(attacks.wait_for(guest, "guardctl maintenance | grep -q " + name, 60), "the grant arrives: " + name,
              guest.run("guardctl maintenance; guardctl status")[1])
    code, output = guest.run("guardctl maintenance begin %s --reason upgrade" % name, 60)
    tap.check(code == 0, "root begins it", output)
    tap.check(attacks.wait_for(guest, "guardctl maintenance check", 20), "a maintenance is open, signed")


def maintenance(machine, tap):
    """Everything at once: what follows builds on what was before."""
    machine.boot()
    guest, desk = machine.guest, Desk(machine.build, machine.folder)
    hq = prepare(machine, tap, desk)
    holds(guest, tap, "before")
    closed(guest, tap, "without a maintenance")
    by_phone(guest, tap, desk)
    holds(guest, tap, "in a maintenance")
    code, output = guest.run(shlex.join(("runuser", "-u", "alice", "--", "sh", "-c", "kill -TERM $1", "x",
                                         str(status(guest).get("gate_pid", 0)))))
    tap.check(code != 0, "a user is let nothing", output)
    tap.check(guest.run(DISK)[0] == 0, "root may write to the disk in a maintenance")
    upgrade(guest, tap)
    holds(guest, tap, "after the upgrade")
    guest.run("guardctl maintenance end")
    closed(guest, tap, "after the end")
    signed(guest, tap, hq, "last")
    code, output = guest.run("systemctl restart guardd", 120)
    tap.check(code == 0 and attacks.wait_for(guest, "guardctl status", 60), "restarted in a maintenance", output)
    holds(guest, tap, "after a restart")
    code, output = guest.run(APT + "remove -y guardd 2>&1", 300)
    tap.check(code == 0, "apt-get removes it in a maintenance", output[-2000:])
    guest.run("rm -f %s; GUARD_MARK=%s %s" % (MARK, MARK, EVIL))
    tap.check(guest.run("test -s " + MARK)[0] == 0, "then an unlisted program runs again")
