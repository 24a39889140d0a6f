# SPDX-License-Identifier: MIT
# where: host
# guardctl doctor: with and without root and daemon, what it says is true.
. "$(dirname "$0")/../lib.sh"

mkdir -p "$SCRATCH/bin" "$SCRATCH/doctor"
program=$SCRATCH/bin/guardctl
cp "$GUARDCTL" "$program"

try "$program" doctor extra
check "$([ "$RC" = 2 ]; echo $?)" "takes no arguments" "$RC $OUT"

# finding ID: its severities in the last JSON output.
finding()
{
	"$PYTHON" -c '
import json, sys
print(" ".join(f["severity"] for f in json.load(sys.stdin)["findings"] if f["id"] == sys.argv[1]))' "$1" <<< "$OUT"
}
doctor() { try "$program" --socket "$SCRATCH/none.sock" --json doctor --config "$SCRATCH/doctor/guardd.conf"; }
says() { check "$([ "$(finding "$2")" = "$3" ]; echo $?)" "$1" "$2 is \"$(finding "$2")\", not \"$3\""; }

doctor
"$PYTHON" -c 'import json, sys; d = json.load(sys.stdin); assert len(d["findings"]) == d["ok"] + d["notes"] + d["gaps"]' <<< "$OUT"
check $? "the JSON is JSON, and its counts are right" "$OUT"
check "$([ "$RC" = 1 ]; echo $?)" "no daemon is a gap: exit code 1" "$RC"
says "no daemon" daemon gap
says "no policy" policy gap
says "no configuration is a note" config note
says "fanotify can be used" fanotify ok
says "permission events" fanotify-permission ok
"$PYTHON" -c '
import json, sys
for f in json.load(sys.stdin)["findings"]:
    assert f["text"] and f["id"] and f["section"], f
    assert f["severity"] != "gap" or f["fix"], f' <<< "$OUT"
check $? "every gap says how to close it" "$OUT"

# ---- a filesystem left out, a weak folder, a policy in audit mode --------------------
printf 'protect = { filesystems = [ "/" ]; };\npolicy = { file = "%s/doctor/image"; };\nstate_dir = "%s/doctor/state";\n' \
	"$SCRATCH" "$SCRATCH" > "$SCRATCH/doctor/guardd.conf"
mkdir "$SCRATCH/doctor/state"
doctor
says "the configuration is read" config ok
check "$(finding unprotected | grep -q gap; echo $?)" "a filesystem that is not protected" "$(finding unprotected)"
says "own files are sound" own-files ok
chmod 777 "$SCRATCH/doctor/state"
doctor
says "a state folder that everybody can write" own-files gap
chmod 755 "$SCRATCH/doctor/state"
chown 65534 "$SCRATCH/doctor/guardd.conf"
doctor
says "a configuration of another owner" own-files gap
chown 0 "$SCRATCH/doctor/guardd.conf"

"$program" scan "$LISTED" --mode audit --output "$SCRATCH/doctor/source.conf" 2> /dev/null
"$program" policy build "$SCRATCH/doctor/source.conf" --output "$SCRATCH/doctor/image" > /dev/null 2>&1
doctor
says "mode audit is a gap" policy gap
sed -i 's/mode = "audit"/mode = "enforce"/' "$SCRATCH/doctor/source.conf"
"$program" policy build "$SCRATCH/doctor/source.conf" --output "$SCRATCH/doctor/image" > /dev/null 2>&1
doctor
says "mode enforce is not" policy ok
printf x >> "$SCRATCH/doctor/image"
doctor
says "a damaged policy is" policy gap

# ---- what the policy allows by its place alone; a machine that is managed ----------------
mkdir -p "$SCRATCH/doctor/opt/acme"
printf 'groups = ( { name = "acme"; rules = ( { paths = [ "%s/doctor/opt/acme/**" ]; } ); } );\n' "$SCRATCH" > "$SCRATCH/doctor/acme.conf"
"$program" policy build "$SCRATCH/doctor/source.conf" "$SCRATCH/doctor/acme.conf" --output "$SCRATCH/doctor/image" \
	> "$SCRATCH/log/build" 2>&1
check $? "a policy with a rule by path" "$(cat "$SCRATCH/log/build")"
doctor
says "a sound folder that the policy allows by path" listed-directories ok
chmod 777 "$SCRATCH/doctor/opt"
doctor
says "a weak one above it" listed-directories gap
chmod 755 "$SCRATCH/doctor/opt"
mkdir "$SCRATCH/doctor/state/enrolment"
mv "$SCRATCH/doctor/image" "$SCRATCH/doctor/state/policy-last"
doctor
says "a managed machine has the policy that the daemon remembers" policy ok
rm -r "$SCRATCH/doctor/state/enrolment" "$SCRATCH/doctor/state/policy-last"

# ---- settings, told from what the kernel says ------------------------------------------
if [ "$(cat /proc/sys/user/max_user_namespaces 2> /dev/null)" = 0 ] ||
	[ "$(cat /proc/sys/kernel/unprivileged_userns_clone 2> /dev/null)" = 0 ]; then
	says "user namespaces are off" user-namespaces ok
else
	says "user namespaces are open" user-namespaces gap
fi

# ---- not root, not a terminal ------------------------------------------------------------
try $AS_USER "$program" --socket "$SCRATCH/none.sock" doctor --config "$SCRATCH/doctor/guardd.conf"
check "$([ "$RC" = 1 ] && grep -q '^Not root' <<< "$OUT"; echo $?)" "without root it works and says what it is" "$RC $OUT"
! grep -q $'\e' <<< "$OUT"
check $? "no colours but on a terminal"

start_guardd
try "$GUARDCTL" --socket "$SOCKET" --json doctor --config "$CONFIG"
says "a running daemon is seen" daemon ok
