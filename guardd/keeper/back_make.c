/* SPDX-License-Identifier: MIT
 *
 * keeper/back_make.c - the set that a machine goes back to: the policy that was proven
 * here, with what the one that failed denies by rule.  Only when the proven one allows
 * what was refused: going back from what both refuse would help nobody.
 */
#include "keeper/back.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <guard/policy.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "keeper/remember.h"
#include "policy/policy.h"
#include "policy/set.h"

#define BLOCK 65536u

/* ---- what was refused ------------------------------------------------------------- */

static bool allows(const struct guard_policy *policy, const struct guardd_needed_file *file)
{
	const struct guard_identity identity = { .digest = file->digest, .size = file->size, .kind = file->kind };
	const struct guard_subject subject = { .uid = file->uid, .program = file->program[0] ? file->program : NULL };
	const struct guard_object object = { .identity = &identity,
					     .path = file->path,
					     .claimed_path = file->path,
					     .path_protected = 1,
					     .medium = file->medium };
	struct guard_verdict verdict;

	guard_policy_decide(policy, &verdict, &subject, &object, (int64_t)time(NULL));
	return verdict.action == GUARD_ALLOW;
}

static bool refused_what_it_allows(char *ret_why, size_t size, const struct guard_policy *policy,
				   const struct guardd_needed *needed)
{
	for (unsigned i = 0; i < GUARDD_NEEDED_MAX; i++) {
		const struct guardd_needed_file *file = &needed->all[i];

		if (!atomic_load(&needed->whole[i]) || !allows(policy, file))
			continue;
		snprintf(ret_why, size, "%.160s was refused to %.100s", file->path,
			 file->program[0] ? file->program : "the system");
		return true;
	}
	return false;
}

/* ---- the set ---------------------------------------------------------------------------- */

struct sources {
	size_t count;
	struct guard_set_source all[GUARD_SET_PARTS_MAX];
	char offices[GUARD_SET_PARTS_MAX][GUARD_SET_OFFICE_SIZE + 1];
};

static void free_sources(struct sources **sources)
{
	for (size_t i = 0; *sources && i < (*sources)->count; i++)
		if ((*sources)->all[i].fd >= 0)
			close((*sources)->all[i].fd);
	free(*sources);
}

/* One image out of a set, or a single image whole. */
static int copy_part(int *ret_fd, int from, uint64_t offset, uint64_t size)
{
	GUARD_AUTO_CLOSE int fd = memfd_create("guard-part", MFD_CLOEXEC);
	uint8_t block[BLOCK];

	if (fd < 0)
		return -GUARD_E_NOMEM;
	for (uint64_t done = 0; done < size;) {
		size_t count = size - done < sizeof(block) ? (size_t)(size - done) : sizeof(block);
		int r = guard_read_whole(block, count, from, offset + done);

		if (r == 0)
			r = guard_write_whole(fd, block, count);
		if (r < 0)
			return r;
		done += count;
	}
	*ret_fd = guard_steal_fd(&fd);
	return 0;
}

static int add(struct sources *sources, const struct guard_set_part *part, enum guard_set_kind kind, int from)
{
	struct guard_set_source *source = &sources->all[sources->count];
	int r;

	if (sources->count == GUARD_SET_PARTS_MAX)
		return -GUARD_E_LIMIT;
	*source = (struct guard_set_source){ .kind = kind, .fd = -1 };
	if (kind == GUARD_SET_EXCEPTION) {
		memcpy(sources->offices[sources->count], part->office, GUARD_SET_OFFICE_SIZE);
		source->office = sources->offices[sources->count];
		source->broad = part->broad;
		source->above = part->above;
	}
	r = copy_part(&source->fd, from, part->offset, part->size);
	if (r == 0)
		sources->count++;
	return r;
}

/* All parts of `image`; `deny`: each as what denies alone. */
static int add_parts(struct sources *sources, struct guard_set_facts *facts, int image, bool deny)
{
	struct guard_set_part single = { .kind = GUARD_SET_POLICY };
	GUARD_AUTO_FREE struct guard_set_part *parts = NULL;
	struct guard_set_header header;
	int r = guard_set_parts(&header, &parts, image);

	if (r == -GUARD_E_NOT_FOUND) {
		r = guard_image_file_size(&single.size, image);
		return r < 0 ? r : add(sources, &single, deny ? GUARD_SET_DENY : GUARD_SET_POLICY, image);
	}
	for (uint32_t i = 0; r == 0 && i < header.part_count; i++) {
		if (deny && parts[i].kind == GUARD_SET_EXCEPTION)
			continue; /* has none */
		r = add(sources, &parts[i], deny ? GUARD_SET_DENY : (enum guard_set_kind)parts[i].kind, image);
	}
	if (r < 0)
		return r;
	facts->snapshot = header.snapshot > facts->snapshot ? header.snapshot : facts->snapshot;
	facts->made = header.made > facts->made ? header.made : facts->made;
	facts->fresh_until = header.fresh_until > facts->fresh_until ? header.fresh_until : facts->fresh_until;
	return 0;
}

static int put_together(int *ret_set, int proven, int failed)
{
	GUARD_AUTO_CLOSE int set = memfd_create("guard-back", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct sources *sources __attribute__((cleanup(free_sources))) = calloc(1, sizeof(*sources));
	struct guard_set_facts facts = { 0 };
	int r;

	if (set < 0 || !sources)
		return -GUARD_E_NOMEM;
	r = add_parts(sources, &facts, proven, false);
	if (r == 0)
		r = add_parts(sources, &facts, failed, true);
	if (r == 0)
		r = guard_set_write(set, &facts, sources->all, sources->count);
	if (r == 0 && fcntl(set, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		r = -GUARD_E_IO;
	if (r == 0)
		*ret_set = guard_steal_fd(&set);
	return r;
}

/* What the machine came up with last; where that is the very policy that fails, what
 * ran before it. */
static int open_proven(int *ret_fd, int state_dir, int image, bool boot)
{
	static const char *const names[] = { KEEPER_BOOTED_FILE, KEEPER_GOOD_FILE };
	struct guard_digest failed, identity;
	int r = keeper_back_identify(&failed, image);

	for (unsigned i = boot ? 0 : 1; r == 0 && i < 2; i++) {
		GUARD_AUTO_CLOSE int fd = -1;

		if (keeper_remembered_file(&fd, state_dir, names[i]) < 0 || keeper_back_identify(&identity, fd) < 0 ||
		    guard_digest_compare(&identity, &failed) == 0)
			continue;
		*ret_fd = guard_steal_fd(&fd);
		return 0;
	}
	return r < 0 ? r : -GUARD_E_NOT_FOUND;
}

int keeper_back_make(int *ret_set, char *ret_why, size_t size, int state_dir, int image, bool boot,
		     const struct guardd_needed *needed, const struct guardd_config *config)
{
	const struct guard_machine machine = { .office = config->office, .host = config->host };
	struct guard_policy *policy = NULL;
	GUARD_AUTO_CLOSE int proven = -1;
	bool helps;
	int r = open_proven(&proven, state_dir, image, boot);

	if (r == 0 && !needed)
		return put_together(ret_set, proven, image);
	if (r == 0)
		r = guard_policy_open(&policy, proven, &machine);
	if (r < 0)
		return r;
	helps = refused_what_it_allows(ret_why, size, policy, needed);
	guard_policy_free(policy);
	return helps ? put_together(ret_set, proven, image) : -GUARD_E_NOT_FOUND;
}
