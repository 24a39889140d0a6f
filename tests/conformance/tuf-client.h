/* SPDX-License-Identifier: MIT
 *
 * conformance/tuf-client.h - the parts of tuf-client: what was asked on the
 * command line, and the fetching over HTTP and from files.
 */
#ifndef GUARD_CONFORMANCE_TUF_CLIENT_H
#define GUARD_CONFORMANCE_TUF_CLIENT_H

#include <stddef.h>

#include <guard/trust.h>

#define TUF_TARGETS_MAX 256u /* targets named on one command line */

struct tuf_options {
	const char *metadata_dir, *metadata_url, *target_dir, *target_url;
	const char *targets[TUF_TARGETS_MAX];
	size_t target_count;
	const char *verb;
	const char *root; /* init: the file with the first trusted root */
};
/* 0, or -GUARD_E_USAGE after it said why on standard error. */
int tuf_options_parse(struct tuf_options *ret_options, int count, char **arguments) GUARD_WARN_UNUSED;

/* Fetches with libcurl; `context` of tuf_fetch. */
struct tuf_fetcher;
int tuf_fetcher_new(struct tuf_fetcher **ret_fetcher, const char *metadata_url,
		    const char *target_url) GUARD_WARN_UNUSED;
void tuf_fetcher_free(struct tuf_fetcher *fetcher); /* NULL-safe */
int tuf_fetch(void *context, const struct guard_trust_request *request, struct guard_trust_sink *sink);

#endif
