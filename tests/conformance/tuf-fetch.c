/* SPDX-License-Identifier: MIT
 *
 * conformance/tuf-fetch.c - asks an HTTP(S) server or a folder (file:) for what
 * the library wants.  Passes bytes on as they come; judges nothing.
 */
#include "tuf-client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#define FETCH_SLOW_BYTES 64L   /* bytes per second below which ... */
#define FETCH_SLOW_SECONDS 30L /* ... for so long a server is given up */
#define FETCH_CONNECT_SECONDS 10L

struct tuf_fetcher {
	CURL *curl;
	const char *metadata_url, *target_url;
};

int tuf_fetcher_new(struct tuf_fetcher **ret_fetcher, const char *metadata_url, const char *target_url)
{
	struct tuf_fetcher *fetcher = calloc(1, sizeof(*fetcher));

	if (!fetcher)
		return -GUARD_E_NOMEM;
	fetcher->curl = curl_easy_init();
	if (!fetcher->curl) {
		free(fetcher);
		return -GUARD_E_NOMEM;
	}
	fetcher->metadata_url = metadata_url;
	fetcher->target_url = target_url;
	*ret_fetcher = fetcher;
	return 0;
}

void tuf_fetcher_free(struct tuf_fetcher *fetcher)
{
	if (!fetcher)
		return;
	curl_easy_cleanup(fetcher->curl);
	free(fetcher);
}

/* Only the body of an answer that was a success is the file. */
struct transfer {
	CURL *curl;
	struct guard_trust_sink *sink;
};

static long status_of(CURL *curl)
{
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static size_t write_body(char *bytes, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	long status = status_of(transfer->curl);

	if (status != 0 && (status < 200 || status > 299))
		return size * count;
	return guard_trust_sink_write(transfer->sink, bytes, size * count) < 0 ? 0 : size * count;
}

static int result_of(CURL *curl, CURLcode code)
{
	long status = status_of(curl);

	if (status == 404 || status == 403 || status == 410 || code == CURLE_FILE_COULDNT_READ_FILE)
		return -GUARD_E_NOT_FOUND;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return -GUARD_E_TIMEOUT;
	if (code != CURLE_OK)
		return -GUARD_E_UNREACHABLE;
	return status == 0 || (status >= 200 && status <= 299) ? 0 : -GUARD_E_UNREACHABLE;
}

static int set_up(CURL *curl, const char *url, struct transfer *transfer)
{
	CURLcode codes[] = {
		curl_easy_setopt(curl, CURLOPT_URL, url),
		/* A role called "../x" is asked for as "..%2Fx", and a path as it
		 * is signed: nothing is tidied up on the way. */
		curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L),
		curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,file"),
		curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L),
		curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L),
		curl_easy_setopt(curl, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1"),
		curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, FETCH_CONNECT_SECONDS),
		curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, FETCH_SLOW_BYTES),
		curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, FETCH_SLOW_SECONDS),
		curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write_body),
		curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer),
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i] != CURLE_OK)
			return -GUARD_E_USAGE;
	return 0;
}

int tuf_fetch(void *context, const struct guard_trust_request *request, struct guard_trust_sink *sink)
{
	struct tuf_fetcher *fetcher = context;
	struct transfer transfer = { .curl = fetcher->curl, .sink = sink };
	const char *base = request->kind == GUARD_TRUST_FETCH_TARGET ? fetcher->target_url
								     : fetcher->metadata_url;
	const char *slash = base[0] && base[strlen(base) - 1] == '/' ? "" : "/";
	char *url = NULL;
	int r;

	if (asprintf(&url, "%s%s%s", base, slash, request->url) < 0)
		return -GUARD_E_NOMEM;
	r = set_up(fetcher->curl, url, &transfer);
	if (r == 0)
		r = result_of(fetcher->curl, curl_easy_perform(fetcher->curl));
	free(url);
	return r;
}
