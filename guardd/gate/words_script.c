/* SPDX-License-Identifier: MIT
 *
 * gate/words_script.c - the command line that the kernel makes for the interpreter of a
 * script, as fs/binfmt_script.c does: the interpreter and what else the script's first line
 * says, the script's name, and the caller's words without the first.
 */
#include "gate/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"

#define BLANKS " \t"

int gate_words_first_line(char *head, const char **ret_interpreter, const char **ret_argument)
{
	char *line = &head[2], *end = strchr(line, '\n'), *space;

	if (memcmp(head, "#!", 2) != 0)
		return -GUARD_E_SYNTAX;
	if (!end)
		end = &line[strlen(line)];
	while (end > line && strchr(BLANKS, end[-1]))
		end--;
	*end = '\0';
	line += strspn(line, BLANKS);
	if (!*line)
		return -GUARD_E_SYNTAX;
	space = strpbrk(line, BLANKS);
	*ret_interpreter = line;
	*ret_argument = space ? &space[strspn(space, BLANKS)] : NULL;
	if (space)
		*space = '\0';
	return 0;
}

/* By which name the kernel hands the script over. */
static int name_script(char *ret_name, size_t size, int32_t tid, const struct gate_call *call)
{
	char asked[GUARD_WIRE_PATH_MAX];
	int length;

	gate_requested_name(asked, sizeof(asked), tid, call);
	if (asked[0] == '/' || call->folder == AT_FDCWD)
		length = snprintf(ret_name, size, "%s", asked);
	else
		length = snprintf(ret_name, size, "/dev/fd/%d%s%s", call->folder, asked[0] ? "/" : "", asked);
	return length > 0 && (size_t)length < size && strlen(asked) + 1 < sizeof(asked) ? 0 : -GUARD_E_LIMIT;
}

static void add(char *words, size_t *at, const char *word)
{
	const size_t size = strlen(word) + 1;

	memcpy(&words[*at], word, size);
	*at += size;
}

int gate_words_of_script(char **ret_words, size_t *ret_size, int32_t tid, const struct gate_call *call)
{
	char head[GATE_FIRST_LINE + 1] = { 0 }, name[GUARD_WIRE_PATH_MAX + 32];
	GUARD_AUTO_FREE char *own = NULL, *words = NULL;
	const char *interpreter, *argument;
	size_t size = 0, first, at = 0;
	int r = name_script(name, sizeof(name), tid, call);

	if (r == 0)
		r = gate_words_script_head(head, GATE_FIRST_LINE, tid, call);
	if (r == 0)
		r = gate_words_first_line(head, &interpreter, &argument);
	if (r == 0)
		r = gate_words_read(&own, &size, tid, call);
	if (r < 0)
		return r;
	first = size ? strlen(own) + 1 : 0;
	words = malloc(size + sizeof(name) + sizeof(head));
	if (!words)
		return -GUARD_E_NOMEM;
	add(words, &at, interpreter);
	if (argument)
		add(words, &at, argument);
	add(words, &at, name);
	memcpy(&words[at], &own[first], size - first);
	at += size - first;
	if (at > GATE_WORDS_SIZE_MAX)
		return -GUARD_E_LIMIT;
	*ret_size = at;
	*ret_words = guard_steal_pointer(&words);
	return 0;
}
