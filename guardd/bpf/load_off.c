/* SPDX-License-Identifier: MIT
 *
 * bpf/load_off.c - for builds without clang, bpftool or libbpf: there is no
 * layer, and the daemon says so.
 */
#include "bpf/layer.h"

#include <stdio.h>

#include "problem.h"

static const char why[] = "this guardd was built without the kernel layer (clang, bpftool and libbpf were not there)";

int guardd_bpf_start(struct guardd_bpf *ret_layer, const struct guardd_config *config, char *ret_problem,
		     size_t problem_size)
{
	*ret_layer = (struct guardd_bpf){ .config = -1, .verdicts = -1, .digests = -1, .devices = -1,
					  .grants = -1, .events = -1, .tasks = -1, .own = -1, .objects = -1,
					  .containments = -1, .startable = -1, .places = -1, .words = -1, .lost = -1 };
	snprintf(ret_layer->why, sizeof(ret_layer->why), "%s",
		 config->backend == GUARDD_BACKEND_FANOTIFY ? "switched off by backend = \"fanotify\"" : why);
	if (config->backend != GUARDD_BACKEND_BPF)
		return 0;
	return guardd_problem(-GUARD_E_UNSUPPORTED, ret_problem, problem_size,
			      "backend = \"bpf\" is demanded and cannot be: %s", why);
}

void guardd_bpf_stop(struct guardd_bpf *layer, const struct guardd_config *config)
{
	(void)layer;
	(void)config;
}

void guardd_bpf_rest(struct guardd_bpf *layer)
{
	(void)layer;
}

int guardd_bpf_own_again(const struct guardd_bpf *layer, const struct guardd_config *config)
{
	(void)layer;
	(void)config;
	return 0;
}

int guardd_bpf_ring_open(const struct guardd_bpf *layer)
{
	(void)layer;
	return 0;
}

int guardd_bpf_ring_fd(void)
{
	return -1;
}

void guardd_bpf_ring_read(guardd_bpf_take *take, void *context)
{
	(void)take;
	(void)context;
}
