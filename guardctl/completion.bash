# SPDX-License-Identifier: MIT
#
# guardctl/completion.bash - bash completion of guardctl: its verbs and each verb's
# options and words, as its own help names them; then files.

_guardctl()
{
	local current=${COMP_WORDS[COMP_CWORD]} verb='' word
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in -*) ;; *) verb=$word; break ;; esac
	done
	if [ -z "$verb" ] || { [ "$verb" = help ] && [ "$COMP_CWORD" = 2 ]; }; then
		mapfile -t COMPREPLY < <(compgen -W "help --json --socket --version $(LC_ALL=C guardctl help 2> /dev/null |
			sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p')" -- "$current")
		return
	fi
	case $current in
	-*)
		mapfile -t COMPREPLY < <(compgen -W "$(LC_ALL=C guardctl help "$verb" 2> /dev/null |
			grep -o -- '--[a-z0-9][a-z0-9-]*' | sort -u)" -- "$current")
		;;
	*)
		mapfile -t COMPREPLY < <(compgen -f -- "$current"
			[ "${COMP_WORDS[COMP_CWORD - 1]}" != "$verb" ] || compgen -W "$(LC_ALL=C guardctl help "$verb" 2> /dev/null |
				sed -n "s/^\(Usage: *\| *\)guardctl \(\[[^]]*\] \)*$verb \([a-z]*\).*/\3/p" | sort -u)" -- "$current")
		;;
	esac
}
complete -o filenames -F _guardctl guardctl
