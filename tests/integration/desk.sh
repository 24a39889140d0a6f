# SPDX-License-Identifier: MIT
#
# desk.sh - for cases of unlock by phone: a help desk with its key and ledger, and
# what a user and an operator do.  Sourced after lib.sh.  What the operator does runs
# behind $AT_DESK (nothing, unless the case says otherwise); the user is $AS_USER.

DESK=$SCRATCH/desk
MACHINE=${MACHINE:-pc-1}
DESK_USER=${DESK_USER:-nobody}
AT_DESK=
rm -rf "$DESK" "$SCRATCH/state" "$SCRATCH/run"
mkdir -p "$DESK/sets" "$SCRATCH/etc"
install -m 600 /dev/stdin "$DESK/pass" <<< "correct horse"

U="$AS_USER $GUARDCTL --socket $SOCKET" # the user at the machine
# The value of a key in the first line of JSON on standard input.
field() { "$PYTHON" -c 'import json, sys; print(json.loads(sys.stdin.readline())[sys.argv[1]])' "$1"; }
helpdesk() { $AT_DESK "$GUARDCTL" helpdesk "$1" --key "$DESK/key" --passphrase-file "$DESK/pass" "${@:2}"; }

# desk_open MACHINE...: a key, and verifiers for machines; $MACHINE's are installed.
desk_open()
{
	is "the help desk makes a key" helpdesk key
	"$GUARD_BUILD/tests/unit/light_key" "$DESK/key" "$DESK/pass" || fail "the key file is made quick to open"
	desk_issue "$@"
}
# desk_issue MACHINE...: verifiers of another epoch.
desk_issue()
{
	is "verifiers for $*" helpdesk verifiers --output "$DESK/sets" "$@"
	install -m 600 "$DESK/sets/$MACHINE.verifiers" "$SCRATCH/etc/verifiers"
}

# answer NUMBER [OPTION...]: what the operator's program prints, as JSON.
answer()
{
	$AT_DESK "$GUARDCTL" --json answer --key "$DESK/key" --passphrase-file "$DESK/pass" --machine "$MACHINE" \
		--user "$DESK_USER" --number "$1" --reason test --ticket T-1 --operator sato "${@:2}"
}
answer_for() { answer "$@" | field answer; }
request() { $U --json request "$1" --reason invoice "${@:2}" | field number; }
unlocked() { $U --json unlock "$1" | field id; } # CODE
# unlock REQUEST-ARGUMENT...: ask, answer, unlock; prints the id.
unlock() { unlocked "$(answer_for "$($U --json request --reason x "$@" | field number)")"; }

# unlock_policy LENGTHS [EXTRA [GROUP]]: what scan lists, with an unlock block, more of
# the block `policy`, and a group of rules.
unlock_policy()
{
	version=$((${version:-1} + 1))
	"$GUARDCTL" scan "$LISTED" --mode enforce --id test --output "$SCRATCH/etc/policy.conf" > "$SCRATCH/log/scan" 2>&1
	"$PYTHON" - "$SCRATCH/etc/policy.conf" "$version" "$1" "${2:-}" "${3:-}" <<- 'END'
		import re, sys
		path, version, lengths, extra, group = sys.argv[1:]
		text = open(path).read()
		text = re.sub(r'version = \d+;', f'version = {version}; help = {{ phone = "03-1234"; }}; unlock = {{ {lengths} }}; {extra}', text, count=1)
		if group:
		    text = text.replace('groups = (', 'groups = ( ' + group + ',', 1)
		open(path, 'w').write(text)
	END
	"$GUARDCTL" policy build "$SCRATCH/etc/policy.conf" --output "$IMAGE" > "$SCRATCH/log/build" 2>&1 ||
		fail "a policy with unlocks" "$(cat "$SCRATCH/log/build")"
}
# deny_rule FILE: a group that denies this content.
deny_rule()
{
	printf '{ name = "bad"; rules = ( { action = "deny"; sha256 = [ "%s" ]; } ); }' "$(sha256sum "$1" | cut -d ' ' -f 1)"
}
# start_machine: the daemon of $MACHINE, with its verifiers.
start_machine()
{
	write_config "unlock = { verifiers = \"$SCRATCH/etc/verifiers\"; };" "machine = { host = \"$MACHINE\"; };"
	launch_guardd || { fail "the daemon starts" "$(cat "$SCRATCH/log/build")"; exit 1; }
}
