/* SPDX-License-Identifier: MIT
 *
 * guardctl/doctor_read.c - small text files of the kernel, read bounded.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor.h"

int doctor_read_text(char *ret_text, size_t size, const char *path)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t length = 0;

	if (fd < 0)
		return -1;
	while (length + 1 < size) {
		ssize_t got = read(fd, &ret_text[length], size - 1 - length);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	ret_text[length] = '\0';
	if (length > 0 && ret_text[length - 1] == '\n')
		ret_text[length - 1] = '\0';
	return 0;
}

int doctor_read_number(long long *ret_number, const char *path)
{
	char text[64], *end;

	if (doctor_read_text(text, sizeof(text), path) < 0)
		return -1;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (errno || end == text) {
		errno = EINVAL;
		return -1;
	}
	*ret_number = number;
	return 0;
}

bool doctor_has_word(const char *list, const char *word)
{
	static const char between[] = ", \n";
	size_t wanted = strlen(word);

	for (size_t i = 0; list[i];) {
		i += strspn(&list[i], between);
		size_t length = strcspn(&list[i], between);
		if (length == wanted && strncmp(&list[i], word, length) == 0)
			return true;
		i += length;
	}
	return false;
}
