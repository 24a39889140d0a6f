# SPDX-License-Identifier: MIT
# where: host
# Code that is no file: `-c`, `-e`, `-m`, standard input, here-documents, pipes.
# What a contained program may start itself (all else of containment is the kernel
# layer's: tests/vm/contain.py).  Interpreters lie on the protected filesystem under names of their own, so that
# their contents tell what they are.
. "$(dirname "$0")/../lib.sh"
set -- $AREAS
area=$1
tools=$SCRATCH/tools
mkdir -p "$tools" "$SCRATCH/etc" "$SCRATCH/log"
for tool in bash dash perl "$PYTHON" mawk env; do
	command -v "$tool" > /dev/null && cp -L "$(readlink -f "$(command -v "$tool")")" "$tools/$(basename "$tool")"
done
code='import os; open(os.environ["GUARD_MARK"], "w").write("x")'
mark='echo x > "$GUARD_MARK"'
echo "$code" > "$tools/mark.py"
printf '#!%s\n%s\n' "$area/python3" "$code" > "$tools/tool"
printf '%s <<< "$(head -c 200000 /dev/zero | tr "\\0" x)" > /dev/null && %s\n' cat "$mark" > "$tools/here.bash"
printf '#!%s\n%s\n' "$area/dash" "$mark" > "$tools/tool.sh"
chmod 755 "$tools/tool" "$tools/tool.sh"
CONTAINMENT=

# policy VERSION ENTRY...: what is there, and these words about interpreters.
policy()
{
	local version=$1
	shift
	{ echo 'interpreters = ('; printf '%s\n' "$@" | paste -sd,; echo ");$CONTAINMENT"; } > "$SCRATCH/etc/words.conf"
	"$GUARDCTL" scan "$LISTED" "$tools" --mode "${MODE:-enforce}" --id test --output "$SCRATCH/etc/policy.conf" > "$SCRATCH/log/scan" 2>&1
	sed -i "s/version = [0-9]*;/version = $version;/" "$SCRATCH/etc/policy.conf"
	"$GUARDCTL" policy build "$SCRATCH/etc/policy.conf" "$SCRATCH/etc/words.conf" --output "$IMAGE" > "$SCRATCH/log/build" 2>&1
}
recorded() { wait_for 10 event_with "$@"; }
# fed FILE PROGRAM...: what runs the program with the file as its standard input.
cat > "$tools/fed" <<'END'
#!/bin/sh
exec < "$1" && shift && exec "$@"
END
chmod 755 "$tools/fed"

rm -rf "$SCRATCH/state" "$SCRATCH/run"
policy 1 '{ name = "python"; inline = "deny"; standard_input = "deny"; }' \
	'{ name = "dash"; inline = "deny"; standard_input = "deny"; }' \
	'{ name = "perl"; inline = "log"; standard_input = "log"; }' \
	'{ name = "awk"; inline = "deny"; standard_input = "deny"; }' '{ name = "bash"; inline = "log"; }'
is "a policy tightens interpreters that a scan describes" test -s "$IMAGE"
write_config && launch_guardd || { fail "the daemon starts" "$(cat "$SCRATCH/log/build")"; exit 1; }
cp "$tools"/* "$area"/
p=$area/python3

# ---- what is a file goes on ------------------------------------------------------
expect_allowed "a listed script" "$p" "$area/mark.py"
expect_allowed "with options before it" "$p" -I -W ignore "$area/mark.py" -c
expect_allowed "by its first line" "$area/tool"
try "$p" --version
check "$RC" "a question for the version" "$OUT"
expect_allowed "a shell's script" "$area/dash" "$LISTED/mark.sh"

# ---- code on the command line -----------------------------------------------------
expect_denied "-c" "$p" -c "$code"
expect_denied "joined with other options" "$p" -Ic "$code"
expect_denied "-m" "$p" -m this
expect_denied "started by another program" sh -c '"$0" -c "$1"' "$p" "$code"
expect_denied "by a descriptor" sh -c 'exec 9< "$0"; exec /proc/self/fd/9 -c "$1"' "$p" "$code"
expect_denied "through a link of another name" sh -c 'ln -s "$0" "$0.link"; exec "$0.link" -c "$1"' "$p" "$code"
expect_denied "by the loader" "$LOADER" "$p" -c "$code"
expect_denied "an option that the policy does not explain" "$p" --hidden "$area/mark.py"
expect_denied "a shell's -c" "$area/dash" -c "$mark"
expect_denied "behind -s" "$area/dash" -sc "$mark"
if [ -e "$area/mawk" ]; then
	expect_denied "awk's program" "$area/mawk" 'BEGIN { printf "x" > ENVIRON["GUARD_MARK"] }'
	expect_allowed "awk's in a file" "$area/mawk" -f "$LISTED/mark.awk"
	evil mark.awk "$area/x"
	expect_denied "in one that is not listed, without a suffix" "$area/mawk" -f "$area/x"
	expect_denied "awk's by standard input" sh -c 'cat "$1" | exec "$0" -f -' "$area/mawk" "$LISTED/mark.awk"
	expect_denied "by its name" sh -c 'cat "$1" | exec "$0" -f /dev/stdin' "$area/mawk" "$LISTED/mark.awk"
	expect_denied "behind a listed one" sh -c 'cat "$1" | exec "$0" -f "$1" -f /dev/stdin' "$area/mawk" "$LISTED/mark.awk"
fi
is "the record says what it was" recorded '"reason":"inline-code"' "$area/python3" 'code on the command line: -c import os'

# ---- standard input ------------------------------------------------------------------
expect_denied "a pipe" sh -c 'cat "$1" | exec "$0"' "$p" "$area/mark.py"
expect_denied "a file" "$tools/fed" "$area/mark.py" "$p"
expect_denied "a here-document" sh -c "exec '$p' <<END
$code
END"
expect_denied "asked for by -" sh -c 'cat "$1" | exec "$0" -' "$p" "$area/mark.py"
expect_denied "besides a script" "$tools/fed" "$area/mark.py" "$p" -i "$LISTED/mark.py"
expect_denied "named as a file" "$tools/fed" "$area/mark.py" "$p" /dev/stdin
expect_denied "named by its number" "$tools/fed" "$area/mark.py" "$p" /dev/fd/0
expect_denied "by a link to it" sh -c 'ln -sf /dev/stdin "$0.in"; exec "$0" "$0.in" < "$1"' "$p" "$area/mark.py"
mkfifo "$area/fifo"
expect_denied "a named pipe" sh -c 'cat "$1" 1<> "$2" & exec "$0" "$2"' "$p" "$area/mark.py" "$area/fifo"
expect_denied "a shell's" sh -c 'echo "$1" | exec "$0"' "$area/dash" "$mark"
expect_denied "a terminal" script -qec "$area/dash" /dev/null
is "the record says so" recorded '"reason":"standard-input"' "$area/python3" 'code by standard input: pipe:'

# ---- recorded only -----------------------------------------------------------------------
expect_allowed "-e where it is recorded" "$area/perl" -e 'open(F, ">", $ENV{GUARD_MARK}); print F "x"'
is "the record has it" recorded '"reason":"inline-code"' "$area/perl" '"action":"allow"' 'code on the command line: -e open'
expect_allowed "standard input where it is recorded" \
	sh -c 'echo "open(F, q(>), \$ENV{GUARD_MARK}); print F 1" | exec "$0"' "$area/perl"
is "the record has that too" recorded '"reason":"standard-input"' "$area/perl" '"action":"allow"'
expect_allowed "bash's long here-string, where inline code is recorded" env TMPDIR="$area" "$area/bash" "$area/here.bash"

# ---- another policy ------------------------------------------------------------------------
policy 2 '{ name = "bash"; inline = "deny"; }' && is "a stricter one is taken" ctl reload
expect_allowed "what it no longer mentions" "$p" -c "$code"
expect_allowed "what comes by a pipe as well" sh -c 'cat "$1" | exec "$0"' "$p" "$area/mark.py"
expect_denied "bash's long here-string, where inline code is refused" env TMPDIR="$area" "$area/bash" "$area/here.bash"
expect_denied "bash -c" "$area/bash" -c "$mark"
MODE=audit policy 3 '{ name = "python"; inline = "deny"; }' && is "audit mode is taken" ctl reload
expect_allowed "in audit mode" "$p" -c "$code"
is "recorded as what would be refused" recorded '"reason":"inline-code"' '"mode":"audit"'

# ---- contained programs ----------------------------------------------------------------------
# contain MODE: `mail`, which starts whatever it is told to.
contain()
{
	CONTAINMENT="containment = ( { name = \"mail\"; programs = [ \"$area/mail\" ]; mode = \"$1\";
		may_start = [ \"$area/good\", \"$area/tool.sh\", \"$area/open/*\" ]; } );"
}
cp "$tools/env" "$area/mail"
good payload "$area/good"
good payload "$area/other"
mkdir "$area/open"
good payload "$area/open/x"
for round in 1 2 3; do expect_allowed "what nobody contains ($round)" "$area/other"; done
contain deny
policy 4 '{ name = "python"; inline = "log"; }' && is "a policy that contains is taken" ctl reload
expect_allowed "a contained program starts what its list names" "$area/mail" "$area/good"
expect_allowed "a script of its list, with its interpreter" "$area/mail" "$area/tool.sh"
expect_allowed "where only root can write" "$area/mail" "$area/open/x"
chmod 1777 "$area/open"
expect_denied "where others can" "$area/mail" "$area/open/x"
expect_denied "a contained program starts what its list does not name" "$area/mail" "$area/other"
expect_allowed "which others may start" "$area/other"
expect_denied "a shell" "$area/mail" "$area/dash" "$LISTED/mark.sh"
is "the record names the containment" recorded '"reason":"contained"' "$area/other" 'containment \"mail\"'
is "status says what is not held without the kernel layer" grep -q 'only what they start themselves' <<< "$(ctl status)"
contain log
policy 5 '{ name = "python"; inline = "log"; }' && is "one that records is taken" ctl reload
expect_allowed "recorded only" "$area/mail" "$area/other"
is "and recorded" recorded '"reason":"contained"' "$area/other" '"action":"allow"'
