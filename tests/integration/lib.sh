# SPDX-License-Identifier: MIT
#
# lib.sh - what the case files share: areas on protected filesystems, payloads,
# the daemon, and the three questions (does it run, is it denied, did it leave a
# trace).  The same case runs on a development machine over scratch filesystems
# (GUARD_WHERE=host) and in a guest whose every filesystem is protected
# (GUARD_WHERE=guest).  Sourced by bash; must not stop anything but what it
# started, and that by process id.
#
# From `run`: GUARD_WHERE, GUARD_BUILD (host), SCRATCH (private, unprotected on
# the host), LISTED (a folder whose every file the policy lists), AREAS (folders
# on protected filesystems, empty at the start of a case).

MARKS=$SCRATCH/marks
MARK_DEFAULT=$GUARD_MARK_DEFAULT
LOADER=/lib64/ld-linux-x86-64.so.2
PYTHON=/usr/bin/python3
REFUSED='Operation not permitted|EPERM'
LATE=124                        # exit code of timeout(1)
export GUARD_MARK=
serial=0

if [ "$GUARD_WHERE" = host ]; then
	GUARDD=$GUARD_BUILD/guardd/guardd
	GUARDCTL=$GUARD_BUILD/guardctl/guardctl
	SOCKET=$SCRATCH/run/guard.sock
	CONFIG=$SCRATCH/etc/guardd.conf
	IMAGE=$SCRATCH/etc/policy.img
else
	GUARDD=/usr/sbin/guardd
	GUARDCTL=/usr/bin/guardctl
	SOCKET=/run/guard/guard.sock
	CONFIG=/etc/guard/guardd.conf
	IMAGE=
fi

# ---- results ------------------------------------------------------------------

pass() { echo "ok - $*"; }
skip() { echo "ok - $1 # SKIP $2"; }
note() { printf '%s\n' "$@" | head -n 30 | sed 's/^/# /'; }
fail()
{
	local name=$1
	shift
	echo "not ok - $name"
	[ $# = 0 ] || note "$@"
}
check() { if [ "$1" = 0 ]; then pass "$2"; else fail "$2" "${3:-}"; fi; }

# Of the last `try`: done_with NAME: exit 0.  refused NAME WORD...: exit 1, and the
# words were said.
done_with() { check "$([ "$RC" = 0 ]; echo $?)" "$1" "$RC $OUT"; }
# said NAME WORD...: the words alone.
unsaid()
{
	local word
	for word in "$@"; do
		grep -qF -e "$word" <<< "$OUT" || printf ' %s' "$word"
	done
}
refused()
{
	local name=$1 missing
	shift
	missing=$(unsaid "$@")
	check "$([ "$RC" = 1 ] && [ -z "$missing" ]; echo $?)" "$name" "exit $RC; not said:$missing; $OUT"
}
said()
{
	local name=$1 missing
	shift
	missing=$(unsaid "$@")
	check "$([ -z "$missing" ]; echo $?)" "$name" "not said:$missing; exit $RC; $OUT"
}

# is NAME COMMAND...: the command succeeds.
is()
{
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then pass "$name"; else fail "$name" "$* -> $?" "$out"; fi
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for()
{
	local deadline=$(($(date +%s%N) + $1 * 1000000000))
	shift
	until "$@" > /dev/null 2>&1; do
		[ "$(date +%s%N)" -lt "$deadline" ] || return 1
		sleep 0.02
	done
}

# ---- payloads -----------------------------------------------------------------

fresh_mark()
{
	serial=$((serial + 1))
	GUARD_MARK=$MARKS/$$.$serial
	rm -f "$GUARD_MARK" "$MARK_DEFAULT"
}
has_mark() { [ -s "$GUARD_MARK" ] || [ -e "$MARK_DEFAULT" ]; }

# good NAME TO: a listed file under another name.  Copies, never links.
good() { cp -f "$LISTED/$1" "$2" && chmod 755 "$2"; }

# evil NAME TO: the same file with other content behind its end: still runs.
evil()
{
	serial=$((serial + 1))
	cp -f "$LISTED/$1" "$2" && printf '\n#%s' "$$.$serial.$RANDOM" >> "$2" && chmod 755 "$2"
}

# evil_same_size NAME TO: one byte differs, size does not.
evil_same_size()
{
	sed 's/GUARD-SWITCH:Y:0/GUARD-SWITCH:Y:1/' "$LISTED/$1" > "$2" && chmod 755 "$2"
	[ "$(stat -c %s "$LISTED/$1")" = "$(stat -c %s "$2")" ] && ! cmp -s "$LISTED/$1" "$2"
}

# flip FILE: its last byte becomes another.
flip()
{
	local at=$(($(stat -c %s "$1") - 1)) byte=X
	[ "$(tail -c 1 "$1")" != X ] || byte=Y
	printf '%s' "$byte" | dd of="$1" bs=1 seek=$at conv=notrunc status=none
}

# ---- the three questions ------------------------------------------------------

# try COMMAND...: run it with a fresh mark; sets OUT and RC.
try()
{
	fresh_mark
	OUT=$(timeout -k 5 "${TRY_SECONDS:-40}" "$@" 2>&1 < /dev/null)
	RC=$?
}

expect_allowed()
{
	local name=$1
	shift
	try "$@"
	if has_mark; then pass "allowed: $name"; else fail "allowed: $name" "$* -> $RC" "$OUT"; fi
}

# With --attacks there is no daemon: an attack that does not run proves nothing.
expect_attack()
{
	local name=$1
	shift
	try "$@"
	if has_mark; then pass "attack works: $name"; else fail "attack works: $name" "$* -> $RC" "$OUT"; fi
}

# Refused with EPERM, and no trace.
expect_denied()
{
	local name=$1
	[ -z "${GUARD_ATTACKS:-}" ] || { expect_attack "$@"; return; }
	shift
	try "$@"
	if has_mark; then
		fail "denied: $name" "$*: IT RAN" "$OUT"
	elif [ "$RC" = "$LATE" ] || ! grep -qE "$REFUSED" <<< "$OUT"; then
		fail "denied: $name" "$* -> $RC, without EPERM" "$OUT"
	else
		pass "denied: $name"
	fi
}

# No trace, in time; the caller may put its own words to the refusal.
expect_no_trace()
{
	local name=$1
	[ -z "${GUARD_ATTACKS:-}" ] || { expect_attack "$@"; return; }
	shift
	try "$@"
	if has_mark; then
		fail "no trace: $name" "$*: IT RAN" "$OUT"
	elif [ "$RC" = "$LATE" ] || [ "$RC" = 137 ]; then
		fail "no trace: $name" "$*: hung" "$OUT"
	else
		pass "no trace: $name"
	fi
}

# both NAME MAKER SOURCE TARGET COMMAND...: the positive control, then the denial:
# TARGET is made from the listed SOURCE and the command runs; TARGET is made
# unlisted and the command is refused.  MAKER is evil or evil_same_size.
both()
{
	local name=$1 maker=$2 source=$3 target=$4
	shift 4
	rm -f "$target" && good "$source" "$target"
	expect_allowed "$name" "$@"
	rm -f "$target" && "$maker" "$source" "$target"
	expect_denied "$name" "$@"
}
both_quietly()
{
	local name=$1 source=$2 target=$3
	shift 3
	rm -f "$target" && good "$source" "$target"
	expect_allowed "$name" "$@"
	rm -f "$target" && evil "$source" "$target"
	expect_no_trace "$name" "$@"
}

# $AS_USER COMMAND...: as a user without any privilege.
AS_USER='setpriv --reuid 65534 --regid 65534 --clear-groups'

# ---- the daemon ---------------------------------------------------------------

# guard_pids: processes of our own daemon, told apart by its configuration path.
guard_pids()
{
	local file
	for file in /proc/[0-9]*/cmdline; do
		if { tr '\0' '\n' < "$file" | grep -qxF -e "$CONFIG"; } 2> /dev/null; then
			file=${file#/proc/}
			echo "${file%/cmdline}"
		fi
	done
}

CTL="timeout 20 $GUARDCTL --socket $SOCKET"
ctl() { $CTL "$@"; }
status_of() { ctl --json status | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }

# make_policy MODE FOLDER...: list what is there, compile it to $IMAGE.
make_policy()
{
	local mode=$1
	shift
	mkdir -p "$SCRATCH/etc"
	"$GUARDCTL" scan "$@" --mode "$mode" --id test --output "$SCRATCH/etc/policy.conf" > "$SCRATCH/log/scan" 2>&1 &&
		"$GUARDCTL" policy build "$SCRATCH/etc/policy.conf" --output "$IMAGE" > "$SCRATCH/log/build" 2>&1
}

# write_config [LINE...]: guardd.conf over the areas' filesystems.
write_config()
{
	local list= area
	for area in $AREAS; do
		list="$list${list:+, }\"$area\""
	done
	mkdir -p "$SCRATCH/etc"
	{
		printf 'state_dir = "%s";\nrun_dir = "%s";\n' "$SCRATCH/state" "$SCRATCH/run"
		printf 'backend = "fanotify";\n'
		printf 'protect = { filesystems = [%s]; };\n' "${PROTECT:-$list}"
		printf 'policy = { file = "%s"; };\n' "$IMAGE"
		printf '%s\n' "$@"
	} > "$CONFIG"
}

launch_guardd()
{
	: > "$SCRATCH/log/ready"
	# In a session of its own, so that nothing sent to the test reaches it.
	setsid "$GUARDD" --config "$CONFIG" --foreground > "$SCRATCH/log/ready" 2>> "$SCRATCH/log/guardd" < /dev/null &
	GUARDD_PID=$!
	disown   # its end is no news of the shell
	if ! wait_for 20 grep -qx ready "$SCRATCH/log/ready"; then
		note "the daemon did not get ready:" "$(tail -n 20 "$SCRATCH/log/guardd" "$SCRATCH/log/scan" "$SCRATCH/log/build" 2>&1)"
		return 1
	fi
}

# start_guardd [MODE]: the usual daemon; in the guest it runs already.
start_guardd()
{
	[ -z "${GUARD_ATTACKS:-}" ] || return 0
	if [ "$GUARD_WHERE" = guest ]; then
		wait_for 20 ctl status || { fail "the daemon answers"; exit 1; }
		return 0
	fi
	rm -rf "$SCRATCH/state" "$SCRATCH/run"
	make_policy "${1:-enforce}" "$LISTED" && write_config && launch_guardd && return 0
	fail "the daemon starts" "$(cat "$SCRATCH/log/scan" "$SCRATCH/log/build" 2>&1 | tail -n 20)"
	exit 1
}

stop_guardd()
{
	[ "$GUARD_WHERE" = host ] || return 0
	local pid
	[ -z "${GUARDD_PID:-}" ] || kill -TERM "$GUARDD_PID" 2> /dev/null
	wait_for 10 eval '[ -z "$(guard_pids)" ]' && return 0
	kill_guardd
	return 1
}

kill_guardd()
{
	local pid round
	[ "$GUARD_WHERE" = host ] || return 0
	for round in 1 2 3 4 5; do
		for pid in $(guard_pids); do
			kill -CONT "$pid" 2> /dev/null
			kill -KILL "$pid" 2> /dev/null
		done
		[ -n "$(guard_pids)" ] || return 0
		sleep 0.1
	done
}

# unmount_kept FOLDER: what the daemon had open.  A process that ends shows no
# command line some moments before the kernel closes its files.
unmount_kept() { wait_for 10 umount "$1"; }

# events [ARGUMENT...]: JSON lines.
events() { ctl --json events --limit 100000 "$@"; }
# event_with STRING...: the newest events mention all of them in one line.
event_with()
{
	local lines
	lines=$(events) || return 1
	while [ $# -gt 0 ]; do
		lines=$(grep -F -e "$1" <<< "$lines") || return 1
		shift
	done
	[ -n "$lines" ]
}

# ---- one case -----------------------------------------------------------------

case_end()
{
	local area
	kill_guardd 2> /dev/null
	for area in $AREAS; do
		find "$area" -mindepth 1 -xdev -delete 2> /dev/null
	done
	rm -f "$MARK_DEFAULT"
}
trap case_end EXIT
mkdir -p "$MARKS" "$SCRATCH/log"
chmod 1777 "$MARKS"
