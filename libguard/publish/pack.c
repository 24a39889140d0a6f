/* SPDX-License-Identifier: MIT
 *
 * publish/pack.c - gzip for the web server to hand out as it is.
 */
#include "publish/publish.h"

#include <limits.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* 32 KiB, gzip's header: zlib writes no time, no name */
#define GZIP_MEMORY 9

int publish_pack(uint8_t **ret_bytes, size_t *ret_size, const void *bytes, size_t size)
{
	GUARD_AUTO_FREE uint8_t *packed = NULL;
	z_stream stream = { 0 };
	uLong bound;
	int result;

	if (size > UINT_MAX / 2)
		return -GUARD_E_LIMIT;
	if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return -GUARD_E_NOMEM;
	bound = deflateBound(&stream, (uLong)size);
	packed = malloc(bound);
	if (!packed) {
		deflateEnd(&stream);
		return -GUARD_E_NOMEM;
	}
	stream.next_in = (z_const Bytef *)bytes;
	stream.avail_in = (uInt)size;
	stream.next_out = packed;
	stream.avail_out = (uInt)bound;
	result = deflate(&stream, Z_FINISH);
	deflateEnd(&stream);
	if (result != Z_STREAM_END)
		return -GUARD_E_INTERNAL;
	*ret_size = stream.total_out;
	*ret_bytes = guard_steal_pointer(&packed);
	return 0;
}

int publish_unpack(uint8_t **ret_bytes, size_t size, const void *packed, size_t packed_size)
{
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	z_stream stream = { 0 };
	int result;

	if (size > UINT_MAX / 2 || packed_size > UINT_MAX / 2)
		return -GUARD_E_LIMIT;
	bytes = malloc(size + 1); /* one more: a file that goes on is seen */
	if (!bytes || inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
		return -GUARD_E_NOMEM;
	stream.next_in = (z_const Bytef *)packed;
	stream.avail_in = (uInt)packed_size;
	stream.next_out = bytes;
	stream.avail_out = (uInt)size + 1;
	result = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	if (result != Z_STREAM_END || stream.total_out != size || stream.avail_in != 0)
		return -GUARD_E_FORMAT;
	*ret_bytes = guard_steal_pointer(&bytes);
	return 0;
}
