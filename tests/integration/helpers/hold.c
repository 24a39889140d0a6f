/* SPDX-License-Identifier: MIT
 *
 * helpers/hold.c - hold a file open in one way until standard input ends:
 *   hold write|map|read FILE      prints `held`
 *   hold poke-map FILE            change its last byte through a shared mapping
 *                                 and end: no write() is ever made
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct stat info;
	char *map = NULL;
	char byte;
	int fd;

	if (argc != 3)
		return fprintf(stderr, "usage: hold write|map|read|poke-map FILE\n"), 2;
	fd = open(argv[2], strcmp(argv[1], "read") ? O_RDWR : O_RDONLY);
	if (fd < 0 || fstat(fd, &info) < 0)
		return perror("hold"), 1;
	if (strstr(argv[1], "map")) {
		map = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			return perror("hold: mmap"), 1;
		close(fd);
	}
	if (map && !strcmp(argv[1], "poke-map")) {
		map[info.st_size - 1] ^= 1;
		return 0;
	}
	puts("held");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
