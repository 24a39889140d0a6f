# SPDX-License-Identifier: MIT
# where: host
# Why: the whole call as people see it, in English and in Japanese at the same time:
# blocked, told, asked, read out, answered, unlocked, run, over, blocked again,
# reviewed.  The machine and the help desk are in network namespaces that nothing
# joins: what passes between them is what two people say.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../desk.sh"
command -v dbus-run-session > /dev/null && command -v script > /dev/null && [ -x "$LISTED/notified" ] ||
	{ skip "the whole call" "dbus-daemon, script or libsystemd is not there"; exit 0; }
NOTIFY=$GUARD_BUILD/guardnotify/guardnotify
set -- $AREAS
area=$1
chmod 755 "$area"
languages="en ja"
declare -A uid=([en]=65534 [ja]=1) name=([en]=nobody [ja]=daemon) # a session bus wants users with names
declare -A number code id

# namespace NAME: sets pid_NAME; its process is known to the clean-up by the folder's name.
namespace()
{
	unshare --net "$PYTHON" -c 'import time; time.sleep(600)' "$SCRATCH/$1" &
	printf -v "pid_$1" %s $!
	disown
	wait_for 5 eval "[ \"\$(readlink /proc/$!/ns/net)\" != \"\$(readlink /proc/$$/ns/net)\" ]"
}
there() { echo "nsenter --net=/proc/$1/ns/net"; }
interfaces() { $1 "$PYTHON" -c 'print(*[line.split(":")[0].strip() for line in open("/proc/self/net/dev") if ":" in line])'; }
speaks() { echo "env LC_ALL=C.UTF-8 LANGUAGE=$1 GUARD_LOCALE_DIR=$GUARD_BUILD/po/locale"; }
# `$(as LANGUAGE) COMMAND...`: that user, at the machine, in his language.
only() { echo "$AT_MACHINE setpriv --reuid ${uid[$1]} --regid ${uid[$1]} --clear-groups"; } # in no language
as() { echo "$(only "$1") $(speaks "$1")"; }
user() { echo "$(as "$1") $GUARDCTL --socket $SOCKET"; }
# in_words LANGUAGE ENGLISH JAPANESE: which of the two.
in_words() { [ "$1" = en ] && echo "$2" || echo "$3"; }

namespace machine
namespace desk
AT_MACHINE=$(there $pid_machine)
AT_DESK=$(there $pid_desk)
check "$([ "$(interfaces "$AT_MACHINE")" = lo ] && [ "$(interfaces "$AT_DESK")" = lo ] &&
	[ "$(readlink /proc/$pid_machine/ns/net)" != "$(readlink /proc/$pid_desk/ns/net)" ]; echo $?)" \
	"two networks, and nothing between them"
# The daemon and all that it starts are on the machine's side.
printf '#!/bin/sh\nexec %s %s "$@"\n' "$AT_MACHINE" "$GUARDD" > "$SCRATCH/guardd-there"
chmod 755 "$SCRATCH/guardd-there"
GUARDD=$SCRATCH/guardd-there
desk_open pc-1
unlock_policy 'file = "5s";'
start_machine
for l in $languages; do evil payload "$area/tool-$l"; done

# ---- blocked, and told ------------------------------------------------------------------
# One session each: a bus, somebody in the notification daemon's place, the notifier, and a
# terminal that tries.
session()
{
	local room=$SCRATCH/room-$1
	mkdir -p "$room" && chmod 777 "$room"
	cat > "$room/session" <<- END
		"$LISTED/notified" "$room/notes" "$room/presses" &
		shown=\$!
		until grep -q ready "$room/notes" 2> /dev/null; do sleep 0.05; done
		"$NOTIFY" --socket "$SOCKET" > "$room/notify" 2>&1 &
		notifier=\$!
		script -qfc "bash -c 'while [ ! -e $room/told ]; do $area/tool-$1; sleep 0.2; done'" "$room/terminal" > /dev/null 2>&1 < /dev/null
		until [ -e "$room/done" ]; do sleep 0.05; done
		kill \$notifier \$shown
	END
	$(as "$1") HOME="$room" timeout 90 dbus-run-session -- sh "$room/session" > "$room/log" 2>&1 < /dev/null &
}
for l in $languages; do session $l; done
for l in $languages; do
	room=$SCRATCH/room-$l
	wait_for 20 grep -q guard: "$room/terminal"
	check $? "$l: a line on the terminal that tried" "$(cat "$room/terminal" "$room/notify" "$room/log" 2>&1)"
	wait_for 20 grep -q "^[0-9].*tool-$l" "$room/notes"
	check $? "$l: a notification" "$(cat "$room/notes" "$room/notify" 2>&1)"
	touch "$room/told"
	OUT=$(cat "$room/terminal" "$room/notes")
	said "$l: with the reason, the phone number and how to ask" 03-1234 "guardctl request" \
		"$(in_words $l "No rule of the policy lists it." "ポリシーに載っていません")" "$(in_words $l "guard did not let a program run" "実行を止めました")"
done
OUT=$(grep -h tool-ja "$SCRATCH/room-en/notes" "$SCRATCH/room-en/terminal"; grep -h tool-en "$SCRATCH/room-ja/notes" "$SCRATCH/room-ja/terminal")
check "$([ -z "$OUT" ]; echo $?)" "nobody hears of another's" "$OUT"

# ---- asked by the notification's button; the same on the screen, to be read out -----------
# At the notification that names the file; the next says the number.
press() { echo "$(grep "^[0-9].*$3" "$SCRATCH/room-$1/notes" | head -n 1 | cut -f 1) $2" > "$SCRATCH/room-$1/presses"; }
for l in $languages; do press $l request tool-$l; done
for l in $languages; do
	room=$SCRATCH/room-$l
	wait_for 20 grep -qE '([0-9]{6} ){4}[0-9]{6}' "$room/notes"
	check $? "$l: the button asks" "$(cat "$room/notes" "$room/notify" 2>&1)"
	number[$l]=$(grep -oE '([0-9]{6} ){4}[0-9]{6}' "$room/notes" | head -n 1)
	try $(user $l) request "$area/tool-$l" --reason invoice
	said "$l: the screen shows the same number, the machine, the user, the phone" "${number[$l]}" pc-1 ${name[$l]} 03-1234
	check "$(grep -qE "$(in_words $l '(zero|one|two|three|four|five|six|seven|eight|nine)(-| )' '(ゼロ|イチ|ニ|サン|ヨン|ゴ|ロク|ナナ|ハチ|キュウ)')" <<< "$OUT"; echo $?)" \
		"$l: and how its digits are read" "$OUT"
done

# ---- answered, unlocked, run ---------------------------------------------------------------
sha256sum "$area"/tool-* > "$DESK/known"
for l in $languages; do
	try $AT_DESK $(speaks $l) "$GUARDCTL" answer --key "$DESK/key" \
		--passphrase-file "$DESK/pass" --machine pc-1 --user ${name[$l]} --number "${number[$l]}" --reason invoice --ticket T-$l \
		--operator sato --known "$DESK/known" --yes
	code[$l]=$(grep -oE '^ *([0-9]{6} ){3}[0-9]{6}$' <<< "$OUT" | head -n 1 | sed 's/^ *//')
	said "$l: the operator is told what the file is, and reads a code out" "$area/tool-$l" "$(in_words $l "Read out this answer code" "回答コードを読み上げて")"
done
for l in $languages; do
	try $(user $l) unlock "${code[$l]}"
	id[$l]=$(grep -oE 'guardctl unlock end [0-9]+' <<< "$OUT" | grep -oE '[0-9]+')
	said "$l: unlocked, and for how long" "$(in_words $l "Unlocked for 5 s" "5 秒")"
	wait_for 5 $(only $l) "$area/tool-$l"
	expect_allowed "$l: it runs" $(only $l) "$area/tool-$l"
done
try $(only en) "$area/tool-ja"
check "$([ "$RC" != 0 ]; echo $?)" "and each for its own user" "$OUT"

# ---- over, and reviewed ----------------------------------------------------------------------
for l in $languages; do
	is "$l: it is over by itself" wait_for 20 eval "! $(only $l) $area/tool-$l"
	expect_denied "$l: run again" $(only $l) "$area/tool-$l"
	room=$SCRATCH/room-$l
	wait_for 10 grep -q "$(in_words $l "An unlock has ended" "解除が終わりました")" "$room/notes"
	OUT=$(cat "$room/notes" "$room/notify")
	said "$l: told before its end, and at it" "$(in_words $l "An unlock is about to end" "解除がまもなく終わります")" \
		"$(in_words $l "An unlock has ended" "解除が終わりました")" "guardctl unlock end ${id[$l]}"
	touch "$room/done"
	wait_for 10 eval "$(user $l) --json unlocks show ${id[$l]} | grep -q '\"ended\":\"'"
	try $(user $l) unlocks show "${id[$l]}"
	said "$l: the review has the user, the run, the refusals around it" ${name[$l]} "$area/tool-$l" \
		"$(sha256sum "$area/tool-$l" | cut -d ' ' -f 1)" "$(in_words $l "Run under it: " "解除での実行: ")"
	check "$(grep -qE "$(in_words $l 'Run under it: [1-9][0-9]*, refused meanwhile: [1-9]' '解除での実行: [1-9][0-9]*、その間の拒否: [1-9]')" <<< "$OUT"; echo $?)" \
		"$l: counted" "$OUT"
	try $(user $l) unlocks
	said "$l: and the list" "$area/tool-$l"
done
$CTL --json unlocks > "$DESK/unlocks"
try $AT_DESK "$GUARDCTL" helpdesk compare --ledger "$DESK/key.ledger" "$DESK/unlocks"
done_with "both sides' records meet"
stop_guardd
check $? "the daemon ends"
kill $pid_machine $pid_desk
wait
