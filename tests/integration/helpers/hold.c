/* SPDX-License-Identifier: MIT
 *
 * helpers/hold.c - hold a file open in one way until standard input ends:
 *   hold write FILE      a descriptor for writing
 *   hold map SOURCE FILE FILE is made new, filled with SOURCE's content (read by
 *                        cat) through a shared mapping that stays; no write() is
 *                        made, no descriptor stays
 * Prints `held`.  With the letter `x` on standard input, the last byte of the
 * mapping changes, and `changed` is printed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CONTENT_MAX (4u << 20)

static char *map_copy(const char *source, const char *path, size_t *ret_size)
{
	char command[8192], *content = malloc(CONTENT_MAX), *map;
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	FILE *pipe;

	snprintf(command, sizeof(command), "exec cat '%s'", source);
	pipe = popen(command, "r");
	if (!content || fd < 0 || !pipe)
		return NULL;
	*ret_size = fread(content, 1, CONTENT_MAX, pipe);
	if (pclose(pipe) != 0 || *ret_size == 0 || ftruncate(fd, (off_t)*ret_size) < 0)
		return NULL;
	map = mmap(NULL, *ret_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return NULL;
	close(fd);
	memcpy(map, content, *ret_size);
	free(content);
	return map;
}

int main(int argc, char **argv)
{
	char *map = NULL;
	size_t size = 0;
	char byte;

	if (argc == 3 && !strcmp(argv[1], "write")) {
		if (open(argv[2], O_WRONLY) < 0)
			return perror("hold"), 1;
	} else if (argc == 4 && !strcmp(argv[1], "map")) {
		map = map_copy(argv[2], argv[3], &size);
		if (!map)
			return perror("hold"), 1;
	} else {
		return fprintf(stderr, "usage: hold write FILE | map SOURCE FILE\n"), 2;
	}
	puts("held");
	fflush(stdout);
	while (read(0, &byte, 1) > 0) {
		if (byte != 'x' || !map)
			continue;
		map[size - 1] ^= 1;
		puts("changed");
		fflush(stdout);
	}
	return 0;
}
