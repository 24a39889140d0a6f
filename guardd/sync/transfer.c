/* SPDX-License-Identifier: MIT
 *
 * sync/transfer.c - one request.  TLS 1.2 or later to the pinned authority, no
 * redirects, no other protocol; an answer that is too long, too slow or never
 * ends is given up, one that breaks off goes on where it broke.
 */
#include "sync/transfer.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define STATUS_OK 200
#define STATUS_PARTIAL 206
#define STATUS_NOT_MODIFIED 304

/* Blocks while trust is busy: the network waits then. */
static bool hand_on(struct transfer *transfer, const uint8_t *bytes, size_t size)
{
	struct sync_data *data = &transfer->data;
	const size_t head = sizeof(data->type) + sizeof(data->size);

	for (size_t done = 0; done < size;) {
		size_t count = size - done < SYNC_BLOCK_MAX ? size - done : SYNC_BLOCK_MAX;

		data->type = SYNC_DATA;
		data->size = (uint32_t)count;
		memcpy(data->bytes, &bytes[done], count);
		if (send(transfer->trust, data, head + count, MSG_NOSIGNAL) < 0) {
			transfer->gone = true;
			return false;
		}
		done += count;
	}
	return true;
}

/* The page of an error: read a little of it, so that the connection stays. */
static size_t pass_over(struct transfer *transfer, size_t size)
{
	transfer->ignored += size;
	return transfer->ignored > SYNC_BLOCK_MAX ? 0 : size;
}

static size_t take_body(char *bytes, size_t one, size_t count, void *context)
{
	struct transfer *transfer = context;
	const size_t size = one * count;
	long status = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != (transfer->received_before ? STATUS_PARTIAL : STATUS_OK))
		return pass_over(transfer, size);
	if (size > transfer->request->max_length - transfer->received) {
		transfer->too_long = true;
		return 0;
	}
	transfer->received += size;
	return hand_on(transfer, (const uint8_t *)bytes, size) ? size : 0;
}

/* The value of a header line with this name (in lower case, with its colon). */
static bool is_header(char ret_value[TRANSFER_ETAG_MAX], const char *name, const char *line, size_t size)
{
	size_t from = strlen(name);

	if (size <= from || strncasecmp(line, name, from) != 0)
		return false;
	while (from < size && line[from] == ' ')
		from++;
	while (size > from && (line[size - 1] == '\r' || line[size - 1] == '\n' || line[size - 1] == ' '))
		size--;
	if (size - from >= TRANSFER_ETAG_MAX)
		return false;
	memcpy(ret_value, &line[from], size - from);
	ret_value[size - from] = '\0';
	return true;
}

static size_t take_header(char *line, size_t one, size_t count, void *context)
{
	struct transfer *transfer = context;
	char value[TRANSFER_ETAG_MAX];

	(void)is_header(transfer->new_etag, "etag:", line, one * count);
	if (is_header(value, "date:", line, one * count))
		transfer->date = curl_getdate(value, NULL);
	if (is_header(value, "last-modified:", line, one * count))
		transfer->modified = curl_getdate(value, NULL);
	return one * count;
}

/* Servers make ETags of a file's time in seconds: one that was just written may
 * be written again and keep its ETag (RFC 9110, 8.8.2.2). */
static bool is_settled(const struct transfer *transfer)
{
	return transfer->modified < 0 || transfer->date < 0 ||
	       transfer->date - transfer->modified >= TRANSFER_SETTLED_S;
}

/* libcurl calls this again and again: has trust lost interest? */
static int take_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct transfer *transfer = context;
	struct pollfd word = {transfer->trust, POLLIN, 0};
	struct sync_request request;

	(void)a, (void)b, (void)c, (void)d;
	if (poll(&word, 1, 0) != 1)
		return 0;
	if (recv(transfer->trust, &request, sizeof(request), MSG_DONTWAIT) <= 0)
		transfer->gone = true;
	transfer->cancelled = true;
	return 1;
}

static void set_blob(CURL *curl, CURLoption option, const struct transfer_pem *pem)
{
	struct curl_blob blob = {.data = pem->bytes, .len = pem->size, .flags = CURL_BLOB_NOCOPY};

	if (pem->bytes)
		curl_easy_setopt(curl, option, &blob);
}

/* Whoever feeds it drop by drop keeps a small file from nobody for an hour. */
static long longest_s(const struct sync_request *request)
{
	const uint64_t seconds = TRANSFER_SHORTEST_S + request->max_length / TRANSFER_SLOWEST;

	return seconds < (uint64_t)TRANSFER_LONGEST_S ? (long)seconds : TRANSFER_LONGEST_S;
}

static void set_up(struct transfer *transfer)
{
	const struct guardd_config *config = transfer->config;
	CURL *curl = transfer->curl;

	curl_easy_reset(curl); /* connections stay */
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L); /* names are signed as they are */
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	set_blob(curl, CURLOPT_CAINFO_BLOB, &transfer->ca);
	set_blob(curl, CURLOPT_SSLCERT_BLOB, &transfer->certificate);
	set_blob(curl, CURLOPT_SSLKEY_BLOB, &transfer->key);
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(curl, CURLOPT_PROXY, config->repository_proxy);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, TRANSFER_CONNECT_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, TRANSFER_STALL_BYTES);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, TRANSFER_STALL_S);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, longest_s(transfer->request));
	if (config->repository_bandwidth_kib)
		curl_easy_setopt(curl, CURLOPT_MAX_RECV_SPEED_LARGE,
				 (curl_off_t)config->repository_bandwidth_kib * 1024);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->curl_error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, take_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, transfer->request->agent[0] ? transfer->request->agent : "guard/1");
}

/* One try, from where the one before broke off. */
static CURLcode try_once(struct transfer *transfer, const char *url)
{
	struct curl_slist *headers = NULL;
	char condition[TRANSFER_ETAG_MAX + 32];
	CURLcode code;

	set_up(transfer);
	transfer->received_before = transfer->received;
	transfer->ignored = 0;
	transfer->date = transfer->modified = -1;
	transfer->curl_error[0] = transfer->new_etag[0] = '\0';
	curl_easy_setopt(transfer->curl, CURLOPT_URL, url);
	/* A part of a compressed answer cannot be asked for. */
	if (transfer->received)
		curl_easy_setopt(transfer->curl, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)transfer->received);
	else
		curl_easy_setopt(transfer->curl, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (transfer->request->conditional && transfer->etag[0]) {
		snprintf(condition, sizeof(condition), "If-None-Match: %s", transfer->etag);
		headers = curl_slist_append(NULL, condition);
		curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, headers);
	}
	code = curl_easy_perform(transfer->curl);
	curl_easy_setopt(transfer->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	return code;
}

static bool may_go_on(const struct transfer *transfer, CURLcode code)
{
	if (transfer->cancelled || transfer->gone || transfer->too_long)
		return false;
	return transfer->received > transfer->received_before &&
	       (code == CURLE_PARTIAL_FILE || code == CURLE_RECV_ERROR || code == CURLE_HTTP2_STREAM ||
		code == CURLE_OPERATION_TIMEDOUT);
}

/* metadata/N.root.json: asked for to see whether there is one.  Storage services that
 * may not list a folder say 403 of what is not there. */
static bool is_root(const char *name)
{
	static const char folder[] = "metadata/", suffix[] = ".root.json";
	const char *digits = strncmp(name, folder, sizeof(folder) - 1) == 0 ? &name[sizeof(folder) - 1] : "";
	const size_t count = strspn(digits, "0123456789");

	return count > 0 && strcmp(&digits[count], suffix) == 0;
}

static void judge(struct sync_end *end, const struct transfer *transfer, CURLcode code)
{
	long status = 0;

	curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &status);
	end->error = -GUARD_E_UNREACHABLE;
	if (transfer->too_long) {
		end->error = -GUARD_E_LIMIT;
		snprintf(end->text, sizeof(end->text), "the answer is longer than %llu bytes",
			 (unsigned long long)transfer->request->max_length);
	} else if (code == CURLE_OK && status == (transfer->received_before ? STATUS_PARTIAL : STATUS_OK)) {
		end->error = 0;
	} else if (code == CURLE_OK && status == STATUS_NOT_MODIFIED && transfer->request->conditional) {
		end->error = 0;
		end->not_modified = 1;
	} else if (status == 404 || status == 410 || (status == 403 && is_root(transfer->request->name))) {
		end->error = -GUARD_E_NOT_FOUND;
		snprintf(end->text, sizeof(end->text), "the server has no such file (status %ld)", status);
	} else if (code == CURLE_OK || code == CURLE_WRITE_ERROR) {
		snprintf(end->text, sizeof(end->text), "the server answered with status %ld", status);
	} else {
		snprintf(end->text, sizeof(end->text), "%s",
			 transfer->curl_error[0] ? transfer->curl_error : curl_easy_strerror(code));
	}
}

void transfer_run(struct transfer *transfer, const struct sync_request *request, struct sync_end *ret_end)
{
	char url[sizeof(transfer->config->repository_url) + SYNC_NAME_MAX];
	CURLcode code;

	transfer->request = request;
	transfer->received = 0;
	transfer->cancelled = transfer->too_long = false;
	snprintf(url, sizeof(url), "%s/%s", transfer->config->repository_url, request->name);
	code = try_once(transfer, url);
	for (unsigned i = 1; i < TRANSFER_TRIES && may_go_on(transfer, code); i++)
		code = try_once(transfer, url);
	*ret_end = (struct sync_end){.type = SYNC_END};
	judge(ret_end, transfer, code);
	if (request->conditional && ret_end->error == 0 && !ret_end->not_modified)
		snprintf(transfer->etag, sizeof(transfer->etag), "%s", is_settled(transfer) ? transfer->new_etag : "");
}
