# SPDX-License-Identifier: MIT
# where: host guest
# Scripts: by shebang, as an argument of an interpreter, sourced, as start-up file.
. "$(dirname "$0")/../lib.sh"
start_guardd

# The emulated guest is slow: there, one of each kind.
shells=(bash sh dash "busybox sh") pythons=("" -I) perls=("" -w)
if [ "$GUARD_WHERE" = host ]; then
	shells+=("bash --norc" "bash -e" "sh -x" "bash -o pipefail" "bash +x" "bash --")
	pythons+=(-u -E "-s -S" "-W ignore" "-X dev")
	perls+=(-t -I/tmp -Mstrict)
fi

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	x=$area/x
	for name in mark.sh mark.bash mark.py mark.pl; do
		both "$name by its first line on $at" evil $name "$area/$name" "$area/$name"
	done
	both "shell script without first line on $at" evil mark-plain "$x" bash -c "'$x'"
	both "the same started by busybox on $at" evil mark-plain "$x" busybox sh -c "'$x'"
	both "the same started by env on $at" evil mark.sh "$x" env "$x"

	for shell in "${shells[@]}"; do
		both "$shell FILE on $at" evil mark.sh "$x" $shell "$x"
		both "$shell FILE.sh on $at" evil mark.sh "$area/a.sh" $shell "$area/a.sh"
	done
	both "bash FILE by a relative name on $at" evil mark.sh "$x" bash -c "cd '$area' && exec bash x"
	both "bash FILE found by PATH on $at" evil mark.sh "$x" bash -c "cd / && PATH='$area':\$PATH exec bash x"
	ln -sfn x "$area/link"
	both "bash FILE through a link on $at" evil mark.sh "$x" bash "$area/link"
	both "bash /dev/fd/N on $at" evil mark.sh "$x" bash -c "exec 9< '$x'; exec bash /dev/fd/9"
	both "source on $at" evil mark-plain "$x" bash -c "source '$x'"
	both "dot on $at" evil mark-plain "$x" sh -c ". '$x'"
	both "BASH_ENV on $at" evil mark-plain "$x" bash -c "BASH_ENV='$x' bash -c 'test -e /nonexistent' 2>&1"
	both_quietly "ENV of an interactive shell on $at" mark-plain "$x" sh -c "ENV='$x' sh -i < /dev/null 2>&1"
	both_quietly "bash --rcfile on $at" mark-plain "$x" bash --rcfile "$x" -i -c 'false'
	both_quietly "bash --init-file on $at" mark-plain "$x" bash --init-file "$x" -i -c 'false'
	# What a shell writes itself to read it back (a here-document) is no script;
	# what it was given a writing descriptor of is one, where it can be told apart.
	chmod 1777 "$area" # put back by the worker
	for size in 100 200000; do
		expect_allowed "here-string of $size bytes on $at" env TMPDIR="$area" bash -c \
			"cat <<< \"\$(head -c $size /dev/zero | tr '\\0' x)\" > /dev/null && '$LISTED/payload'"
	done
	rm -f "$x"
	evil mark-plain "$x"
	chmod 600 "$x"
	expect_denied "bash FILE with a writing descriptor at hand on $at" bash -c "exec 9<> '$x'; exec bash '$x'"
	chmod 644 "$x"
	expect_denied "source of a file others may read, with one on $at" bash -c "exec 9>> '$x'; source '$x'"
	# The fd must be the shell's own, and one to read and write.
	chmod 600 "$x"
	expect_denied "source of a private file that is open for appending on $at" bash -c "exec 9>> '$x'; source '$x'"
	sleep 300 9<> "$x" &
	holder=$!
	expect_denied "source of a private file that another writes to on $at" bash -c "source '$x'"
	kill $holder
	wait $holder 2> /dev/null
	rm -f "$x"
	mkdir -p "$area/home"
	both_quietly ".bash_profile on $at" mark-plain "$area/home/.bash_profile" env HOME="$area/home" bash -l -c false

	for option in "${pythons[@]}"; do
		both "python3 $option FILE on $at" evil mark.py "$x" $PYTHON $option "$x"
	done
	both "python3 FILE.py on $at" evil mark.py "$area/a.py" $PYTHON "$area/a.py"
	both "python3 FILE with arguments on $at" evil mark.py "$x" $PYTHON "$x" -c pass
	both "python3 FOLDER on $at" evil mark.py "$area/__main__.py" $PYTHON "$area"
	rm -f "$area/__main__.py"
	for option in "${perls[@]}"; do
		both "perl $option FILE on $at" evil mark.pl "$x" perl $option "$x"
	done
	both "perl FILE.pl on $at" evil mark.pl "$area/a.pl" perl "$area/a.pl"
	! command -v gdb > /dev/null || both "gdb -x FILE.py on $at" evil mark.py "$area/a.py" gdb -batch -nx -x "$area/a.py"
	both "perl do FILE on $at" evil mark.pl "$area/a.pl" perl -e "do '$area/a.pl' or die \$!"
	both_quietly "perl require FILE on $at" mark.pl "$area/a.pl" perl -e "require '$area/a.pl'"
	both "awk -f on $at" evil mark.awk "$area/a.awk" awk -f "$area/a.awk"
	if command -v gawk > /dev/null; then
		both "gawk --file on $at" evil mark.awk "$area/a.awk" gawk "--file=$area/a.awk"
	fi

	# An unlisted interpreter of a listed script, and the other way round.
	good payload "$area/interpreter"
	printf '#!%s\n' "$area/interpreter" > "$x"
	chmod 755 "$x"
	expect_denied "unlisted script with a listed interpreter on $at" "$x"
	# Copies of an interpreter under another name are interpreters still.
	cp -L "$(readlink -f $PYTHON)" "$area/innocent"
	if [ "$GUARD_WHERE" = guest ] || "$GUARDCTL" --socket "$SOCKET" explain "$area/innocent" > /dev/null 2>&1; then
		both "copy of python under another name on $at" evil mark.py "$x" "$area/innocent" "$x"
	else
		expect_denied "unlisted copy of python on $at" "$area/innocent" "$LISTED/mark.py"
	fi
done
