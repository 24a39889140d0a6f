/* SPDX-License-Identifier: MIT
 *
 * package/rpm.c - follows the links of an .rpm: gpgv says which key of the policy has
 * signed its header, then the header says what is in the package.  The payload is
 * not looked at: what lies in it counts when it has a digest that the header names.
 */
#include "package/rpm.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

static int refuse(char *ret_problem, size_t problem_size, int error, const char *sentence)
{
	snprintf(ret_problem, problem_size, "%s", sentence);
	return error;
}

static bool is_empty(int fd)
{
	return lseek(fd, 0, SEEK_END) <= 0;
}

int package_rpms_take(struct package_rpms *rpms, const char *name, int fd, int keyring, char *ret_problem,
		      size_t problem_size)
{
	struct package_rpm_verified *next = &rpms->all[rpms->count];
	GUARD_AUTO_CLOSE int copy = -1;
	GUARD_AUTO_CLOSE int signature = -1;
	GUARD_AUTO_CLOSE int header = -1;
	int r;

	if (rpms->count == PACKAGE_RPMS_MAX)
		return refuse(ret_problem, problem_size, -GUARD_E_LIMIT, "too many .rpm files at once: hand over fewer");
	if (keyring < 0)
		return refuse(ret_problem, problem_size, -GUARD_E_SIGNATURE, "the policy names no key of a repository");
	r = package_copy_head(&copy, fd, PACKAGE_RPM_HEAD_MAX);
	if (r < 0)
		return refuse(ret_problem, problem_size, r, "it cannot be read");
	r = package_part_in_fork(&signature, copy, package_rpm_signature_write);
	if (r == 0)
		r = package_part_in_fork(&header, copy, package_rpm_header_write);
	if (r < 0)
		return refuse(ret_problem, problem_size, r, "it is no whole .rpm file");
	if (is_empty(signature))
		return refuse(ret_problem, problem_size, -GUARD_E_SIGNATURE, "nobody has signed its header");
	r = package_gpgv_detached(&next->signed_by, signature, header, keyring, ret_problem, problem_size);
	if (r < 0)
		return r;
	next->signed_by.text = guard_steal_fd(&header);
	snprintf(next->name, sizeof(next->name), "%.255s", name);
	rpms->count++;
	return 0;
}

struct adding {
	struct guard_attribution_builder *builder;
	uint32_t count;
};

static int add_digest(void *context, const struct guard_digest *digest)
{
	struct adding *adding = context;

	adding->count++;
	return guard_attribution_add_digest(adding->builder, digest);
}

static int enter(const struct guard_attribution_new_package *package, const struct package_rpm_header *header,
		 struct guard_attribution_builder *builder, uint32_t *ret_count, char *ret_problem, size_t problem_size)
{
	struct adding adding = { builder, 0 };
	int r = guard_attribution_begin_package(builder, package);

	if (r < 0)
		return refuse(ret_problem, problem_size, r, guard_error_text(r));
	r = package_rpm_files(header, add_digest, &adding, ret_problem, problem_size);
	if (r < 0)
		guard_attribution_drop_package(builder);
	*ret_count = adding.count;
	return r;
}

static int attribute(const struct package_rpm_verified *rpm, const uint8_t *bytes, size_t size,
		     struct guard_attribution_builder *builder, const struct guard_attribution *old,
		     uint32_t *ret_count, char *ret_problem, size_t problem_size)
{
	struct guard_attribution_new_package package = { .key_count = rpm->signed_by.key_count };
	struct package_rpm_header header;
	struct guard_reader reader;
	struct package_rpm named;
	int r;

	guard_reader_init(&reader, bytes, size);
	r = package_rpm_header_open(&header, &reader);
	if (r == 0 && !guard_reader_done(&reader))
		r = -GUARD_E_FORMAT;
	if (r == 0)
		r = package_rpm_name(&named, &header);
	/* Signed once, this header is the package: nothing else has its digest. */
	if (r == 0)
		r = guard_digest_bytes(&package.deb, bytes, size);
	if (r < 0)
		return refuse(ret_problem, problem_size, r, "its header is malformed");
	package.name = named.name;
	package.version = named.version;
	package.architecture = named.architecture;
	memcpy(package.keys, rpm->signed_by.keys, sizeof(package.keys));
	if (guard_attribution_has_package(old, &package.deb, package.keys, package.key_count))
		return 1;
	return enter(&package, &header, builder, ret_count, ret_problem, problem_size);
}

int package_rpms_attribute(const struct package_rpm_verified *rpm, struct guard_attribution_builder *builder,
			   const struct guard_attribution *old, uint32_t *ret_count, char *ret_problem,
			   size_t problem_size)
{
	const uint8_t *bytes = NULL;
	size_t size = 0;
	int r = package_map(&bytes, &size, rpm->signed_by.text);

	if (r < 0)
		return refuse(ret_problem, problem_size, r, "it cannot be read");
	r = attribute(rpm, bytes, size, builder, old, ret_count, ret_problem, problem_size);
	package_unmap(bytes, size);
	return r;
}

void package_rpms_clear(struct package_rpms *rpms)
{
	for (size_t i = 0; i < rpms->count; i++)
		close(rpms->all[i].signed_by.text);
	rpms->count = 0;
}
