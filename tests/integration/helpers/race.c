/* SPDX-License-Identifier: MIT
 *
 * helpers/race.c - change what a name means while it is being used:
 *   race MODE LISTED OTHER FOLDER ROUNDS [COMMAND...]
 * One thread swaps between the contents LISTED and OTHER under FOLDER/target;
 * this one runs COMMAND ("{}" is the target; default: the target itself) so
 * many rounds.  OTHER leaves a mark when it runs, LISTED does not, so the marks
 * count the attacker's successes.  Prints what the rounds came to.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define CONTENT_MAX (4u << 20)

struct content {
	char *bytes;
	size_t size;
};

struct race {
	struct content listed, other;
	char target[4096], spare[4096], first[4096], second[4096];
	atomic_bool stop, under_way;
	unsigned long swaps, same_inode;
	int writer; /* an fd and mapping that were opened before */
	char *map;
	size_t from, length; /* the bytes that differ */
};

static void die(const char *what)
{
	fprintf(stderr, "race: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* By cat, which may read what is not listed. */
static struct content load(const char *path)
{
	struct content content = { 0 };
	char command[8192];
	FILE *pipe;

	snprintf(command, sizeof(command), "exec cat '%s'", path);
	pipe = popen(command, "r");
	content.bytes = malloc(CONTENT_MAX);
	if (!pipe || !content.bytes)
		die(path);
	content.size = fread(content.bytes, 1, CONTENT_MAX, pipe);
	if (pclose(pipe) != 0 || content.size == 0)
		die(path);
	return content;
}

/* Replace the content in place; false when the file is busy running. */
static bool store(const char *path, const struct content *content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	bool good;

	if (fd < 0)
		return false;
	good = write(fd, content->bytes, content->size) == (ssize_t)content->size;
	close(fd);
	return good;
}

static void store_or_die(const char *path, const struct content *content)
{
	if (!store(path, content))
		die(path);
	chmod(path, 0755);
}

/* ---- the attackers: one swap each ------------------------------------------ */

static void swap_rename(struct race *race)
{
	syscall(SYS_renameat2, AT_FDCWD, race->target, AT_FDCWD, race->spare, 2 /* RENAME_EXCHANGE */);
}

static void swap_symlink(struct race *race)
{
	unlink(race->spare);
	if (symlink(race->swaps % 2 ? race->first : race->second, race->spare) == 0)
		rename(race->spare, race->target);
}

static void swap_write(struct race *race)
{
	store(race->target, race->swaps % 2 ? &race->listed : &race->other);
	usleep((useconds_t)(race->swaps % 200)); /* it cannot be run while it is open */
}

/* Only the bytes that differ are rewritten, through an fd that stays open. */
static void swap_held(struct race *race)
{
	const struct content *content = race->swaps % 2 ? &race->listed : &race->other;

	if (pwrite(race->writer, content->bytes + race->from, race->length, (off_t)race->from) < 0)
		usleep(1);
}

static void swap_map(struct race *race)
{
	const struct content *content = race->swaps % 2 ? &race->listed : &race->other;

	memcpy(race->map + race->from, content->bytes + race->from, race->length);
}

/* Not a thread: delete the listed file that just ran, and hope that the other
 * one gets its inode. */
static void swap_inode(struct race *race)
{
	const struct content *content = race->swaps % 2 ? &race->listed : &race->other;
	struct stat before = { 0 }, after = { 0 };

	stat(race->target, &before);
	unlink(race->target);
	store_or_die(race->target, content);
	stat(race->target, &after);
	race->same_inode += before.st_ino == after.st_ino;
}

static const struct mode {
	const char *name;
	void (*swap)(struct race *race);
	bool threaded;
} modes[] = {
	{ "rename", swap_rename, true }, { "symlink", swap_symlink, true }, { "write", swap_write, true },
	{ "held", swap_held, true },     { "map", swap_map, true },         { "inode", swap_inode, false },
};

static const struct mode *current;

static void *attack(void *argument)
{
	struct race *race = argument;

	while (!atomic_load(&race->stop)) {
		current->swap(race);
		race->swaps++;
		atomic_store(&race->under_way, true);
	}
	return NULL;
}

static void find_difference(struct race *race)
{
	size_t last = 0;

	if (race->listed.size != race->other.size)
		die("this mode needs contents of one size");
	race->from = race->listed.size;
	for (size_t i = 0; i < race->listed.size; i++) {
		if (race->listed.bytes[i] == race->other.bytes[i])
			continue;
		race->from = i < race->from ? i : race->from;
		last = i;
	}
	race->length = race->from <= last ? last - race->from + 1 : 0;
}

static void prepare(struct race *race, const char *folder)
{
	snprintf(race->target, sizeof(race->target), "%s/target", folder);
	snprintf(race->spare, sizeof(race->spare), "%s/spare", folder);
	snprintf(race->first, sizeof(race->first), "%s/first", folder);
	snprintf(race->second, sizeof(race->second), "%s/second", folder);
	unlink(race->target);
	store_or_die(race->target, &race->listed);
	store_or_die(race->spare, &race->other);
	store_or_die(race->first, &race->listed);
	store_or_die(race->second, &race->other);
	if (current->swap != swap_held && current->swap != swap_map)
		return;
	find_difference(race);
	/* Opened while it is empty: nothing of guard's business yet. */
	race->writer = open(race->target, O_RDWR | O_TRUNC | O_CLOEXEC);
	if (race->writer < 0 || write(race->writer, race->listed.bytes, race->listed.size) != (ssize_t)race->listed.size)
		die(race->target);
	race->map = mmap(NULL, race->listed.size, PROT_READ | PROT_WRITE, MAP_SHARED, race->writer, 0);
	if (race->map == MAP_FAILED)
		die("mmap");
	if (current->swap == swap_map)
		close(race->writer);
}

/* One use of the name; true when the command ran and ended well. */
static bool use(char **command, int *ret_errno)
{
	posix_spawn_file_actions_t actions;
	int status = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	*ret_errno = posix_spawn(&pid, command[0], &actions, NULL, command, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (*ret_errno)
		return false;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	static struct race race;
	char *command[64] = { race.target };
	unsigned long rounds, good = 0, refused = 0, busy = 0, other = 0;
	pthread_t thread;
	size_t i;

	for (i = 0; argc >= 6 && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (!strcmp(modes[i].name, argv[1]))
			current = &modes[i];
	if (!current || argc > 60)
		return fprintf(stderr, "usage: race MODE LISTED OTHER FOLDER ROUNDS [COMMAND...]\n"), 2;
	race.listed = load(argv[2]);
	race.other = load(argv[3]);
	rounds = strtoul(argv[5], NULL, 10);
	prepare(&race, argv[4]);
	for (i = 6; i < (size_t)argc; i++)
		command[i - 6] = strcmp(argv[i], "{}") ? argv[i] : race.target;

	if (current->threaded && pthread_create(&thread, NULL, attack, &race))
		die("pthread_create");
	while (current->threaded && !atomic_load(&race.under_way))
		usleep(100);
	for (unsigned long round = 0; round < rounds; round++) {
		int error = 0;

		if (!current->threaded) {
			race.swaps = round;
			current->swap(&race);
		}
		if (use(command, &error))
			good++;
		else if (error == EPERM)
			refused++;
		else if (error == ETXTBSY)
			busy++;
		else
			other++;
	}
	atomic_store(&race.stop, true);
	if (current->threaded)
		pthread_join(thread, NULL);
	printf("rounds %lu swaps %lu good %lu refused %lu busy %lu other %lu same-inode %lu\n", rounds, race.swaps, good,
	       refused, busy, other, race.same_inode);
	return 0;
}
