# SPDX-License-Identifier: MIT
# where: host
# Why: a policy that refuses what the machine needs must not lock it up, and going back
# must not be a way to an older policy at will (docs/last-good.md).
. "$(dirname "$0")/../lib.sh"
set -- $AREAS
area=$1
chmod 755 "$area"
mkdir -p "$area/sbin" "$SCRATCH/etc" "$SCRATCH/old"
chmod 755 "$area/sbin"
rm -rf "$SCRATCH/state" "$SCRATCH/run"
field() { ctl --json status | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
version=0
# policy DENIED FILE...: a policy that lists these files, and denies one more.
policy()
{
	local denied=$1 file
	shift
	version=$((version + 1))
	rm -rf "$SCRATCH/old/list" && mkdir -p "$SCRATCH/old/list"
	for file in "$@"; do cp "$file" "$SCRATCH/old/list/"; done
	"$GUARDCTL" scan "$LISTED" "$SCRATCH/old/list" --mode enforce --id test --output "$SCRATCH/etc/policy.conf" > "$SCRATCH/log/scan" 2>&1
	"$PYTHON" - "$SCRATCH/etc/policy.conf" "$version" "$denied" <<- 'END'
		import re, sys
		path, version, denied = sys.argv[1:]
		text = re.sub(r'version = \d+;', 'version = %s;' % version, open(path).read(), count=1)
		if denied:
		    text = text.replace('groups = (', 'groups = ( { name = "bad"; rules = ( { action = "deny"; sha256 = [ "%s" ]; } ); },' % denied, 1)
		open(path, 'w').write(text)
	END
	"$GUARDCTL" policy build "$SCRATCH/etc/policy.conf" --output "$IMAGE" > "$SCRATCH/log/build" 2>&1
}
is_version() { [ "$(field policy_version)" = "$1" ]; }
proven() { event_with "version $1 has proven itself here"; }
sha() { sha256sum < "$1" | cut -c1-64; }

evil payload "$area/sbin/sshd"
evil payload "$area/tool"
evil payload "$area/bad"
policy '' "$area/sbin/sshd" "$area/tool" "$area/bad"
write_config
sed -i 's/policy = { file = \(.*\); };/policy = { file = \1; trial_seconds = 2; };/' "$CONFIG"
launch_guardd || { fail "the daemon starts"; exit 1; }
expect_allowed "what is listed: a way to log in" "$area/sbin/sshd"
is "a first policy proves itself by running" wait_for 15 proven 1

# ---- a policy that the machine cannot live with -------------------------------------------------
policy "$(sha "$area/bad")" "$area/tool"
is "a policy that leaves out a way to log in" ctl reload
expect_denied "which it refuses then" "$area/sbin/sshd"
is "the machine goes back" wait_for 15 is_version 1
expect_allowed "the way to log in" "$area/sbin/sshd"
expect_allowed "what the good policy lists" "$area/tool"
expect_denied "what the newer one denies by rule stays denied" "$area/bad"
is "it is recorded, with what was refused" event_with 'went back to the last good policy' 'sbin/sshd was refused'
check "$(field problem | grep -q 'went back to the last good policy'; echo $?)" "status shows it" "$(field problem)"
try "$GUARDCTL" --socket "$SOCKET" reload
check "$([ "$RC" = 1 ] && grep -q 'went back from it' <<< "$OUT"; echo $?)" "the same policy is not tried again" "$RC $OUT"
stop_guardd
launch_guardd || fail "the daemon starts with a policy file that failed here"
expect_allowed "after a restart: the way to log in" "$area/sbin/sshd"
expect_denied "after a restart: what the newer one denies" "$area/bad"
check "$(field problem | grep -q 'went back'; echo $?)" "and status still shows it" "$(field problem)"
version=0
policy '' "$area/sbin/sshd" "$area/tool" "$area/bad"
version=2
is "the older file is no way back" eval '! ctl reload'

# ---- forward again ------------------------------------------------------------------------------------
policy "$(sha "$area/bad")" "$area/sbin/sshd"
is "a newer policy is taken" ctl reload
is "and is in force" is_version 3
is "nothing is said of going back any more" wait_for 5 eval '[ -z "$(field problem)" ]'
expect_denied "what it does not list" "$area/tool"
expect_allowed "the way to log in" "$area/sbin/sshd"
is "what users run does not count: it proves itself" wait_for 15 proven 3

# ---- no way to an older policy ---------------------------------------------------------------------------
policy "$(sha "$area/bad")" "$area/sbin/sshd" "$area/tool"
ctl reload > /dev/null
is "another proves itself" wait_for 15 proven 4
policy "$(sha "$area/bad")"
ctl reload > /dev/null
cp "$area/bad" "$area/sbin/login" && chmod 755 "$area/sbin/login"
expect_denied "a denied program under the name of one that is needed" "$area/sbin/login"
evil payload "$area/sbin/agetty"
expect_denied "one that nobody ever listed" "$area/sbin/agetty"
mkdir -p "$area/open" && chmod 777 "$area/open"
cp "$area/sbin/sshd" "$area/open/sshd" && chmod 755 "$area/open/sshd"
expect_denied "one that a user may write" $AS_USER "$area/open/sshd"
is "none of that leads back: it proves itself" wait_for 15 proven 5
expect_denied "once it is proven" "$area/sbin/sshd"
is "it stays, whatever it refuses" eval 'is_version 5 && ! event_with "version 4: under the newer"'
stop_guardd
check $? "the daemon ends"
