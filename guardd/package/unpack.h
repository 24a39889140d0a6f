/* SPDX-License-Identifier: MIT
 *
 * package/unpack.h - a compressed kernel module: the digest of what is in it, for the
 * package helper and for `guardctl scan`.  libarchive unpacks, in memory.  Whoever calls
 * says where the bytes come from, and must be let read them: untrusted ones only in a
 * fork that can do nothing but this.
 */
#ifndef GUARDD_PACKAGE_UNPACK_H
#define GUARDD_PACKAGE_UNPACK_H

#include <archive.h>
#include <guard/identity.h>
#include <openssl/evp.h>

#define PACKAGE_MODULE_MAX (256u << 20) /* bytes unpacked: what the kernel layer hashes (bpf/abi.h) */

static inline void package_free_archive(struct archive **archive)
{
	if (*archive)
		archive_read_free(*archive);
}
static inline void package_free_context(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}
#define AUTO_ARCHIVE __attribute__((cleanup(package_free_archive)))
#define AUTO_CONTEXT __attribute__((cleanup(package_free_context)))

/* For one file compressed by xz, zstd or gzip; the caller opens it and frees it
 * (archive_read_free).  NULL: no memory. */
struct archive *package_module_archive(void) GUARD_WARN_UNUSED;
/* SHA-256 of what is in an archive that was opened and not read yet.  Errors:
 * GUARD_E_FORMAT (damaged, empty, of another kind), GUARD_E_LIMIT, GUARD_E_NOMEM,
 * GUARD_E_INTERNAL. */
int package_module_digest(struct guard_digest *ret_digest, struct archive *archive) GUARD_WARN_UNUSED;

#endif
