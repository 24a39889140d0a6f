/* SPDX-License-Identifier: MIT
 *
 * unit/sync_transfer.c - what the network may do to sync: servers that lie, break
 * off, never end, ask for a certificate, are not headquarters', or are a hotel's
 * login page.  Real libcurl and TLS against a server that misbehaves.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "sync/transfer.h"
#include "tls_server.h"

#define BODY 60000u /* fits the socket to trust, which nobody reads meanwhile */

static struct tls_server server;
static struct guardd_config config;
static struct transfer transfer;
static struct sync_request request;
static struct sync_end end;
static uint8_t body[BODY], got[BODY * 2];
static size_t got_size;
static int ends[2];

/* The clock by which libcurl measures, so many times as fast: nobody waits half a
 * minute for a server that is too slow. */
static _Atomic long hurry = 1;
static struct timespec hurry_from;

__attribute__((visibility("default"))) int clock_gettime(clockid_t id, struct timespec *ret_time)
{
	const long times = hurry;
	int r = (int)syscall(SYS_clock_gettime, id, ret_time);

	if (r == 0 && times > 1 && (id == CLOCK_MONOTONIC || id == CLOCK_MONOTONIC_RAW)) {
		long long passed = (ret_time->tv_sec - hurry_from.tv_sec) * 1000000000LL + ret_time->tv_nsec - hurry_from.tv_nsec;

		ret_time->tv_sec = hurry_from.tv_sec + (time_t)(passed * times / 1000000000);
		ret_time->tv_nsec = (long)(passed * times % 1000000000);
	}
	return r;
}

static int set_up(void)
{
	for (size_t i = 0; i < BODY; i++)
		body[i] = (uint8_t)(i * 31 + i / 251);
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? tls_server_start(&server) : -1;
}

static int tear_down(void)
{
	curl_easy_cleanup(transfer.curl);
	transfer.curl = NULL;
	tls_server_stop(&server);
	free(transfer.ca.bytes);
	curl_global_cleanup();
	return 0;
}

static void take_pem(struct transfer_pem *pem, const char *name)
{
	free(pem->bytes);
	pem->bytes = tls_server_file(&server, name, &pem->size);
}

/* A fresh machine that trusts the server's certificate, and a server that does this. */
static void begin(tls_handler handler)
{
	curl_easy_cleanup(transfer.curl); /* its connection, if it was kept */
	free(transfer.ca.bytes);
	memset(&transfer, 0, sizeof(transfer));
	memset(&config, 0, sizeof(config));
	snprintf(config.repository_url, sizeof(config.repository_url), "https://localhost:%d/repo", server.port);
	transfer.config = &config;
	transfer.curl = curl_easy_init();
	take_pem(&transfer.ca, "server.pem");
	CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	transfer.trust = ends[0];
	request = (struct sync_request){.type = SYNC_GET, .max_length = BODY, .name = "metadata/timestamp.json"};
	atomic_store(&server.handler, handler);
	atomic_store(&server.requests, 0);
	atomic_store(&server.connections, 0);
	memset(server.log, 0, sizeof(server.log));
}

/* Runs the request; what trust was handed is in `got`. */
static int run(void)
{
	static struct sync_data data;
	ssize_t size;

	transfer_run(&transfer, &request, &end);
	got_size = 0;
	while ((size = recv(ends[1], &data, sizeof(data), MSG_DONTWAIT)) > 0) {
		memcpy(&got[got_size], data.bytes, data.size);
		got_size += data.size;
	}
	return end.error;
}

static void finish(void)
{
	close(ends[0]);
	close(ends[1]);
}

static bool asked_with(unsigned number, const char *line)
{
	return strstr(server.log[number], line) != NULL;
}

/* ---- servers --------------------------------------------------------------------- */

static bool whole(struct tls_server *to, const char *text)
{
	(void)text;
	return tls_say(to, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", BODY) && tls_send(to, body, BODY);
}

static bool with_etag(struct tls_server *to, const char *text)
{
	if (strstr(text, "If-None-Match: \"one\""))
		return tls_say(to, "HTTP/1.1 304 Not Modified\r\nETag: \"one\"\r\n\r\n");
	return tls_say(to, "HTTP/1.1 200 OK\r\nETag: \"one\"\r\nDate: Sun, 22 Nov 2026 06:00:09 GMT\r\n"
			   "Last-Modified: Sun, 22 Nov 2026 06:00:00 GMT\r\nContent-Length: 2\r\n\r\n{}");
}

static bool just_written(struct tls_server *to, const char *text)
{
	(void)text;
	return tls_say(to, "HTTP/1.1 200 OK\r\nETag: \"one\"\r\nDate: Sun, 22 Nov 2026 06:00:01 GMT\r\n"
			   "Last-Modified: Sun, 22 Nov 2026 06:00:00 GMT\r\nContent-Length: 2\r\n\r\n{}");
}

static bool always_unchanged(struct tls_server *to, const char *text)
{
	(void)text;
	return tls_say(to, "HTTP/1.1 304 Not Modified\r\n\r\n");
}

/* A part, of nobody knows what. */
static bool part_unasked(struct tls_server *to, const char *text)
{
	(void)text;
	return tls_say(to, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/2\r\nContent-Length: 2\r\n\r\n{}");
}

static bool portal(struct tls_server *to, const char *text)
{
	(void)text;
	return tls_say(to, "HTTP/1.1 302 Found\r\nLocation: https://localhost:%d/login\r\nContent-Length: 5\r\n\r\nlogin",
		       to->port);
}

static bool login_required(struct tls_server *to, const char *text)
{
	(void)text;
	return tls_say(to, "HTTP/1.1 511 Network Authentication Required\r\nContent-Length: 6\r\n\r\n<html>");
}

static bool absent(struct tls_server *to, const char *text)
{
	(void)text;
	return tls_say(to, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
}

static bool forbidden(struct tls_server *to, const char *text)
{
	(void)text;
	return tls_say(to, "HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnone");
}

static bool endless(struct tls_server *to, const char *text)
{
	(void)text;
	if (!tls_say(to, "HTTP/1.1 200 OK\r\n\r\n"))
		return false;
	while (tls_send(to, body, BODY))
		;
	return false;
}

static bool endless_error(struct tls_server *to, const char *text)
{
	(void)text;
	if (!tls_say(to, "HTTP/1.1 500 Oh\r\n\r\n"))
		return false;
	while (tls_send(to, body, BODY))
		;
	return false;
}

static bool endless_headers(struct tls_server *to, const char *text)
{
	(void)text;
	if (!tls_say(to, "HTTP/1.1 200 OK\r\n"))
		return false;
	while (tls_say(to, "X-More: %0900d\r\n", 0))
		;
	return false;
}

/* 4 MiB of zero bytes in a few of gzip's: a member of stored size 4 KiB or so. */
static bool bomb(struct tls_server *to, const char *text)
{
	static uint8_t packed[8192];
	static size_t size;

	(void)text;
	if (size == 0) {
		FILE *pipe = popen("head -c 4194304 /dev/zero | gzip -9", "r"); /* NOLINT */

		size = pipe ? fread(packed, 1, sizeof(packed), pipe) : 0;
		if (pipe)
			pclose(pipe);
	}
	return tls_say(to, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n", size) &&
	       tls_send(to, packed, size);
}

/* Some bytes every now and then, for ever; not so often that they fill the socket to
 * trust, which nobody reads meanwhile. */
static unsigned drop;
static bool drips(struct tls_server *to, const char *text)
{
	(void)text;
	if (!tls_say(to, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", BODY))
		return false;
	while (tls_send(to, body, drop))
		usleep(4000);
	return false;
}

/* Breaks off in the middle, and goes on from there when asked. */
static bool breaks_off(struct tls_server *to, const char *text)
{
	const char *range = strstr(text, "Range: bytes=");
	unsigned from = range ? (unsigned)strtoul(&range[13], NULL, 10) : 0;

	if (from == 0) {
		(void)!(tls_say(to, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", BODY) && tls_send(to, body, 25000));
		return false;
	}
	return tls_say(to, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %u-%u/%u\r\nContent-Length: %u\r\n\r\n",
		       from, BODY - 1, BODY, BODY - from) &&
	       tls_send(to, &body[from], BODY - from);
}

/* Breaks off, and begins from the start however it is asked. */
static bool begins_again(struct tls_server *to, const char *text)
{
	if (!strstr(text, "Range: bytes="))
		return breaks_off(to, text);
	return whole(to, text);
}

static bool connect_proxy(struct tls_server *to, const char *text)
{
	(void)text;
	return tls_say(to, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
}

/* ---- tests ------------------------------------------------------------------------ */

static void test_whole(void)
{
	begin(whole);
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_EQUAL(got_size, BODY);
	CU_ASSERT_EQUAL(memcmp(got, body, BODY), 0);
	CU_ASSERT(asked_with(0, "GET /repo/metadata/timestamp.json HTTP/1.1\r\n"));
	CU_ASSERT(asked_with(0, "User-Agent: guard/1\r\n"));
	finish();
}

static void test_names(void)
{
	begin(whole);
	snprintf(request.name, sizeof(request.name), "metadata/1...%%2F..%%2Fx/../y.json");
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT(asked_with(0, "GET /repo/metadata/1...%2F..%2Fx/../y.json HTTP/1.1\r\n"));
	finish();
}

static void test_conditional(void)
{
	begin(with_etag);
	request.conditional = 1;
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_EQUAL(end.not_modified, 0);
	CU_ASSERT(!asked_with(0, "If-None-Match"));
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_EQUAL(end.not_modified, 1);
	CU_ASSERT_EQUAL(got_size, 0);
	/* Another file is not asked for under that condition, and forgets nothing. */
	request.conditional = 0;
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_EQUAL(got_size, 2);
	request.conditional = 1;
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_EQUAL(end.not_modified, 1);
	CU_ASSERT_EQUAL(atomic_load(&server.connections), 1); /* one connection for all */
	finish();
}

static void test_just_written(void)
{
	begin(just_written);
	request.conditional = 1;
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT(!asked_with(1, "If-None-Match"));
	finish();
}

static void test_unasked_304(void)
{
	begin(always_unchanged);
	CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	CU_ASSERT_PTR_NOT_NULL(strstr(end.text, "304"));
	finish();
}

static void test_unasked_206(void)
{
	begin(part_unasked);
	CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	CU_ASSERT_EQUAL(got_size, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(end.text, "206"));
	finish();
}

static void test_portals(void)
{
	begin(portal);
	CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	CU_ASSERT_EQUAL(got_size, 0);
	CU_ASSERT_EQUAL(atomic_load(&server.requests), 1); /* not followed */
	CU_ASSERT_PTR_NOT_NULL(strstr(end.text, "302"));
	finish();
	begin(login_required);
	CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	CU_ASSERT_EQUAL(got_size, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(end.text, "511"));
	finish();
}

static void test_absent(void)
{
	begin(absent);
	CU_ASSERT_EQUAL(run(), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL(got_size, 0);
	CU_ASSERT_EQUAL(run(), -GUARD_E_NOT_FOUND);
	CU_ASSERT_EQUAL(atomic_load(&server.connections), 1);
	finish();
}

/* Storage services say so of a root that is not there; of anything else it says nothing. */
static void test_forbidden(void)
{
	static const char *const others[] = { "metadata/timestamp.json", "metadata/root.json", "metadata/2.rootx.json",
					      "metadata/2.root.json.gz", "targets/2.root.json" };

	begin(forbidden);
	snprintf(request.name, sizeof(request.name), "metadata/12.root.json");
	CU_ASSERT_EQUAL(run(), -GUARD_E_NOT_FOUND);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(request.name, sizeof(request.name), "%s", others[i]);
		CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	}
	finish();
}

/* A proxy that rewrites is a man in the middle: it has another certificate. */
static void test_other_authority(void)
{
	begin(whole);
	take_pem(&transfer.ca, "other.pem");
	CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	CU_ASSERT_EQUAL(atomic_load(&server.requests), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(end.text, "certificate"));
	finish();
}

static void test_other_name(void)
{
	begin(whole);
	snprintf(config.repository_url, sizeof(config.repository_url), "https://127.0.0.1:%d", server.port);
	CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	CU_ASSERT_EQUAL(atomic_load(&server.requests), 0);
	finish();
}

static void test_old_tls(void)
{
	SSL_CTX_set_security_level(server.context, 0);
	SSL_CTX_set_min_proto_version(server.context, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(server.context, TLS1_1_VERSION);
	begin(whole);
	CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	CU_ASSERT_EQUAL(atomic_load(&server.requests), 0);
	finish();
	SSL_CTX_set_max_proto_version(server.context, TLS1_2_VERSION);
	begin(whole);
	CU_ASSERT_EQUAL(run(), 0);
	finish();
	SSL_CTX_set_max_proto_version(server.context, 0);
}

static void test_client_certificate(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/client.pem", server.folder);
	CU_ASSERT_EQUAL_FATAL(SSL_CTX_load_verify_locations(server.context, path, NULL), 1);
	SSL_CTX_set_session_id_context(server.context, (const unsigned char *)"t", 1);
	SSL_CTX_set_verify(server.context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	begin(whole);
	CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	CU_ASSERT_EQUAL(got_size, 0);
	CU_ASSERT_NOT_EQUAL(end.text[0], '\0');
	finish();
	begin(whole);
	take_pem(&transfer.certificate, "client.pem");
	take_pem(&transfer.key, "client.key");
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_EQUAL(got_size, BODY);
	free(transfer.certificate.bytes);
	free(transfer.key.bytes);
	finish();
	SSL_CTX_set_verify(server.context, SSL_VERIFY_NONE, NULL);
}

static void test_endless(void)
{
	begin(endless);
	CU_ASSERT_EQUAL(run(), -GUARD_E_LIMIT);
	CU_ASSERT(got_size <= BODY);
	CU_ASSERT_PTR_NOT_NULL(strstr(end.text, "longer"));
	finish();
	begin(endless_error);
	CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	CU_ASSERT_EQUAL(got_size, 0);
	finish();
	begin(endless_headers);
	CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	CU_ASSERT_EQUAL(got_size, 0);
	finish();
	begin(bomb);
	CU_ASSERT_EQUAL(run(), -GUARD_E_LIMIT);
	CU_ASSERT(got_size <= BODY);
	finish();
}

/* `bytes` at a time, while the clock runs `times` as fast; seconds of the wall. */
static double slowly(unsigned bytes, long times)
{
	struct timespec from, to;

	begin(drips);
	drop = bytes;
	clock_gettime(CLOCK_REALTIME, &from);
	clock_gettime(CLOCK_MONOTONIC, &hurry_from);
	hurry = times;
	CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	hurry = 1;
	clock_gettime(CLOCK_REALTIME, &to);
	CU_ASSERT(got_size < BODY);
	CU_ASSERT_NOT_EQUAL(end.text[0], '\0');
	finish();
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static void test_slow(void)
{
	CU_ASSERT(slowly(1, 200) < 30);  /* too few bytes a second */
	CU_ASSERT(slowly(200, 400) < 30); /* enough of them, and no end */
}

static void test_resume(void)
{
	begin(breaks_off);
	CU_ASSERT_EQUAL(run(), 0);
	CU_ASSERT_EQUAL(got_size, BODY);
	CU_ASSERT_EQUAL(memcmp(got, body, BODY), 0);
	CU_ASSERT(asked_with(1, "Range: bytes=25000-\r\n"));
	finish();
	begin(begins_again);
	CU_ASSERT_NOT_EQUAL(run(), 0);
	CU_ASSERT_EQUAL(got_size, 25000); /* nothing twice */
	CU_ASSERT(atomic_load(&server.requests) <= TRANSFER_TRIES);
	finish();
}

static void test_bandwidth(void)
{
	struct timespec from, to;

	begin(whole);
	config.repository_bandwidth_kib = 24;
	clock_gettime(CLOCK_MONOTONIC, &from);
	CU_ASSERT_EQUAL(run(), 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	CU_ASSERT_EQUAL(got_size, BODY);
	CU_ASSERT(to.tv_sec - from.tv_sec + (double)(to.tv_nsec - from.tv_nsec) / 1e9 > 0.3);
	finish();
}

static void test_cancelled(void)
{
	const struct sync_request cancel = {.type = SYNC_CANCEL};

	begin(endless);
	request.max_length = UINT64_MAX;
	CU_ASSERT_EQUAL(send(ends[1], &cancel, sizeof(cancel), 0), (ssize_t)sizeof(cancel));
	CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	finish();
}

static void test_proxy(void)
{
	begin(connect_proxy);
	server.plain = true;
	snprintf(config.repository_proxy, sizeof(config.repository_proxy), "http://127.0.0.1:%d", server.port);
	snprintf(config.repository_url, sizeof(config.repository_url), "https://guard.example.org/repo");
	CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	CU_ASSERT(asked_with(0, "CONNECT guard.example.org:443 HTTP/1.1\r\n"));
	CU_ASSERT(!asked_with(0, "timestamp")); /* the proxy learns no more than the server's name */
	CU_ASSERT_PTR_NOT_NULL(strstr(end.text, "407"));
	server.plain = false;
	finish();
}

static void test_nobody_there(void)
{
	begin(whole);
	snprintf(config.repository_url, sizeof(config.repository_url), "https://localhost:1");
	CU_ASSERT_EQUAL(run(), -GUARD_E_UNREACHABLE);
	CU_ASSERT_NOT_EQUAL(end.text[0], '\0');
	finish();
}

static CU_TestInfo tests[] = {
	{ "a captive portal is not followed", test_portals },
	{ "a rewriting proxy has another authority", test_other_authority },
	{ "a certificate for another name", test_other_name },
	{ "TLS before 1.2", test_old_tls },
	{ "a client certificate", test_client_certificate },
	{ "an answer that never ends", test_endless },
	{ "an answer that comes drop by drop", test_slow },
	{ "an answer that breaks off goes on where it broke", test_resume },
	{ "not modified, unasked", test_unasked_304 },
	{ "a part, unasked", test_unasked_206 },
	{ "a file that was just written has no ETag yet", test_just_written },
	{ "no such file", test_absent },
	{ "a file that is not shown", test_forbidden },
	{ "a proxy that refuses", test_proxy },
	{ "nobody there", test_nobody_there },
	{ "trust has lost interest", test_cancelled },
	{ "the limit of bandwidth", test_bandwidth },
	{ "names are not tidied up", test_names },
	{ "a conditional request", test_conditional },
	{ "the whole file", test_whole },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN_WITH("sync/transfer", set_up, tear_down, tests)
