# SPDX-License-Identifier: MIT
# where: host
# Why: the wide unlocks stay within their bounds: an installer with what it
# starts and writes, the whole machine in audit mode; both end, and what they
# brought ends with them; crashes and a dead recorder open nothing.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../desk.sh"
set -- $AREAS
area=$1 memory=$2
chmod 755 "$area" "$memory"
mkdir -p "$area/app"
chmod 777 "$area/app"
pid_of() { local pid; for pid in $(guard_pids); do [ "$(cat "/proc/$pid/comm")" = "$1" ] && echo "$pid" && return; done; }

# ---- set up ---------------------------------------------------------------------
mkdir "$SCRATCH/state"
mount -t tmpfs -o size=24m,mode=755 guard-state "$SCRATCH/state" # a disk that can be filled
evil payload "$area/forbidden"
desk_open pc-1
barred='{ name = "media"; rules = ( { action = "deny"; media = [ "memory" ]; unlockable = true; } ); }'
unlock_policy 'file = "10m"; install = "10m"; audit = "10m";' 'running = "end";' "$barred, $(deny_rule "$area/forbidden")"
start_machine

# ---- a medium that the policy bars ---------------------------------------------------
good payload "$memory/listed"
evil payload "$memory/tool"
cp "$area/forbidden" "$memory/forbidden"
expect_denied "a listed program on a barred medium" $AS_USER "$memory/listed"
expect_denied "an unlisted one" $AS_USER "$memory/tool"
try $U request "$memory/forbidden" --reason x
refused "what is denied by content too is not asked for" "headquarters denies"
id=$(unlock "$memory/tool")
wait_for 5 $AS_USER "$memory/tool"
expect_allowed "one file on it, unlocked" $AS_USER "$memory/tool"
expect_denied "the others stay barred" $AS_USER "$memory/listed"
is "the review says where it lay" wait_for 5 eval '$U unlocks show "$id" | grep -q "of this kind: memory" && $U --json unlocks show "$id" | grep -q "\"medium\":\"memory\""'
$U unlock end > /dev/null
expect_denied "after its end" $AS_USER "$memory/tool"
rm -f "$memory"/*

# ---- install ----------------------------------------------------------------------
evil payload "$area/part"
good quiet "$area/listed"
evil payload "$area/source"
evil payload "$area/other"
mv "$area/source" "$SCRATCH/source" # not protected there
chmod 755 "$SCRATCH/source"
cat > "$area/setup" <<- END
	#!/bin/bash
	"$area/part"
	"$area/listed" && echo x >> "$SCRATCH/starts"
	cat "$SCRATCH/source" > "$area/app/program"
	cat /bin/sleep > "$area/app/doze"
	printf xy >> "$area/app/doze"
	chmod 755 "$area/app/program" "$area/app/doze"
END
chmod 755 "$area/setup"
expect_denied "the installer, before" $AS_USER "$area/setup"
"$area/listed" # warm: the kernel would not ask again
touch "$SCRATCH/starts" && chmod 666 "$SCRATCH/starts"
id=$(unlock "$area/setup" --scope install)
check "$([ "${id:-0}" -ge 1 ]; echo $?)" "an install unlock" "$id"
wait_for 5 $AS_USER "$area/setup"
expect_denied "its part, started by somebody else" $AS_USER "$area/part"
expect_allowed "the installer with its part" $AS_USER "$area/setup"
is "a listed program that it started is tied to it" wait_for 5 eval '$U unlocks show "$id" | grep -q "started by what the unlocked installer started: $area/listed"'
"$area/listed"
starts=$(wc -l < "$SCRATCH/starts")
is "each time, and no start of it by somebody else" wait_for 5 eval '[ "$($U unlocks show "$id" | grep -c "started: $area/listed")" = "$starts" ]'
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
unmount_kept "$SCRATCH/state"
