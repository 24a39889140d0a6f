# SPDX-License-Identifier: MIT
# where: host
# Why: whoever is refused is told where he is: on his terminal and on his desktop,
# in his language, of his own denials alone.
. "$(dirname "$0")/../lib.sh"
command -v dbus-run-session > /dev/null && command -v script > /dev/null ||
	{ skip "notifications" "dbus-daemon or script is not there"; exit 0; }
NOTIFY=$GUARD_BUILD/guardnotify/guardnotify
set -- $AREAS
area=$1
chmod 755 "$area"
room=$SCRATCH/room
mkdir -p "$room" && chmod 777 "$room"
start_guardd
evil payload "$area/tool"
evil payload "$area/of-root"
evil payload "$area/another"

# One session of a user without privilege: a bus, a monitor in the place of the
# notification daemon, the notifier, and a terminal whose shell stays.
cat > "$room/session" <<- 'END'
	dbus-monitor "interface='org.freedesktop.Notifications'" > "$ROOM/bus" 2>&1 &
	monitor=$!
	"$NOTIFY" --socket "$SOCKET" > "$ROOM/notify" 2>&1 &
	notifier=$!
	until grep -q . "$ROOM/bus"; do sleep 0.1; done
	script -qfc "bash -c 'while [ ! -e $ROOM/done ]; do $TOOL; sleep 0.2; done'" "$ROOM/terminal" > /dev/null 2>&1 < /dev/null
	kill "$notifier" "$monitor"
END
session()
{
	rm -f "$room/done" "$room/bus" "$room/terminal"
	env -i PATH="$PATH" HOME="$room" ROOM="$room" SOCKET="$SOCKET" NOTIFY="$NOTIFY" TOOL="$area/tool" LC_ALL=C.UTF-8 \
		LANGUAGE="$1" GUARD_LOCALE_DIR="$GUARD_BUILD/po/locale" \
		timeout 60 $AS_USER dbus-run-session -- sh "$room/session" > "$room/log" 2>&1 < /dev/null &
	wait_for 20 grep -q . "$room/bus"
	wait_for 20 grep -q guard: "$room/terminal"
	check $? "$2: a line on the terminal" "$(cat "$room/terminal" "$room/notify" "$room/log" 2>&1)"
	wait_for 20 grep -qF "$area/tool" "$room/bus"
	check $? "$2: a notification" "$(cat "$room/bus" "$room/notify" 2>&1)"
	# It follows now: a denial of root's, then another of the user's own.
	"$area/of-root" > /dev/null 2>&1
	$AS_USER "$area/another" > /dev/null 2>&1
	wait_for 20 grep -qF "$area/another" "$room/bus"
	check $? "$2: the next one too" "$(cat "$room/bus")"
	touch "$room/done"
	wait
}
session en English
check "$(grep -q 'To ask for it' "$room/terminal"; echo $?)" "English: it says how to ask" "$(cat "$room/terminal")"
check "$(grep -q 'Ask the help desk' "$room/bus"; echo $?)" "English: with a button" "$(cat "$room/bus")"
check "$(grep -qF "$area/of-root" "$room/bus" "$room/terminal"; [ $? = 1 ]; echo $?)" "English: nothing of another user's" "$(cat "$room/bus")"
evil payload "$area/tool"
session ja Japanese
check "$(grep -q 'ヘルプデスク' "$room/terminal"; echo $?)" "Japanese: the terminal" "$(cat "$room/terminal")"
check "$(grep -q '実行を止めました' "$room/bus"; echo $?)" "Japanese: the notification" "$(cat "$room/bus")"

# ---- a drill: who ran it, who was stopped, who told ---------------------------------
is "a drill's program is made" "$GUARDCTL" drill new "$area/invoice" --sent 4
try "$GUARDCTL" drill new "$area/invoice"
check "$([ $RC = 1 ] && grep -q 'File exists' <<< "$OUT"; echo $?)" "and never over another file" "$OUT"
expect_no_trace "the drill's program" $AS_USER "$area/invoice"
is "its user reports it" $AS_USER "$GUARDCTL" --socket "$SOCKET" report "$area/invoice" --reason "from a stranger"
wait_for 10 eval '$CTL --json drill result "$area/invoice.drill" | grep -q "\"reported\":1"'
check $? "the report is counted" "$($CTL --json drill result "$area/invoice.drill" 2>&1)"
try $CTL drill result "$area/invoice.drill"
check "$(grep -q 'Report rate: 25%' <<< "$OUT" && grep -q 'Ran it: 0, stopped: 1, reported: 1' <<< "$OUT"; echo $?)" \
	"the report rate comes first" "$OUT"
$CTL --json events --limit 100000 > "$room/pc-7.json"
try "$GUARDCTL" drill result "$area/invoice.drill" --record "$room/pc-7.json"
check "$(grep -q '@pc-7 .*stopped [1-9]' <<< "$OUT"; echo $?)" "and from another machine's record" "$OUT"
try "$GUARDCTL" drill result "$room/log"
check "$([ $RC = 1 ] && grep -q 'no description of a drill' <<< "$OUT"; echo $?)" "not from any file" "$OUT"
