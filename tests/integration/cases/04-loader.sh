# SPDX-License-Identifier: MIT
# where: host guest
# The dynamic loader as a program: it opens and maps what the kernel never execs.
. "$(dirname "$0")/../lib.sh"

# Here the policy names interpreters by path alone.
without_digests()
{
	mkdir -p "$SCRATCH/tools" && cp -L /usr/bin/bash "$SCRATCH/tools/"
	rm -rf "$SCRATCH/state" "$SCRATCH/run"
	make_policy enforce "$LISTED" "$SCRATCH/tools"
	"$PYTHON" - "$SCRATCH/etc/policy.conf" <<- 'END'
		import re, sys
		text = open(sys.argv[1]).read()
		at = text.index("interpreters = (")
		open(sys.argv[1], "w").write(text[:at] + re.sub(r"\n *sha256 = \[.*?\];", "", text[at:], flags=re.S))
	END
	"$GUARDCTL" policy build "$SCRATCH/etc/policy.conf" --output "$IMAGE" > "$SCRATCH/log/build" 2>&1 &&
		write_config && launch_guardd
}
if [ "$GUARD_WHERE" = host ] && [ -z "${GUARD_ATTACKS:-}" ]; then
	without_digests || { fail "the daemon starts" "$(cat "$SCRATCH/log/build")"; exit 1; }
else
	start_guardd
fi

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	x=$area/x
	for loader in $LOADER "$(readlink -f $LOADER)" /lib/../lib64/ld-linux-x86-64.so.2; do
		both "$loader on $at" evil payload "$x" "$loader" "$x"
	done
	both "loader with --argv0 on $at" evil payload "$x" $LOADER --argv0 /usr/bin/true "$x"
	both "loader with --inhibit-cache on $at" evil payload "$x" $LOADER --inhibit-cache "$x"
	both "loader with --library-path on $at" evil payload "$x" $LOADER --library-path /lib/x86_64-linux-gnu "$x"
	both "loader as another user on $at" evil payload "$x" $AS_USER $LOADER "$x"
	good quiet "$area/quiet"
	both_quietly "loader with --preload on $at" plugin.so "$area/p.so" $LOADER --preload "$area/p.so" "$area/quiet"
	both_quietly "loader with --audit on $at" plugin.so "$area/p.so" $LOADER --audit "$area/p.so" "$area/quiet"

	# A private copy: the same content is listed; it is a loader all the same.
	cp -L $LOADER "$area/ld"
	both "private copy of the loader on $at" evil payload "$x" "$area/ld" "$x"
	mv "$area/ld" "$area/harmless"
	both "private copy under a harmless name on $at" evil payload "$x" "$area/harmless" "$x"
	mkdir -p "$area/bin"
	mv "$area/harmless" "$area/bin/cp"
	both "private copy under a reader's name on $at" evil payload "$x" "$area/bin/cp" "$x"
	# While its last process may still be on its way, the change is refused.
	changed() { printf x >> "$area/bin/cp"; }
	wait_for 10 changed
	good payload "$x"
	expect_denied "changed copy of the loader on $at" "$area/bin/cp" "$x"

	# Through listed wrappers.
	both "loader started by busybox on $at" evil payload "$x" busybox sh -c "$LOADER '$x'"
	both "loader started by env on $at" evil payload "$x" env $LOADER "$x"
	both "loader started by python on $at" evil payload "$x" \
		$PYTHON -c "import os; os.execv('$LOADER', ['ld', '$x'])"

	# An interpreter that runs under the loader's name is one all the same; also for
	# what root put there.
	python=$(readlink -f "$PYTHON")
	both "bash under the loader's name on $at" evil mark.sh "$x" $LOADER /usr/bin/bash "$x"
	both "source there on $at" evil mark-plain "$x" $LOADER /usr/bin/bash -c ". '$x'"
	both "python under the loader's name on $at" evil mark.py "$x" $LOADER "$python" "$x"
	both "perl under the loader's name on $at" evil mark.pl "$x" $LOADER "$(readlink -f "$(command -v perl)")" -w "$x"

	cp -L /usr/bin/bash "$area/shell"
	both "a copy of bash on $at" evil mark.sh "$x" "$area/shell" "$x"

	# A symbolic link and a hard link to the loader.
	ln -sf $LOADER "$area/link"
	both "symbolic link to the loader on $at" evil payload "$x" "$area/link" "$x"
done
