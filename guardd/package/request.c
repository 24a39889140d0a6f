/* SPDX-License-Identifier: MIT
 *
 * package/request.c - one request from end to end: takes files from guardctl,
 * follows the links, hands the new table to the keeper.  Decides which link is
 * missing; parses nothing itself.
 */
#include "package/package.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "package/message.h"
#include "package/rpm.h"

#define CLOCK_SLACK 86400 /* seconds that an InRelease may be ahead of our clock */

struct work {
	struct package_request *request;
	struct package_signed verified[PACKAGE_RELEASES_MAX]; /* texts, before they are read */
	char names[PACKAGE_RELEASES_MAX][256];
	size_t verified_count;
	struct package_release releases[PACKAGE_RELEASES_MAX];
	size_t release_count, index_count, rpm_count, deb_count, refused_count, new_count;
	struct package_catalogue catalogue;
	struct package_rpms rpms; /* verified, not read yet */
	struct guard_attribution_builder *builder;
	char problem[160]; /* why the last InRelease was not taken */
};

static int note(struct work *work, int error, const char *name, const char *sentence)
{
	return package_say(work->request->client, PACKAGE_NOTE, error, 0, "%s: %s", name, sentence);
}

/* ---- key -> InRelease ----------------------------------------------------------- */

static int take_release(struct work *work, const struct package_message *message, int fd)
{
	struct package_signed *next = &work->verified[work->verified_count];
	GUARD_AUTO_CLOSE int copy = -1;
	char problem[160] = "it cannot be read";
	int r;

	if (work->verified_count == PACKAGE_RELEASES_MAX)
		return note(work, -GUARD_E_LIMIT, message->text, "too many InRelease files: it was left out");
	if (work->request->keyring < 0) {
		snprintf(work->problem, sizeof(work->problem), "the policy names no key of a repository");
		return 0;
	}
	r = package_copy(&copy, fd, PACKAGE_RELEASE_SIZE_MAX);
	if (r == 0)
		r = package_gpgv(next, copy, work->request->keyring, problem, sizeof(problem));
	if (r < 0) {
		snprintf(work->problem, sizeof(work->problem), "%s", problem);
		return note(work, r, message->text, problem);
	}
	snprintf(work->names[work->verified_count++], sizeof(work->names[0]), "%.255s", message->text);
	return 0;
}

/* Older than what was seen of this repository, over, or from the future? */
static const char *flaw_of(const struct work *work, const struct package_release *release)
{
	const int64_t now = (int64_t)time(NULL);

	if (release->valid_until < now)
		return "it is past its Valid-Until: run apt-get update";
	if (release->date > now + CLOCK_SLACK)
		return "its date lies ahead: is this machine's clock right?";
	for (size_t i = 0; i < release->key_count; i++)
		if (release->date < guard_attribution_release_date(work->request->old, &release->keys[i], release->name))
			return "it is older than one that was seen before: run apt-get update, or the mirror is behind";
	return NULL;
}

static int read_release(struct work *work, size_t index)
{
	struct package_release *release = &work->releases[work->release_count];
	const char *flaw;
	const uint8_t *text = NULL;
	size_t size = 0;
	char problem[160] = "it cannot be read";
	int r = package_map(&text, &size, work->verified[index].text);

	if (r == 0)
		r = package_release_read(release, (const char *)text, size, problem, sizeof(problem));
	package_unmap(text, size);
	if (r < 0)
		return note(work, r, work->names[index], problem);
	memcpy(release->keys, work->verified[index].keys, sizeof(release->keys));
	release->key_count = work->verified[index].key_count;
	flaw = flaw_of(work, release);
	if (flaw) {
		snprintf(work->problem, sizeof(work->problem), "%s", flaw);
		package_release_free(release);
		return note(work, -GUARD_E_EXPIRED, work->names[index], flaw);
	}
	work->release_count++;
	for (size_t i = 0; r == 0 && i < release->key_count; i++)
		r = guard_attribution_note_release(work->builder, &release->keys[i], release->name, release->date);
	return r;
}

/* ---- key -> .rpm ------------------------------------------------------------------ */

static int say_done(struct work *work, int error, uint32_t count, const char *name, const char *problem)
{
	work->refused_count += error < 0;
	return package_say(work->request->client, PACKAGE_DONE, error, count, "%.700s%s%s", name, problem[0] ? ": " : "",
			   problem);
}

static int take_rpm(struct work *work, const struct package_message *message, int fd)
{
	char problem[240] = "";
	int r = package_rpms_take(&work->rpms, message->text, fd, work->request->keyring, problem, sizeof(problem));

	work->rpm_count++;
	return r < 0 ? say_done(work, r, 0, message->text, problem) : 0;
}

static int read_rpm(struct work *work, const struct package_rpm_verified *rpm)
{
	char problem[240] = "";
	uint32_t count = 0;
	int r = package_rpms_attribute(rpm, work->builder, work->request->old, &count, problem, sizeof(problem));

	work->new_count += r == 0;
	return say_done(work, r < 0 ? r : 0, count, rpm->name, problem);
}

/* From here on no program is started and no file opened. */
static int end_signatures(struct work *work)
{
	int r = package_stage_enter(PACKAGE_STAGE_LINKS);

	if (r == 0)
		r = guard_attribution_builder_new(&work->builder, work->request->old);
	for (size_t i = 0; r == 0 && i < work->verified_count; i++)
		r = read_release(work, i);
	for (size_t i = 0; r == 0 && i < work->rpms.count; i++)
		r = read_rpm(work, &work->rpms.all[i]);
	package_rpms_clear(&work->rpms);
	return r;
}

/* ---- InRelease -> Packages --------------------------------------------------------- */

static int read_index(struct work *work, int plain)
{
	const uint8_t *text = NULL;
	struct guard_digest digest;
	size_t size = 0;
	int r = package_map(&text, &size, plain);

	if (r == 0)
		r = guard_digest_bytes(&digest, text, size);
	for (size_t i = 0; r == 0 && i < work->release_count; i++) {
		const struct package_release *release = &work->releases[i];

		for (size_t j = 0; j < release->listed_count; j++) {
			if (release->listed[j].size != size || guard_digest_compare(&release->listed[j].digest, &digest) != 0)
				continue;
			r = package_index_read(&work->catalogue, (const char *)text, size, (uint16_t)i);
			break;
		}
	}
	package_unmap(text, size);
	return r;
}

static int take_index(struct work *work, const struct package_message *message, int fd)
{
	GUARD_AUTO_CLOSE int copy = -1;
	GUARD_AUTO_CLOSE int plain = -1;
	int r;

	if (work->release_count == 0)
		return 0;
	if (work->index_count++ == PACKAGE_INDEXES_MAX)
		return note(work, -GUARD_E_LIMIT, message->text, "too many indexes: it was left out");
	r = package_copy(&copy, fd, PACKAGE_INDEX_SIZE_MAX);
	if (r == 0)
		r = package_part_in_fork(&plain, copy, package_plain_write);
	if (r == 0)
		r = read_index(work, plain);
	return r < 0 ? note(work, r, message->text, guard_error_text(r)) : 0;
}

/* ---- Packages -> .deb -> files -------------------------------------------------------- */

struct adding {
	struct work *work;
	uint32_t count;
};

static int add_digest(void *context, const struct guard_digest *digest)
{
	struct adding *adding = context;

	adding->count++;
	return guard_attribution_add_digest(adding->work->builder, digest);
}

/* All keys of all repositories that carry this .deb. */
static void collect_keys(struct guard_attribution_new_package *package, const struct work *work,
			 const struct package_known *known)
{
	const struct package_known *end = &work->catalogue.known[work->catalogue.count];

	for (; known < end && guard_digest_compare(&known->deb, &package->deb) == 0; known++) {
		const struct package_release *release = &work->releases[known->release];

		for (size_t i = 0; i < release->key_count; i++) {
			bool there = false;

			for (size_t j = 0; j < package->key_count; j++)
				there |= guard_digest_compare(&package->keys[j], &release->keys[i]) == 0;
			if (!there && package->key_count < GUARD_ATTRIBUTION_PACKAGE_KEYS)
				package->keys[package->key_count++] = release->keys[i];
		}
	}
}

static int unpack(struct work *work, uint32_t *ret_count, const struct guard_attribution_new_package *package, int deb,
		  char *ret_problem, size_t problem_size)
{
	struct adding adding = { work, 0 };
	int r = guard_attribution_begin_package(work->builder, package);

	if (r < 0) {
		snprintf(ret_problem, problem_size, "%s", guard_error_text(r));
		return r;
	}
	r = package_deb_in_fork(deb, add_digest, &adding, ret_problem, problem_size);
	if (r < 0)
		guard_attribution_drop_package(work->builder);
	*ret_count = adding.count;
	return r;
}

static int attribute(struct work *work, uint32_t *ret_count, int fd, char *ret_problem, size_t problem_size)
{
	struct guard_attribution_new_package package = { 0 };
	const struct package_known *known;
	GUARD_AUTO_CLOSE int copy = -1;
	int r = package_copy(&copy, fd, PACKAGE_DEB_SIZE_MAX);

	if (r == 0)
		r = guard_digest_fd(&package.deb, NULL, copy, NULL, NULL);
	if (r < 0) {
		snprintf(ret_problem, problem_size, r == -GUARD_E_LIMIT ? "it is larger than 1 GiB" : "it cannot be read");
		return r;
	}
	known = package_find(&work->catalogue, &package.deb);
	if (!known) {
		const bool none = work->release_count == 0 && work->problem[0];

		snprintf(ret_problem, problem_size, "no index that a key of the policy has signed names it%s%.120s",
			 none ? ": " : "", none ? work->problem : "");
		return -GUARD_E_NOT_FOUND;
	}
	package.name = package_string(&work->catalogue, known->name);
	package.version = package_string(&work->catalogue, known->version);
	package.architecture = package_string(&work->catalogue, known->architecture);
	collect_keys(&package, work, known);
	if (guard_attribution_has_package(work->request->old, &package.deb, package.keys, package.key_count))
		return 0;
	r = unpack(work, ret_count, &package, copy, ret_problem, problem_size);
	work->new_count += r == 0;
	return r;
}

static int take_deb(struct work *work, const struct package_message *message, int fd)
{
	char problem[240] = "";
	uint32_t count = 0;
	int r = work->deb_count++ >= PACKAGE_DEBS_MAX ? -GUARD_E_LIMIT : 0;

	if (r == 0)
		r = attribute(work, &count, fd, problem, sizeof(problem));
	return say_done(work, r, count, message->text, problem);
}

/* ---- the table ---------------------------------------------------------------------------- */

static int make_table(int *ret_table, struct work *work)
{
	GUARD_AUTO_CLOSE int table = memfd_create("guard-attributions", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0, done = 0;
	int r = guard_attribution_build(&bytes, &size, work->builder);

	if (r < 0 || table < 0)
		return r < 0 ? r : -GUARD_E_NOMEM;
	while (done < size) {
		ssize_t n = write(table, &bytes[done], size - done);

		if (n <= 0)
			return -GUARD_E_NOMEM;
		done += (size_t)n;
	}
	if (fcntl(table, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -GUARD_E_IO;
	*ret_table = guard_steal_fd(&table);
	return 0;
}

/* Wait until it is in force. */
static int hand_over(struct work *work, char *ret_problem, size_t problem_size)
{
	const struct package_message table = { .type = PACKAGE_TABLE };
	struct package_message answer = { 0 };
	GUARD_AUTO_CLOSE int fd = -1;
	int ignored = -1, r = make_table(&fd, work);

	if (r == 0)
		r = package_send(work->request->keeper, &table, fd);
	if (r == 0)
		r = package_receive(&answer, &ignored, work->request->keeper);
	if (ignored >= 0)
		close(ignored);
	if (r == 0)
		r = answer.error;
	if (r < 0)
		snprintf(ret_problem, problem_size, "%.700s",
			 answer.text[0]		? answer.text :
			 r == -GUARD_E_LIMIT	? "the table of attributed files is full" :
						  guard_error_text(r));
	return r;
}

static int commit(struct work *work)
{
	const size_t count = work->rpm_count + work->deb_count;
	char problem[800] = "";
	int r = 0;

	if (work->new_count > 0)
		r = hand_over(work, problem, sizeof(problem));
	if (r < 0)
		return package_say(work->request->client, PACKAGE_RESULT, r, 0,
				   "nothing was attributed: %s", problem);
	return package_say(work->request->client, PACKAGE_RESULT, 0, (uint32_t)work->new_count, "%zu of %zu packages",
			   count - work->refused_count, count);
}

/* ---- the conversation ------------------------------------------------------------------------ */

static int take(struct work *work, const struct package_message *message, int fd)
{
	int r = 0;

	if (message->type == PACKAGE_RELEASE && !work->builder && fd >= 0)
		return take_release(work, message, fd);
	if (message->type == PACKAGE_RPM && !work->builder && fd >= 0)
		return take_rpm(work, message, fd);
	if (!work->builder)
		r = end_signatures(work);
	if (r < 0 || message->type == PACKAGE_COMMIT)
		return r;
	if (fd >= 0 && message->type == PACKAGE_INDEX && work->deb_count == 0)
		return take_index(work, message, fd);
	if (fd >= 0 && message->type == PACKAGE_DEB)
		return take_deb(work, message, fd);
	return -GUARD_E_FORMAT;
}

static void work_free(struct work *work)
{
	for (size_t i = 0; i < work->verified_count; i++)
		close(work->verified[i].text);
	for (size_t i = 0; i < work->release_count; i++)
		package_release_free(&work->releases[i]);
	package_rpms_clear(&work->rpms);
	package_catalogue_free(&work->catalogue);
	guard_attribution_builder_free(work->builder);
	free(work);
}

int package_request_run(struct package_request *request)
{
	struct work *work = calloc(1, sizeof(*work));
	struct package_message message = { 0 };
	int r = work ? 0 : -GUARD_E_NOMEM;

	if (r < 0)
		return r;
	work->request = request;
	guard_writer_init(&work->catalogue.strings);
	while (r == 0 && message.type != PACKAGE_COMMIT) {
		GUARD_AUTO_CLOSE int fd = -1;

		r = package_receive(&message, &fd, request->client);
		if (r == 0)
			r = take(work, &message, fd);
	}
	if (r == 0)
		r = commit(work);
	else
		(void)!package_say(request->client, PACKAGE_RESULT, r, 0, "nothing was attributed: %s",
				   guard_error_text(r));
	work_free(work);
	return r;
}
