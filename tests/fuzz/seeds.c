/* SPDX-License-Identifier: MIT
 *
 * fuzz/seeds.c - write the seeds that are bytes and not text again, after a
 * format changed: `fuzz_seeds tests/fuzz/corpus`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_fixture.h"
#include "wire/wire.h"

static void save(const char *folder, const char *name, const struct guard_writer *writer)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wbe");
	if (!file || writer->failed || fwrite(writer->bytes, 1, writer->size, file) != writer->size || fclose(file) != 0) {
		perror(path);
		exit(1);
	}
}

static void save_images(const char *folder)
{
	struct image_fixture fixture;
	struct guard_writer image;

	fixture_everything(&fixture);
	fixture_finish(&fixture, &image);
	save(folder, "image/everything", &image);
	guard_writer_free(&image);
	fixture_free(&fixture);
	fixture_init(&fixture);
	fixture_finish(&fixture, &image);
	save(folder, "image/nothing", &image);
	guard_writer_free(&image);
	fixture_free(&fixture);
}

static void save_message(const char *folder, const char *name, uint8_t which)
{
	static struct guard_event event = { .source = GUARD_EVENT_ACCESS, .count = 1, .path = "/bin/ls", .program = "/bin/sh" };
	static struct guard_status status = { .enforcing = 1, .backend = 1, .policy_id = "hq" };
	static struct guard_event_filter filter = { .program = "/usr/*" };
	static struct guard_identity identity = { .signer_count = 1, .signers = { { GUARD_PROVIDER_IMA, { 1 } } } };
	struct guard_writer writer;
	int r;

	guard_writer_init(&writer);
	guard_write_u8(&writer, which);
	r = which == 0 ? guard_event_encode(&writer, &event) :
	    which == 1 ? guard_status_encode(&writer, &status) :
	    which == 2 ? guard_event_filter_encode(&writer, &filter) :
			 guard_identity_encode(&writer, &identity);
	if (r < 0)
		exit(1);
	save(folder, name, &writer);
	guard_writer_free(&writer);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: fuzz_seeds CORPUS\n");
		return 2;
	}
	save_images(argv[1]);
	save_message(argv[1], "wire/event", 0);
	save_message(argv[1], "wire/status", 1);
	save_message(argv[1], "wire/filter", 2);
	save_message(argv[1], "wire/identity", 3);
	return 0;
}
