/* SPDX-License-Identifier: MIT
 *
 * compile/text.c - opens and reads source files.  Only regular files: a FIFO
 * or device must not hang or fill the compiler.
 */
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

static int check_file(struct compile_diagnostics *list, const char *path, struct compile_place place,
		      const struct stat *status)
{
	if (!S_ISREG(status->st_mode)) {
		compile_error(list, place, "name a regular file", "%s is not a regular file", path);
		return -GUARD_E_IO;
	}
	if (status->st_mode & S_IWOTH) {
		compile_error(list, place, "check what it says, then take the permission away with `chmod o-w`",
			      "%s can be written by every user", path);
		return -GUARD_E_IO;
	}
	if (status->st_size > (off_t)GUARD_COMPILE_FILE_MAX) {
		compile_error(list, place, "split it", "%s is larger than %u MiB", path,
			      GUARD_COMPILE_FILE_MAX >> 20);
		return -GUARD_E_IO;
	}
	return 0;
}

static int read_all(char *bytes, size_t *ret_size, size_t size, int fd)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = read(fd, &bytes[done], size - done);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -GUARD_E_IO;
		if (count == 0)
			break;
		done += (size_t)count;
	}
	*ret_size = done;
	return 0;
}

static int cannot_read(struct compile_diagnostics *list, const char *path, struct compile_place place)
{
	compile_error(list, place,
		      errno == EACCES ? "run as a user who may read it" : "check the name; it is relative to the file that names it",
		      "cannot read %s: %s", path, strerror(errno));
	return -GUARD_E_IO;
}

/* Editors of other systems begin a text with a mark of its encoding: that of UTF-8
 * says nothing and goes, those of UTF-16 say that no line of it will be understood. */
static int take_mark(char *bytes, size_t *size, struct compile_diagnostics *list, const char *path,
		     struct compile_place place)
{
	static const char utf8[] = "\xef\xbb\xbf", little[] = "\xff\xfe", big[] = "\xfe\xff";

	if (*size >= 3 && memcmp(bytes, utf8, 3) == 0) {
		*size -= 3;
		memmove(bytes, &bytes[3], *size);
	}
	bytes[*size] = '\0';
	if (*size < 2 || (memcmp(bytes, little, 2) != 0 && memcmp(bytes, big, 2) != 0))
		return 0;
	compile_error(list, place, "save it as UTF-8", "%s is UTF-16 text", path);
	return -GUARD_E_IO;
}

int compile_text_read(struct compile_text *ret_text, struct compile_diagnostics *list, const char *path,
		      struct compile_place place)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	GUARD_AUTO_FREE char *bytes = NULL;
	struct stat status;
	size_t size = 0;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return cannot_read(list, path, place);
	r = check_file(list, path, place, &status);
	if (r < 0)
		return r;
	bytes = malloc((size_t)status.st_size + 1);
	if (!bytes)
		return -GUARD_E_NOMEM;
	if (read_all(bytes, &size, (size_t)status.st_size, fd) < 0)
		return cannot_read(list, path, place);
	r = take_mark(bytes, &size, list, path, place);
	if (r == 0)
		r = compile_arena_adopt(list->arena, bytes);
	if (r < 0)
		return r;
	ret_text->bytes = guard_steal_pointer(&bytes);
	ret_text->size = size;
	return 0;
}

const char *compile_text_relative(struct compile_arena *arena, const char *file, const char *name)
{
	const char *slash = strrchr(file, '/');

	if (name[0] == '/' || !slash)
		return compile_arena_copy(arena, name, strlen(name));
	return compile_arena_format(arena, "%.*s/%s", (int)(slash - file), file, name);
}
