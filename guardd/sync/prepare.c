/* SPDX-License-Identifier: MIT
 *
 * sync/prepare.c - what the transfers need and the jail would not give: the
 * certificates as bytes, a libcurl that has read its own files, a resolver that
 * loads no plug-in.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <nss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "problem.h"
#include "sync/transfer.h"
#include "trusted.h"

struct sentence {
	char *text;
	size_t size;
};

static int read_pem(struct transfer_pem *ret_pem, const char *path, const char *what, const struct sentence *problem)
{
	GUARD_AUTO_FREE char *bytes = NULL;
	GUARD_AUTO_CLOSE int fd = -1;
	size_t size = 0;
	ssize_t n;
	int r;

	if (!path[0])
		return 0;
	r = guardd_trusted_open(&fd, path, what, problem->text, problem->size);
	if (r < 0)
		return r;
	bytes = malloc(TRANSFER_PEM_MAX);
	if (!bytes)
		return guardd_problem(-GUARD_E_NOMEM, problem->text, problem->size, "%s: out of memory", path);
	while ((n = read(fd, &bytes[size], TRANSFER_PEM_MAX - size)) > 0)
		size += (size_t)n;
	if (n < 0)
		return guardd_problem(-GUARD_E_IO, problem->text, problem->size, "%s: cannot be read: %s", path,
				      strerror(errno));
	if (size == TRANSFER_PEM_MAX)
		return guardd_problem(-GUARD_E_LIMIT, problem->text, problem->size,
				      "%s: larger than %u bytes: this is not %s", path, TRANSFER_PEM_MAX, what);
	ret_pem->bytes = guard_steal_pointer(&bytes);
	ret_pem->size = size;
	return 0;
}

/* Name services load plug-ins; files and DNS are in the C library itself. */
static void tie_resolver(void)
{
	struct addrinfo *addresses = NULL;
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};

	(void)!__nss_configure_lookup("hosts", "files dns");
	if (getaddrinfo("localhost", NULL, &hints, &addresses) == 0)
		freeaddrinfo(addresses);
}

int transfer_prepare(struct transfer *transfer, const struct guardd_config *config, int trust, char *ret_problem,
		     size_t size)
{
	const struct sentence problem = {ret_problem, size};
	int r;

	transfer->config = config;
	transfer->trust = trust;
	r = read_pem(&transfer->ca, config->repository_ca, "the certificate authority", &problem);
	if (r == 0)
		r = read_pem(&transfer->certificate, config->repository_certificate, "the client certificate",
			     &problem);
	if (r == 0)
		r = read_pem(&transfer->key, config->repository_key, "the client certificate's key", &problem);
	if (r < 0)
		return r;
	tie_resolver();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(transfer->curl = curl_easy_init()))
		return guardd_problem(-GUARD_E_UNSUPPORTED, ret_problem, size, "libcurl cannot be started");
	return 0;
}
