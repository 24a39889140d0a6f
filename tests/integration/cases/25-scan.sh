# SPDX-License-Identifier: MIT
# where: host
# guardctl scan over odd trees: whatever lies there, what comes out compiles, and
# what is not in it is named.  No daemon runs.
. "$(dirname "$0")/../lib.sh"

tree=$SCRATCH/tree
out=$SCRATCH/scan.conf
program=$SCRATCH/bin/guardctl
mkdir -p "$tree" "$SCRATCH/bin"
cp "$GUARDCTL" "$program"
scan() { try "$program" scan "$@" --output "$out"; }
has() { check "$(grep -qF -- "$2" "$out"; echo $?)" "$1" "$(head -c 2000 "$out")"; }
hasnt() { check "$(! grep -qF -- "$2" "$out"; echo $?)" "$1" "$(grep -nF -- "$2" "$out")"; }
compiles()
{
	try "$program" policy build "$out" --output "$SCRATCH/scan.image"
	check "$RC" "what came out compiles: $1" "$OUT"
}

# ---- usage ------------------------------------------------------------------------
for bad in "scan" "scan --mode maybe /etc" "scan --jobs 0 /etc" "scan --jobs many /etc" "scan --id a/b /etc" "scan --nonsense /etc"; do
	# shellcheck disable=SC2086
	try "$program" $bad
	check "$([ "$RC" = 2 ] && [ -n "$OUT" ]; echo $?)" "usage: $bad" "$RC $OUT"
done
scan "$SCRATCH/nothing-here"
check "$([ "$RC" = 1 ] && grep -q 'nothing-here: No such file' <<< "$OUT"; echo $?)" "a folder that is not there is named" "$RC $OUT"
try "$program" scan "$tree" --output "$SCRATCH/no/such/folder"
check "$([ "$RC" = 1 ] && grep -q 'cannot write' <<< "$OUT"; echo $?)" "an output that cannot be written" "$RC $OUT"

# ---- names --------------------------------------------------------------------------
printf '#!/bin/sh\n' > "$tree/plain"
printf 'newline\n' > "$tree/"$'a\nb'
printf 'quote\n' > "$tree/"'say "hi" \ there'
printf 'latin\n' > "$tree/"$'caf\xe9'
printf 'escape\n' > "$tree/"$'\e[31mred'
printf 'utf-8\n' > "$tree/é"
printf 'comment\n' > "$tree/# \"; policy = { mode = audit"
mkdir "$tree/"$'dir\n"};'
printf 'inside\n' > "$tree/"$'dir\n"};'/x
# ---- kinds ---------------------------------------------------------------------------
cp /usr/bin/true "$tree/elf"
head -c 4096 /dev/zero > "$tree/data.bin"
head -c 4096 /dev/zero > "$tree/module.ko.xz"
head -c 4097 /dev/zero > "$tree/cached.pyc"
: > "$tree/__init__.py"
ln "$tree/elf" "$tree/hard link"
ln -s elf "$tree/symlink"
ln -s . "$tree/loop"
mkfifo "$tree/fifo"
mknod "$tree/null" c 1 3
"$PYTHON" -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$tree/socket"
TRY_SECONDS=60 scan "$tree"
check "$RC" "a tree of odd things" "$OUT"
grep -q '3 are no regular files' <<< "$OUT"
check $? "FIFO, device and socket are counted, none is opened" "$OUT"
! grep -q $'\e' <<< "$OUT"
check $? "no control character reaches the terminal" "$OUT"
has "the FIFO is named" "#   $tree/fifo"
has "a script" "  $tree/plain\""
has "a program" "  $tree/elf\""
has "a hard link is named once more" "# the same: $tree/hard link"
has "a kernel module by its name" "  $tree/module.ko.xz\""
has "byte code by its name" "  $tree/cached.pyc\""
has "an empty file" "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
hasnt "plain data is left out" "data.bin"
hasnt "a symbolic link is not followed" "symlink\""
has "a newline in a name" "$tree/a\\x0ab\""
has "a byte that is no UTF-8" "$tree/caf\\xe9\""
has "the header is the only one" '  mode = "enforce";'
check "$([ "$(grep -c '^policy = {' "$out")" = 1 ]; echo $?)" "a name cannot add a block"
compiles "odd names"
cp "$out" "$SCRATCH/first.conf"
scan "$tree" --jobs 7
check "$(cmp -s "$out" "$SCRATCH/first.conf"; echo $?)" "the same tree gives the same bytes"

scan "$tree" --all
has "with --all, data as well" "  $tree/data.bin\""
scan "$tree" --mode audit --id pc-07
has "mode audit" '  mode = "audit";'
has "the name given" '  id = "pc-07";'
scan "$tree" --fragment
check "$(! grep -q '^policy = {' "$out"; echo $?)" "a fragment has no header"
scan "$tree" --exclude 'caf*' --exclude "$tree/dir*"
hasnt "excluded by its last component" "caf\\xe9\","
hasnt "excluded by its path" "/x\""
has "and said so" "were left out by --exclude"
scan "$tree/elf"
check "$RC" "one file is scanned as well" "$OUT"

# ---- what cannot be read ---------------------------------------------------------------
mkdir "$tree/private"
printf 'secret\n' > "$tree/private/file"
printf 'secret too\n' > "$tree/unreadable"
chmod 700 "$tree/private"
chmod 600 "$tree/unreadable"
chmod 777 "$SCRATCH/bin"
try $AS_USER "$program" scan "$tree" --output "$SCRATCH/bin/user.conf"
check "$([ "$RC" = 1 ]; echo $?)" "unreadable files make it fail" "$RC $OUT"
grep -q "unreadable: Permission denied" <<< "$OUT" && grep -q "private: Permission denied" <<< "$OUT"
check $? "and are named" "$OUT"
grep -q "^#   $tree/unreadable: Permission denied" "$SCRATCH/bin/user.conf"
check $? "in the policy source as well"
grep -qF "  $tree/elf\"" "$SCRATCH/bin/user.conf"
check $? "the rest is listed"
try "$program" policy build "$SCRATCH/bin/user.conf" --output "$SCRATCH/scan.image"
check "$RC" "and compiles" "$OUT"

# ---- other filesystems --------------------------------------------------------------------
mkdir "$tree/mount"
mount -t tmpfs -o size=1M guard-test "$tree/mount"
printf 'elsewhere\n' > "$tree/mount/there"
scan "$tree" --one-file-system
hasnt "another filesystem is left out" "  $tree/mount/there\""
has "and said so" "#   $tree/mount"
scan "$tree"
has "without the option it is taken" "  $tree/mount/there\""
umount "$tree/mount"
mkdir "$tree/proc"
mount -t proc proc "$tree/proc"
scan "$tree"
check "$RC" "a pseudo filesystem is no failure" "$OUT"
hasnt "and nothing of it is listed" "  $tree/proc/"
umount "$tree/proc"

# ---- while it changes ------------------------------------------------------------------------
( while :; do date +%N > "$tree/busy"; done ) &
writer=$!
scan "$tree"
kill $writer
wait $writer 2> /dev/null
check "$([ "$RC" = 0 ] || grep -q 'changed or went away' <<< "$OUT"; echo $?)" "a file that changes is listed as it was or named" "$RC $OUT"
compiles "of a busy tree"

# ---- many ---------------------------------------------------------------------------------------
mkdir "$tree/many"
"$PYTHON" - "$tree/many" << 'EOT'
import os, sys
for d in range(100):
    folder = "%s/%d" % (sys.argv[1], d)
    os.mkdir(folder)
    for i in range(1000):
        fd = os.open("%s/%d" % (folder, i), os.O_WRONLY | os.O_CREAT)
        os.write(fd, b"%d %d\n" % (d, i))
        os.close(fd)
EOT
TRY_SECONDS=120 scan "$tree/many"
check "$RC" "100,000 files" "$OUT"
check "$([ "$(grep -c "  $tree/many/" "$out")" = 100000 ]; echo $?)" "all are listed" "$(grep -c "  $tree/many/" "$out")"
TRY_SECONDS=60 compiles "100,000 digests"
rm -rf "$tree"
