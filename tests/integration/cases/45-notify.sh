# SPDX-License-Identifier: MIT
# where: host
# Why: whoever is refused is told where he is, of his own denials alone, also when the
# daemon was restarted, and of a storm in a few words; the buttons do what they say.
# (In both languages: 49.)
. "$(dirname "$0")/../lib.sh"
command -v dbus-run-session > /dev/null && command -v script > /dev/null && [ -x "$LISTED/notified" ] ||
	{ skip "notifications" "dbus-daemon, script or libsystemd is not there"; exit 0; }
NOTIFY=$GUARD_BUILD/guardnotify/guardnotify
set -- $AREAS
area=$1
chmod 755 "$area"
room=$SCRATCH/room
mkdir -p "$room" && chmod 777 "$room"
start_guardd
for name in tool of-root another after report; do evil payload "$area/$name"; done

# One session of a user without privilege: a bus, somebody in the notification daemon's
# place, the notifier, and a terminal whose shell stays.
cat > "$room/session" <<- 'END'
	"$NOTIFIED" "$ROOM/notes" "$ROOM/presses" &
	shown=$!
	until grep -q ready "$ROOM/notes" 2> /dev/null; do sleep 0.05; done
	"$NOTIFY" --socket "$SOCKET" > "$ROOM/notify" 2>&1 &
	notifier=$!
	script -qfc "bash -c 'while [ ! -e $ROOM/told ]; do $TOOL; sleep 0.2; done'" "$ROOM/terminal" > /dev/null 2>&1 < /dev/null
	until [ -e "$ROOM/done" ]; do sleep 0.05; done
	kill "$notifier" "$shown"
END
env -i PATH="$PATH" HOME="$room" ROOM="$room" SOCKET="$SOCKET" NOTIFY="$NOTIFY" NOTIFIED="$LISTED/notified" TOOL="$area/tool" \
	LC_ALL=C.UTF-8 timeout 90 $AS_USER dbus-run-session -- sh "$room/session" > "$room/log" 2>&1 < /dev/null &
notes() { grep -c "^[0-9]" "$room/notes"; }
wait_for 20 grep -q guard: "$room/terminal"
check $? "a line on the terminal" "$(cat "$room/terminal" "$room/notify" "$room/log" 2>&1)"
wait_for 20 grep -q "^[0-9].*$area/tool" "$room/notes"
check $? "a notification" "$(cat "$room/notes" "$room/notify" 2>&1)"
touch "$room/told"
OUT=$(cat "$room/terminal")
check "$(grep -q 'To ask for it' <<< "$OUT"; echo $?)" "it says how to ask" "$OUT"
check "$(grep -q 'request,Ask the help desk,report,Report it,' "$room/notes"; echo $?)" "with two buttons" "$(cat "$room/notes")"
# It follows now: a denial of root's, then another of the user's own.
"$area/of-root" > /dev/null 2>&1
$AS_USER "$area/another" > /dev/null 2>&1
wait_for 20 grep -qF "$area/another" "$room/notes"
check $? "the next one too" "$(cat "$room/notes")"
check "$(grep -qF "$area/of-root" "$room/notes" "$room/terminal"; [ $? = 1 ]; echo $?)" "nothing of another user's" "$(cat "$room/notes")"

# ---- the buttons --------------------------------------------------------------------
press() { echo "$(grep "^[0-9].*$2" "$room/notes" | head -n 1 | cut -f 1) $1" > "$room/presses"; }
press report "$area/another"
wait_for 10 event_with '"reported"' "$area/another"
check $? "the report button reports" "$(cat "$room/notes" "$room/notify")"
is "and says so" wait_for 10 grep -q "Reported" "$room/notes"
press request "$area/another" # no verifiers here
is "a request that is refused says why" wait_for 10 grep -q "That could not be done" "$room/notes"
echo "4711 request" > "$room/presses"
echo "1 delete-everything" > "$room/presses"

# ---- the daemon is restarted -----------------------------------------------------------
stop_guardd
launch_guardd
$AS_USER "$area/after" > /dev/null 2>&1
wait_for 20 grep -qF "$area/after" "$room/notes"
check $? "it follows the next daemon" "$(cat "$room/notes" "$room/notify")"

# ---- a storm ------------------------------------------------------------------------------
before=$(notes)
for i in $(seq 40); do evil quiet "$area/storm-$i"; done
for i in $(seq 40); do $AS_USER "$area/storm-$i" > /dev/null 2>&1; done
wait_for 30 grep -q "Programs that were refused besides: [0-9]" "$room/notes"
check $? "a storm is told of in one" "$(cat "$room/notes")"
check "$([ $(($(notes) - before)) -le 8 ]; echo $?)" "and not in forty" "$(cat "$room/notes")"
touch "$room/done"

# ---- a drill: who ran it, who was stopped, who told ---------------------------------
is "a drill's program is made" "$GUARDCTL" drill new "$area/invoice" --sent 4
try "$GUARDCTL" drill new "$area/invoice"
refused "and never over another file" 'File exists'
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
refused "not from any file" 'no description of a drill'
wait
