/* SPDX-License-Identifier: MIT
 *
 * guard/identity.h - what a file is: digest, size, kind, signers.
 *
 * Identity knows no policy.  Functions take file descriptors, never paths.
 * Digests are SHA-256 as in FIPS 180-4.  Thread-safety: all functions are
 * reentrant; no object here is shared.
 */
#ifndef GUARD_IDENTITY_H
#define GUARD_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include <guard/error.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define GUARD_DIGEST_SIZE 32u         /* bytes of a SHA-256 digest */
#define GUARD_DIGEST_HEX_SIZE 65u     /* its lower-case hex form with NUL */
#define GUARD_KEY_ID_SIZE 32u         /* SHA-256 of a key's SPKI (RFC 5280) */
#define GUARD_SNIFF_SIZE 4096u        /* bytes wanted by guard_format_sniff */
#define GUARD_SIGNERS_MAX 16u         /* signers kept per file */

struct guard_digest {
	uint8_t bytes[GUARD_DIGEST_SIZE];
};

/* What a file is used as.  Bit numbers of the kind masks in a policy. */
enum guard_kind {
	GUARD_KIND_OTHER = 0,
	GUARD_KIND_EXECUTABLE = 1,
	GUARD_KIND_LIBRARY = 2,
	GUARD_KIND_SCRIPT = 3,
	GUARD_KIND_MODULE = 4,
	GUARD_KIND_MAX_
};

enum guard_provider {
	GUARD_PROVIDER_NONE = 0,
	GUARD_PROVIDER_IMA = 1,
	GUARD_PROVIDER_CATALOG = 2,
	GUARD_PROVIDER_APPENDED = 3,
	GUARD_PROVIDER_PACKAGE = 4,
	GUARD_PROVIDER_MAX_
};

struct guard_signer {
	uint8_t provider; /* enum guard_provider */
	uint8_t key_id[GUARD_KEY_ID_SIZE];
	/* GUARD_PROVIDER_PACKAGE: the package and its version (deb-version(7)), else
	 * NULL.  Owned by where the signer came from. */
	const char *name, *version;
};

struct guard_identity {
	struct guard_digest digest;
	uint64_t size;                     /* bytes */
	uint8_t kind;                      /* enum guard_kind */
	uint8_t signer_count;              /* <= GUARD_SIGNERS_MAX */
	struct guard_signer signers[GUARD_SIGNERS_MAX];
};

/* What the first bytes of a file look like.  Fixed offsets are compared, no
 * length or offset from the file is ever followed, so that the privileged
 * gate may call it. */
enum guard_format {
	GUARD_FORMAT_EMPTY = 0,
	GUARD_FORMAT_ELF_EXEC,   /* ET_EXEC */
	GUARD_FORMAT_ELF_DYN,    /* ET_DYN: a PIE program or a shared library */
	GUARD_FORMAT_ELF_REL,    /* ET_REL: an object file or a kernel module */
	GUARD_FORMAT_ELF_OTHER,  /* ELF magic, anything else or truncated */
	GUARD_FORMAT_SHEBANG,    /* starts with "#!" */
	GUARD_FORMAT_TEXT,       /* no NUL byte in the first line (of 80 bytes): what a
	                          * shell would take for text */
	GUARD_FORMAT_BYTECODE,   /* .pyc, .class, zip/jar, wasm, luac, .mo is not */
	GUARD_FORMAT_BINARY,     /* anything else */
	GUARD_FORMAT_MAX_
};

/* guard_format_sniff: classify the first `size` bytes (at most
 * GUARD_SNIFF_SIZE are looked at) of a file.  Never fails. */
enum guard_format guard_format_sniff(const void *head, size_t size);

/* guard_format_is_elf: ELF of any type. */
int guard_format_is_elf(enum guard_format format);

const char *guard_kind_name(enum guard_kind kind);
const char *guard_format_name(enum guard_format format);
const char *guard_provider_name(enum guard_provider provider);
/* Return 0, or -GUARD_E_NOT_FOUND for an unknown word. */
int guard_kind_parse(enum guard_kind *ret_kind, const char *word) GUARD_WARN_UNUSED;
int guard_provider_parse(enum guard_provider *ret_provider, const char *word) GUARD_WARN_UNUSED;

/* guard_digest_parse: 64 hex digits, either case, nothing behind them.
 * Errors: GUARD_E_SYNTAX. */
int guard_digest_parse(struct guard_digest *ret_digest, const char *hex, size_t length) GUARD_WARN_UNUSED;
void guard_digest_format(char ret_hex[GUARD_DIGEST_HEX_SIZE], const struct guard_digest *digest);
int guard_digest_compare(const struct guard_digest *a, const struct guard_digest *b);

/* A reason to stop hashing early: called between blocks of at most 1 MiB with
 * the bytes done so far; returns 0 to go on, else the negative code that
 * guard_digest_fd is to return (e.g. -GUARD_E_TIMEOUT, -GUARD_E_LIMIT). */
typedef int (*guard_digest_progress)(void *context, uint64_t bytes_done);

/* guard_digest_fd: SHA-256 over the whole content of `fd` by pread from
 * offset 0; the file offset does not move.  `ret_size` (may be NULL) gets the
 * number of bytes hashed.  `progress` may be NULL.  Errors: GUARD_E_IO,
 * GUARD_E_NOMEM, or what `progress` returned. */
int guard_digest_fd(struct guard_digest *ret_digest, uint64_t *ret_size, int fd,
		    guard_digest_progress progress, void *context) GUARD_WARN_UNUSED;

/* guard_digest_bytes: SHA-256 over memory. */
int guard_digest_bytes(struct guard_digest *ret_digest, const void *bytes, size_t size) GUARD_WARN_UNUSED;

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
