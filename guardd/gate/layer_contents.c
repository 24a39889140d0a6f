/* SPDX-License-Identifier: MIT
 *
 * gate/layer_contents.c - of what was a generation of the kernel layer made?  A gate
 * whose own is made of the same goes on with what is there, whoever put it in: then a
 * restart changes nothing for what runs meanwhile.
 */
#include "gate/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "gate/catalogs.h"
#include "gate/interpreters.h"
#include "policy/policy.h"

/* A file from which this process runs, as it was when it was mapped: under its name may
 * lie another by now. */
struct part {
	uint64_t device, inode, size;
	int64_t modified[2], changed[2];
};

static bool look_at(struct part *ret_part, const struct gate_mapping *mapping)
{
	struct stat status;
	char path[80];

	snprintf(path, sizeof(path), "/proc/self/map_files/%llx-%llx", (unsigned long long)mapping->start,
		 (unsigned long long)mapping->end);
	if (stat(path, &status) < 0)
		return false;
	*ret_part = (struct part){ .device = status.st_dev,
				   .inode = status.st_ino,
				   .size = (uint64_t)status.st_size,
				   .modified = { status.st_mtim.tv_sec, status.st_mtim.tv_nsec },
				   .changed = { status.st_ctim.tv_sec, status.st_ctim.tv_nsec } };
	return true;
}

/* Where the code lies that decides: the daemon's and the library's. */
static bool look_at_programs(struct part ret_parts[2])
{
	const uintptr_t code[2] = { (uintptr_t)gate_layer_contents, (uintptr_t)guard_digest_bytes };
	GUARD_AUTO_FCLOSE FILE *maps = fopen("/proc/self/maps", "re");
	GUARD_AUTO_FREE char *line = NULL;
	size_t capacity = 0;
	bool found[2] = { false, false };

	while (maps && getline(&line, &capacity, maps) > 0) {
		struct gate_mapping mapping;

		if (gate_mapping_parse(&mapping, line) < 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (code[i] >= mapping.start && code[i] < mapping.end)
				found[i] = look_at(&ret_parts[i], &mapping);
	}
	return found[0] && found[1];
}

int gate_layer_contents(struct guard_digest *ret_digest, struct gate *gate, const struct gate_policy *policy)
{
	struct {
		uint32_t abi, zero;
		struct part programs[2];
		struct guard_digest images, interpreters, catalogs;
		uint8_t attributions[sizeof(policy->attributions->header->sha256)];
		char office[sizeof(gate->config->office)], host[sizeof(gate->config->host)];
	} from;
	int r;

	memset(&from, 0, sizeof(from));
	from.abi = GUARD_BPF_ABI;
	if (!look_at_programs(from.programs))
		return -GUARD_E_IO;
	r = guard_policy_checksum(&from.images, policy->policy);
	if (r == 0)
		r = gate_interpreters_checksum(&from.interpreters, policy->interpreters);
	if (r == 0)
		r = gate_catalogs_checksum(&from.catalogs, policy->catalogs);
	if (r < 0)
		return r;
	if (policy->attributions)
		memcpy(from.attributions, policy->attributions->header->sha256, sizeof(from.attributions));
	snprintf(from.office, sizeof(from.office), "%s", gate->config->office);
	snprintf(from.host, sizeof(from.host), "%s", gate->config->host);
	return guard_digest_bytes(ret_digest, &from, sizeof(from));
}
