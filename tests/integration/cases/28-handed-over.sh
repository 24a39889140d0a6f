# SPDX-License-Identifier: MIT
# where: host
# A listed file of root's that the kernel was told not to ask about is given to
# a user, by owner, by permission or by access list, who then changes it.
. "$(dirname "$0")/../lib.sh"
start_guardd
PIDS=$(guard_pids)

# Does the kernel remember an allow of this file?
is_remembered()
{
	local number pid
	number=$(printf 'ino:%x ' "$(stat -c %i "$1")")
	for pid in $PIDS; do
		cat /proc/"$pid"/fdinfo/* 2> /dev/null | grep -F "$number" | grep -qv 'ignored_mask:0' && return 0
	done
	return 1
}
is_forgotten() { ! is_remembered "$1"; }
use_until_remembered() { GUARD_MARK=/dev/null "${@:2}" > /dev/null 2>&1; is_remembered "$1"; }

# hand_over NAME FILE GIFT WRITE COMMAND...
hand_over()
{
	local name=$1 file=$2 gift=$3 how=$4
	shift 4
	if [ -z "${GUARD_ATTACKS:-}" ]; then
		wait_for 20 use_until_remembered "$file" "$@"
		check $? "the kernel remembers: $name"
	fi
	$gift "$file"
	if [ -z "${GUARD_ATTACKS:-}" ]; then
		wait_for 20 is_forgotten "$file"
		check $? "and forgets: $name"
	fi
	expect_no_trace "$name" $AS_USER "$LISTED/rewrite" "$how" "$file" "$@"
}

# All at once: what has changed just now is not remembered yet.
for area in $AREAS; do
	chmod 755 "$area"
	for name in owned written listed; do
		good quiet "$area/$name"
	done
	good quietlib.so "$area/lib.so"
done
for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	hand_over "program by owner, on $at" "$area/owned" 'chown 65534' map "$area/owned"
	hand_over "program by permission, on $at" "$area/written" 'chmod o+w' write "$area/written"
	hand_over "library by permission, held, on $at" "$area/lib.so" 'chmod o+w' hold \
		$LOADER --preload "$area/lib.so" "$LISTED/quiet"
	if type setfacl > /dev/null 2>&1; then
		hand_over "program by access list, on $at" "$area/listed" 'setfacl -m u:65534:rwx' map "$area/listed"
	fi
done
