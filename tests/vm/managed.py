# SPDX-License-Identifier: MIT
#
# tests/vm/managed.py - central policy end to end on a whole machine that enforces over
# all its filesystems: enrolled, an exception of its office within an interval and
# ended by a denial, the plug pulled after an update, a start without the repository,
# and what was meanwhile published caught up with.  Headquarters is made on the host;
# its folder is served in the guest.
import shlex

import attacks
import maintenance
import power

KESSAN, OTHER, LONG = "/opt/kessan", "/opt/other", "/opt/long"


def runs(guest, path):
    guest.run("rm -f /run/managed-mark; GUARD_MARK=/run/managed-mark " + path)
    return guest.run("test -s /run/managed-mark")[0] == 0


def state(guest):
    return maintenance.status(guest).get("repository", {})


def arrived(guest, path, seconds=90):
    """Nobody asks for it: the interval's check brings it."""
    return attacks.wait_for(guest, "rm -f /run/managed-mark; GUARD_MARK=/run/managed-mark %s; test -s /run/managed-mark" % path, seconds)


def digest(guest, path):
    return guest.run("sha256sum < " + path)[1].split()[0]


def except_for(hq, guest, path, until):
    hq.run("exception", "add", "--office", "osaka", "--sha256", digest(guest, path), "--until", until, "--id",
           path.rpartition("/")[2], "--reason", "closing", "--key", "keys/osaka")
    hq.publish(guest)


def serve(guest):
    guest.run("setsid python3 -c %s > /root/serve.log 2>&1 &" % shlex.quote(maintenance.SERVE))
    attacks.wait_for(guest, "python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 8443))'", 60)


def exceptions(guest, tap, hq):
    code, output = guest.run("guardctl reload", 60)
    tap.check(code == 1 and "until headquarters releases it" in output, "a local policy is refused with a sentence", output)
    tap.check(not runs(guest, KESSAN), "what nobody lists does not run")
    except_for(hq, guest, KESSAN, "30d")
    tap.check(arrived(guest, KESSAN), "the office's exception runs", guest.run("guardctl status")[1])
    except_for(hq, guest, LONG, "30d")
    tap.check(attacks.wait_for(guest, "setsid %s 900 > /dev/null 2>&1 & sleep 0.5; pgrep -x long" % LONG, 90),
              "and so does one that goes on", guest.run("guardctl status")[1])
    tap.check(not runs(guest, OTHER), "another does not")


def denial(guest, tap, hq):
    hq.run("deny", "--sha256", digest(guest, LONG), "--now", "--reason", "notice 12", "--key", "keys/hq", "--key", "keys/online")
    hq.publish(guest)
    tap.check(attacks.wait_for(guest, "! pgrep -x long", 90), "a denial at once ends what runs",
              guest.run("guardctl status; guardctl events --limit 10")[1])
    code, output = guest.run(LONG + " 1 2>&1")
    tap.check(code != 0 and "not permitted" in output, "and beats the exception", output)
    tap.check(runs(guest, KESSAN), "the other exception goes on")


def lose_power(rounds, tap):
    """At once after the update; the repository is not there when the machine is back."""
    before = state(rounds.machine.guest)
    rounds.machine.guest.kill()
    guest = rounds.start()
    guest.wait_boot()
    tap.check(attacks.wait_for(guest, power.ENFORCING, 180), "after the power went: enforcing", guest.run("guardctl status")[1])
    attacks.wait_for(guest, "test -e %s/payload" % attacks.LISTED, 180)
    after = state(guest)
    tap.check(after.get("snapshot") == before.get("snapshot") and after.get("profile") == "desktop",
              "what was in force is in force, without the repository", (before, after))
    tap.check(runs(guest, KESSAN), "the exception holds")
    tap.check(guest.run(LONG + " 1")[0] != 0, "the denial holds")
    tap.check(not runs(guest, OTHER), "what nobody lists does not run, after the power went")
    return guest


def managed(machine, tap):
    """Everything at once: what follows builds on what was before."""
    rounds = power.Rounds(machine, tap, 1)
    guest = rounds.start()
    guest.wait_boot()
    attacks.wait_for(guest, "test -e %s/payload" % attacks.LISTED, 180)  # its disk comes late
    guest.run("for f in {0} {1}; do cp {2}/payload $f; echo $f >> $f; chmod 755 $f; done; cp /usr/bin/sleep {3}; echo >> {3}"
              .format(KESSAN, OTHER, attacks.LISTED, LONG))
    hq = maintenance.enrol(machine, tap)
    exceptions(guest, tap, hq)
    denial(guest, tap, hq)
    guest = lose_power(rounds, tap)
    serve(guest)
    except_for(hq, guest, OTHER, "30d")
    tap.check(arrived(guest, OTHER, 180), "it catches up with what was published since", guest.run("guardctl status")[1])
    tap.check(state(guest).get("state") == "ok", "and is well", guest.run("guardctl status")[1])
    code, output = guest.run("guardctl ledger verify", 120)
    tap.check(code == 0, "the ledger's chain is whole", output)
    machine.stop()
