# SPDX-License-Identifier: MIT
# where: host
# Malformed, truncated, oversized, of the wrong owner, from the future: one clear
# sentence with the place, the exit code of the contract, and nothing lost.
. "$(dirname "$0")/../lib.sh"
mkdir -p "$SCRATCH/etc"

# refused NAME [WORD...]: the last try failed, in at most three lines, with the words.
refused()
{
	local name=$1 missing
	shift
	missing=$(unsaid "$@")
	if [ "$RC" = 0 ] || [ "$RC" -ge 124 ]; then
		fail "$name" "exit $RC" "$OUT"
	elif [ -z "$OUT" ] || [ "$(wc -l <<< "$OUT")" -gt 3 ] || [ -n "$missing" ]; then
		fail "$name" "exit $RC; not said:$missing" "$OUT"
	else
		pass "$name ($(head -n 1 <<< "$OUT" | sed "s|$SCRATCH||g" | cut -c1-150))"
	fi
}

# ---- policy sources -----------------------------------------------------------
source=$SCRATCH/etc/bad.conf
build() { try "$GUARDCTL" policy build "$source" --output "$SCRATCH/etc/bad.img"; }
head='policy = { id = "t"; version = 1; mode = "enforce"; };'
digest=$(sha256sum < "$LISTED/payload" | cut -c1-64)

rm -f "$SCRATCH/etc/bad.img"
: > "$source"; build; refused "source: empty" bad.conf
echo 'policy = {' > "$source"; build; refused "source: cut off" bad.conf:
head -c 3000 /dev/urandom > "$source"; build; refused "source: random bytes" bad.conf
printf '%s\nsurprise = 1;\n' "$head" > "$source"; build; refused "source: unknown key" bad.conf:2 surprise
printf '%s\ngroups = ( { name = "g"; rules = ( { sha256 = [ "xyz" ]; } ); } );\n' "$head" > "$source"; build
refused "source: bad digest" bad.conf:2
printf '%s\ngroups = ( { name = "g"; rules = ( { sha256 = [ "%s" ]; actoin = "allow"; } ); } );\n' "$head" "$digest" > "$source"; build
refused "source: misspelt key" bad.conf:2 actoin action
printf '%s\ngroups = ( { name = "g"; rules = ( { paths = [ "/tmp/**" ]; } ); } );\n' "$head" > "$source"; build
refused "source: allows where users write" bad.conf:2 /tmp
printf '%s\ngroups = ( { name = "g"; rules = ( { paths = [ "relative" ]; } ); } );\n' "$head" > "$source"; build
refused "source: relative path" bad.conf:2
printf 'policy = { id = "t"; version = "one"; };\n' > "$source"; build; refused "source: wrong type" bad.conf:1 version
printf '%s\ngroups = ( { name = "g"; rules = ( { sha256_files = [ "none.sha256" ]; } ); } );\n' "$head" > "$source"; build
refused "source: a list that is not there" bad.conf:2 none.sha256
rm -f "$source"; build; refused "source: not there" bad.conf
mkdir "$source"; build; refused "source: a folder" bad.conf; rmdir "$source"
mkfifo "$source"; build; refused "source: a FIFO" bad.conf; rm "$source"
check "$([ ! -e "$SCRATCH/etc/bad.img" ]; echo $?)" "no image was left by a bad source"
try "$GUARDCTL" policy build; check "$([ "$RC" = 2 ]; echo $?)" "usage is exit 2" "$RC $OUT"
try "$GUARDCTL" nonsense; check "$([ "$RC" = 2 ]; echo $?)" "an unknown verb is exit 2" "$RC $OUT"
try "$GUARDCTL" --socket "$SCRATCH/none.sock" status; check "$([ "$RC" = 3 ]; echo $?)" "no daemon is exit 3" "$RC $OUT"

# ---- configuration and image --------------------------------------------------
make_policy enforce "$LISTED"
cp "$IMAGE" "$SCRATCH/etc/sound.img"
write_config
cp "$CONFIG" "$SCRATCH/etc/sound.conf"
# A daemon that should refuse but starts is ended by the time limit.
start() { TRY_SECONDS=10 try "$GUARDD" --config "$CONFIG" --foreground; kill_guardd; }
sound() { cp "$SCRATCH/etc/sound.conf" "$CONFIG"; cp "$SCRATCH/etc/sound.img" "$IMAGE"; chmod 644 "$CONFIG" "$IMAGE"; chown 0:0 "$CONFIG" "$IMAGE"; }

# A machine that has accepted nothing yet.
rm -rf "$SCRATCH/state" "$SCRATCH/run"
sound; : > "$CONFIG"; start; refused "configuration: empty" guardd.conf
sound; echo 'state_dir = ' > "$CONFIG"; start; refused "configuration: cut off" guardd.conf:
sound; echo 'surprise = 1;' >> "$CONFIG"; start; refused "configuration: unknown key" guardd.conf: surprise
sound; echo 'statedir = "/x";' >> "$CONFIG"; start; refused "configuration: misspelt key" state_dir
sound; sed -i 's/"fanotify"/"magic"/' "$CONFIG"; start; refused "configuration: unknown backend" magic
sound; sed -i 's/^state_dir.*/state_dir = 7;/' "$CONFIG"; start; refused "configuration: wrong type" state_dir
sound; sed -i 's/^state_dir.*/state_dir = "relative";/' "$CONFIG"; start; refused "configuration: relative path" relative
sound; head -c 2000000 /dev/zero | tr '\0' '#' >> "$CONFIG"; start; refused "configuration: oversized" guardd.conf
sound; chmod 666 "$CONFIG"; start; refused "configuration: anybody may write it" guardd.conf
sound; chown 65534 "$CONFIG"; start; refused "configuration: of another user" guardd.conf
sound; rm "$CONFIG"; start; refused "configuration: not there" guardd.conf
sound; rm "$CONFIG"; mkfifo "$CONFIG"; start; refused "configuration: a FIFO" guardd.conf; rm "$CONFIG"
sound; PROTECT="\"$SCRATCH/nowhere\"" write_config; start; refused "configuration: a filesystem that is not there" nowhere

sound; rm "$IMAGE"; start; refused "image: not there" policy.img
sound; : > "$IMAGE"; start; refused "image: empty" policy.img
sound; head -c 100 "$SCRATCH/etc/sound.img" > "$IMAGE"; start; refused "image: shorter than its head" policy.img
sound; size=$(stat -c %s "$IMAGE"); truncate -s $((size - 1)) "$IMAGE"; start; refused "image: cut off" policy.img
sound; printf x >> "$IMAGE"; start; refused "image: longer than it says" policy.img
sound; printf 'X' | dd of="$IMAGE" bs=1 seek=$((size / 2)) conv=notrunc status=none; start; refused "image: one byte differs" policy.img
sound; printf '\377' | dd of="$IMAGE" bs=1 seek=8 conv=notrunc status=none; start; refused "image: of a later version" policy.img
sound; head -c 65536 /dev/urandom > "$IMAGE"; start; refused "image: random bytes" policy.img
sound; rm "$IMAGE"; truncate -s 5G "$IMAGE"; start; refused "image: oversized" policy.img
sound; chmod 646 "$IMAGE"; start; refused "image: anybody may write it" policy.img
sound; chown 65534 "$IMAGE"; start; refused "image: of another user" policy.img
sound; rm "$IMAGE"; mkfifo "$IMAGE"; start; refused "image: a FIFO" policy.img; rm "$IMAGE"
sound; mv "$IMAGE" "$SCRATCH/etc/real.img"; mkdir "$IMAGE"; start; refused "image: a folder" policy.img; rmdir "$IMAGE"

# ---- the daemon runs after all of that, and survives its clients ----------------
sound
rm -rf "$SCRATCH/state" "$SCRATCH/run"
launch_guardd
check $? "the daemon starts when all is sound"
set -- $AREAS
area=$1
good payload "$area/good"
evil payload "$area/evil"
$AS_USER $PYTHON - "$SOCKET" <<'PYTHON' > "$SCRATCH/log/hostile" 2>&1
import os, random, socket, struct, sys
path = sys.argv[1]
def connect():
    client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client.settimeout(2)
    client.connect(path)
    return client
random.seed(7)
packets = [b"", b"\0", b"\x01\0", b"\xff" * 8, b"\0" * 60000,
           struct.pack("<HHI", 2, 16, 0), struct.pack("<HHI", 1, 9999, 0), struct.pack("<HHI", 1, 1, 0) + b"x" * 5000,
           struct.pack("<HHI", 1, 17, 0), struct.pack("<HHI", 1, 18, 0) + b"\xff" * 100,
           struct.pack("<HHI", 1, 16, 0) + b"more", struct.pack("<HHI", 1, 17, 0) + b"\xff" * 8300]
packets += [struct.pack("<HHI", 1, random.randrange(0, 40), 1) + os.urandom(random.randrange(0, 9000)) for _ in range(500)]
for packet in packets:
    try:
        client = connect()
        client.send(packet)
        try:
            client.recv(65536)
        except OSError:
            pass
        client.close()
    except OSError as error:
        print(error)
held = []
for _ in range(2000):   # never says anything, never leaves
    try:
        held.append(connect())
    except OSError:
        break
print("held", len(held))
PYTHON
is "a listed program after hostile clients" "$area/good"
expect_denied "after hostile clients" "$area/evil"
wait_for 5 ctl status
check $? "status answers after hostile clients" "$(cat "$SCRATCH/log/hostile")"
check "$([ "$(status_of gate_restarts)" = 0 ]; echo $?)" "the gate did not notice them"

# ---- the ledger -----------------------------------------------------------------
stop_guardd
database=$(find "$SCRATCH/state" -name '*.db' -o -name '*.sqlite' | head -n 1)
if [ -z "$database" ]; then
	fail "the ledger is found" "$(find "$SCRATCH/state")"
	exit 0
fi
is "the ledger verifies" "$GUARDCTL" ledger verify --file "$database"
tamper() # DATABASE SQL
{
	$PYTHON - "$1" "$2" <<'PYTHON'
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    table = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%path%'").fetchone()[0]
    assert database.execute(sys.argv[2].replace("LEDGER", table)).rowcount == 1
PYTHON
}
for bad in changed deleted shortened cut random; do
	rm -rf "$SCRATCH/copy" && cp -a "$(dirname "$database")" "$SCRATCH/copy"
	copy=$SCRATCH/copy/$(basename "$database")
	size=$(stat -c %s "$copy")
	case $bad in
	changed) tamper "$copy" "UPDATE LEDGER SET uid = uid + 1 WHERE id = (SELECT max(id) - 1 FROM LEDGER)" ;;
	deleted) tamper "$copy" "DELETE FROM LEDGER WHERE id = (SELECT max(id) - 1 FROM LEDGER)" ;;
	shortened) tamper "$copy" "DELETE FROM LEDGER WHERE id = (SELECT max(id) FROM LEDGER)" ;;
	cut) truncate -s $((size / 2)) "$copy" ;;
	random) head -c 20000 /dev/urandom > "$copy" ;;
	esac
	tampered=$?
	check $tampered "the ledger can be $bad"
	try "$GUARDCTL" ledger verify --file "$copy"
	check "$([ "$RC" = 1 ] && [ -n "$OUT" ]; echo $?)" "a ledger that is $bad is told" "$RC $OUT"
done
head -c 20000 /dev/urandom > "$database"
launch_guardd
check $? "the daemon starts over a broken ledger"
expect_allowed "over a broken ledger" "$area/good"
expect_denied "over a broken ledger" "$area/evil"
wait_for 5 eval '[ -n "$(find "$SCRATCH/state" -name "*damaged.db")" ]'
check $? "the broken ledger is kept aside" "$(find "$SCRATCH/state")"
