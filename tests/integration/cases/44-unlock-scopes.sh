# SPDX-License-Identifier: MIT
# where: host
# Why: the wide unlocks stay within their bounds: an installer with what it
# starts and writes, the whole machine in audit mode; both end, and what they
# brought ends with them; crashes and a dead recorder open nothing.
. "$(dirname "$0")/../lib.sh"
set -- $AREAS
area=$1
chmod 755 "$area"
desk=$SCRATCH/desk
mkdir -p "$desk/sets" "$area/app"
chmod 777 "$area/app"
echo "correct horse" > "$desk/pass"
U="$AS_USER $GUARDCTL --socket $SOCKET"

field() { "$PYTHON" -c 'import json, sys; print(json.loads(sys.stdin.readline())[sys.argv[1]])' "$1"; }
helpdesk() { "$GUARDCTL" helpdesk "$1" --key "$desk/key" --passphrase-file "$desk/pass" "${@:2}"; }
answer_for()
{
	"$GUARDCTL" --json answer --key "$desk/key" --passphrase-file "$desk/pass" --machine pc-1 --user nobody \
		--number "$1" --reason test --ticket T-1 --operator sato | field answer
}
# unlock REQUEST-ARGUMENT...: ask, answer, unlock; prints the id.
unlock() { $U --json unlock "$(answer_for "$($U --json request --reason x "$@" | field number)")" | field id; }
pid_of() { local pid; for pid in $(guard_pids); do [ "$(cat "/proc/$pid/comm")" = "$1" ] && echo "$pid" && return; done; }

# ---- set up ---------------------------------------------------------------------
rm -rf "$SCRATCH/state" "$SCRATCH/run"
mkdir -p "$SCRATCH/etc" "$SCRATCH/state"
mount -t tmpfs -o size=24m,mode=755 guard-state "$SCRATCH/state" # a disk that can be filled
evil payload "$area/forbidden"
helpdesk key > /dev/null
helpdesk verifiers --output "$desk/sets" pc-1
install -m 600 "$desk/sets/pc-1.verifiers" "$SCRATCH/etc/verifiers"
make_policy enforce "$LISTED"
"$PYTHON" - "$SCRATCH/etc/policy.conf" "$(sha256sum "$area/forbidden" | cut -d ' ' -f 1)" <<- 'END'
	import re, sys
	path, digest = sys.argv[1:]
	text = open(path).read()
	text = re.sub(r'version = \d+;', 'version = 2; running = "end"; unlock = { file = "10m"; install = "10m"; audit = "10m"; };', text, count=1)
	text = text.replace('groups = (', 'groups = ( { name = "bad"; rules = ( { action = "deny"; sha256 = [ "%s" ]; } ); },' % digest, 1)
	open(path, 'w').write(text)
END
"$GUARDCTL" policy build "$SCRATCH/etc/policy.conf" --output "$IMAGE" > "$SCRATCH/log/build" 2>&1
write_config "unlock = { verifiers = \"$SCRATCH/etc/verifiers\"; };" 'machine = { host = "pc-1"; };'
launch_guardd || { fail "the daemon starts" "$(cat "$SCRATCH/log/build")"; exit 1; }

# ---- install ----------------------------------------------------------------------
evil payload "$area/part"
evil payload "$area/source"
evil payload "$area/other"
mv "$area/source" "$SCRATCH/source" # not protected there
chmod 755 "$SCRATCH/source"
cat > "$area/setup" <<- END
	#!/bin/bash
	"$area/part"
	cat "$SCRATCH/source" > "$area/app/program"
	cat /bin/sleep > "$area/app/doze"
	printf xy >> "$area/app/doze"
	chmod 755 "$area/app/program" "$area/app/doze"
END
chmod 755 "$area/setup"
expect_denied "the installer, before" $AS_USER "$area/setup"
id=$(unlock "$area/setup" --scope install)
check "$([ "${id:-0}" -ge 1 ]; echo $?)" "an install unlock" "$id"
wait_for 5 $AS_USER "$area/setup"
expect_denied "its part, started by somebody else" $AS_USER "$area/part"
expect_allowed "the installer with its part" $AS_USER "$area/setup"
expect_allowed "the program that it wrote" $AS_USER "$area/app/program"
expect_denied "a file that it did not write" $AS_USER "$area/other"
cp "$area/other" "$area/app/copy" && chmod 755 "$area/app/copy"
expect_denied "a file that another process wrote beside" $AS_USER "$area/app/copy"
cat "$area/other" > "$area/app/program"
expect_denied "what it wrote, written again by another process" $AS_USER "$area/app/program"
$AS_USER "$area/setup"
expect_denied "what headquarters denies, started by it" $AS_USER sh -c "exec '$area/forbidden'"
wait_for 5 event_with unlock-wrote "$area/app/program"
check $? "the written file is on record"
expect_allowed "its program again" $AS_USER "$area/app/program"
cp /bin/sleep "$area/app/sleep" && printf x >> "$area/app/sleep"
printf '#!/bin/bash\ncat /bin/sleep > "%s"; printf xyz >> "%s"; chmod 755 "%s"\n' "$area/app/nap" "$area/app/nap" "$area/app/nap" > "$area/setup2"
chmod 755 "$area/setup2"
id2=$(unlock "$area/setup2" --scope install)
wait_for 5 $AS_USER "$area/setup2"
$AS_USER "$area/app/nap" 60 > /dev/null 2>&1 &
nap=$!
is "a program of it runs" wait_for 5 eval '[ "$(cat /proc/$nap/comm)" = nap ]'
$U unlock end "$id2" > /dev/null
is "and is ended with the unlock" wait_for 10 eval '! kill -0 $nap'

# ---- crashes ------------------------------------------------------------------------
kill -KILL "$(pid_of guardd-gate)"
is "an unlock survives the gate's death" wait_for 10 $AS_USER "$area/setup"
kill -KILL "$(pid_of guardd-unlock)"
is "and the death of its own process" wait_for 10 eval '$U --json unlocks | grep -q "\"ended\":null\|\"ended\": null"'
expect_allowed "after both" $AS_USER "$area/setup"

# A new gate knows no installer's processes: what may be one of them is left alone as
# long as the unlock is open, and with running = "end" everything else is ended.
$AS_USER "$area/app/doze" 60 > /dev/null 2>&1 &
nap=$!
wait_for 5 eval '[ "$(cat /proc/$nap/comm)" = doze ]'
stop_guardd
cp /bin/sleep "$area/stray" && printf x >> "$area/stray"
"$area/stray" 60 > /dev/null 2>&1 &
stray=$!
launch_guardd
is "a new daemon ends what began without one" wait_for 10 eval '! kill -0 $stray'
check "$(kill -0 $nap; echo $?)" "and not what an unlocked installer started"
$U unlock end > /dev/null
is "that ends with the unlock" wait_for 10 eval '! kill -0 $nap'
expect_denied "its program, after the end" $AS_USER "$area/app/program"
expect_denied "the installer, after the end" $AS_USER "$area/setup"

# ---- audit ---------------------------------------------------------------------------
unlock --scope audit > /dev/null
wait_for 5 $AS_USER "$area/other"
expect_allowed "anything, in audit mode" $AS_USER "$area/other"
expect_denied "but not what headquarters denies" $AS_USER "$area/forbidden"
$U unlock end > /dev/null
expect_denied "after audit mode" $AS_USER "$area/other"

# ---- no record, no unlock ---------------------------------------------------------------
number=$($U --json request "$area/other" --reason x | field number)
code=$(answer_for "$number")
recorder=$(pid_of guardd-record)
kill -STOP "$recorder"
try $U unlock "$code"
check "$(grep -q 'without a record' <<< "$OUT"; echo $?)" "a recorder that does not answer: nothing is unlocked" "$OUT"
expect_denied "nothing is" $AS_USER "$area/other"
kill -CONT "$recorder"
is "and the answer still works afterwards" wait_for 10 $U unlock "$code"
wait_for 5 $AS_USER "$area/other"
expect_allowed "with a recorder" $AS_USER "$area/other"
$U unlock end > /dev/null
number=$($U --json request "$area/other" --reason x | field number)
code=$(answer_for "$number")
dd if=/dev/zero of="$SCRATCH/state/full" bs=64k 2> /dev/null
dd if=/dev/zero of="$SCRATCH/state/fuller" bs=1 count=65536 2> /dev/null
try $U unlock "$code"
check "$([ $RC != 0 ] && grep -q 'nothing is unlocked\|without a record' <<< "$OUT"; echo $?)" "a full disk: nothing is unlocked" "$OUT"
expect_denied "with a full disk" $AS_USER "$area/other"
try $U request "$area/part" --reason x
check "$([ $RC != 0 ] && grep -q 'record' <<< "$OUT"; echo $?)" "nor asked for" "$OUT"
rm "$SCRATCH/state/full" "$SCRATCH/state/fuller"
is "and the answer works when there is room" wait_for 20 $U unlock "$code"
is "what it opened too" wait_for 5 $AS_USER "$area/other"
stop_guardd
check $? "the daemon ends"
umount "$SCRATCH/state"
