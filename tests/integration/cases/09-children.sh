# SPDX-License-Identifier: MIT
# where: host guest
# Listed tools that start other programs: the child is checked like any other.
. "$(dirname "$0")/../lib.sh"
start_guardd

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	x=$area/x
	both "awk system() on $at" evil payload "$x" awk "BEGIN { exit system(\"$x\") }"
	both "find -exec on $at" evil payload "$x" find "$area" -name x -exec "$x" \;
	both "xargs on $at" evil payload "$x" sh -c "echo | xargs '$x'"
	both "tar --checkpoint-action on $at" evil payload "$x" \
		sh -c "tar -cf '$area/t.tar' -C / etc/passwd --checkpoint=1 --checkpoint-action=exec='$x' 2>&1; false"
	both "tar --to-command on $at" evil payload "$x" tar -xf "$area/t.tar" -C "$area" --to-command="$x"
	both "tar -I on $at" evil payload "$x" tar -cf "$area/u.tar" -I "$x" -C / etc/passwd
	both "nice on $at" evil payload "$x" nice "$x"
	both "timeout on $at" evil payload "$x" timeout 10 "$x"
	both "setsid on $at" evil payload "$x" setsid -w "$x"
	both "env -i on $at" evil payload "$x" env "$x"
	both "perl exec on $at" evil payload "$x" perl -e "exec '$x' or die \$!"
	both "perl system on $at" evil payload "$x" perl -e "system('$x') == 0 or die \$!"
	both "python subprocess on $at" evil payload "$x" $PYTHON -c "import subprocess; subprocess.run(['$x'])"
	both "python os.posix_spawn on $at" evil payload "$x" \
		$PYTHON -c "import os; os.waitpid(os.posix_spawn('$x', ['x'], os.environ), 0)"
	both "openssl's config on $at" evil payload "$x" sh -c "exec '$x'"
	both "busybox find on $at" evil payload "$x" busybox find "$area" -name x -exec "$x" \;
	both "git-like editor hook (sh -c with arguments) on $at" evil payload "$x" sh -c '"$0" "$@"' "$x" a b
	editor=$(command -v vim.tiny || command -v vim || true)
	if [ -n "$editor" ]; then
		both_quietly "vim's shell on $at" payload "$x" "$editor" -u NONE -es -c ":!$x" -c ':qa!'
	else
		skip "vim's shell on $at" "vim is not installed"
	fi
done
