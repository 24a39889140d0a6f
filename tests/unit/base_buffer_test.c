/* SPDX-License-Identifier: MIT
 *
 * unit/base_buffer_test.c - the bounded reader and writer.
 */
#include "unit.h"

#include <string.h>

#include "base/buffer.h"

static void reading_past_the_end_fails_and_stays_failed(void)
{
	const uint8_t bytes[] = { 1, 2, 3 };
	struct guard_reader reader;

	guard_reader_init(&reader, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(guard_read_u32(&reader), 0);
	CU_ASSERT_TRUE(reader.failed);
	CU_ASSERT_EQUAL(guard_read_u8(&reader), 0);
	CU_ASSERT_EQUAL(guard_reader_left(&reader), 0);
	CU_ASSERT_FALSE(guard_reader_done(&reader));
	CU_ASSERT_PTR_NULL(guard_read_bytes(&reader, 0));
}

static void huge_counts_do_not_wrap(void)
{
	const uint8_t bytes[] = { 0xFF, 0xFF, 0xFF, 0xFF, 'a', 0 };
	struct guard_reader reader;
	size_t size;

	guard_reader_init(&reader, bytes, sizeof(bytes));
	CU_ASSERT_PTR_NULL(guard_read_bytes(&reader, SIZE_MAX));
	guard_reader_init(&reader, bytes, sizeof(bytes));
	CU_ASSERT_PTR_NULL(guard_read_string(&reader, SIZE_MAX));
	guard_reader_init(&reader, bytes, sizeof(bytes));
	CU_ASSERT_PTR_NULL(guard_read_blob(&reader, &size, SIZE_MAX));
	guard_reader_init(&reader, NULL, 10);
	CU_ASSERT_EQUAL(guard_read_u8(&reader), 0);
	CU_ASSERT_TRUE(reader.failed);
}

static void strings_hold_one_nul_at_their_end(void)
{
	const uint8_t inner[] = { 3, 0, 0, 0, 'a', 0, 'b', 0 };
	const uint8_t missing[] = { 2, 0, 0, 0, 'a', 'b', 'c' };
	const uint8_t cut[] = { 2, 0, 0, 0, 'a', 'b' };
	const uint8_t good[] = { 2, 0, 0, 0, 'a', 'b', 0 };
	struct guard_reader reader;

	guard_reader_init(&reader, inner, sizeof(inner));
	CU_ASSERT_PTR_NULL(guard_read_string(&reader, 10));
	guard_reader_init(&reader, missing, sizeof(missing));
	CU_ASSERT_PTR_NULL(guard_read_string(&reader, 10));
	guard_reader_init(&reader, cut, sizeof(cut));
	CU_ASSERT_PTR_NULL(guard_read_string(&reader, 10));
	guard_reader_init(&reader, good, sizeof(good));
	CU_ASSERT_PTR_NULL(guard_read_string(&reader, 1));
	guard_reader_init(&reader, good, sizeof(good));
	CU_ASSERT_STRING_EQUAL(guard_read_string(&reader, 2), "ab");
	CU_ASSERT_TRUE(guard_reader_done(&reader));
}

static void blobs_respect_their_limit(void)
{
	const uint8_t bytes[] = { 2, 0, 0, 0, 0, 1 };
	struct guard_reader reader;
	size_t size = 99;

	guard_reader_init(&reader, bytes, sizeof(bytes));
	CU_ASSERT_PTR_NULL(guard_read_blob(&reader, &size, 1));
	CU_ASSERT_EQUAL(size, 99);
	guard_reader_init(&reader, bytes, sizeof(bytes));
	CU_ASSERT_PTR_EQUAL(guard_read_blob(&reader, &size, 2), &bytes[4]);
	CU_ASSERT_EQUAL(size, 2);
	CU_ASSERT_TRUE(guard_reader_done(&reader));
}

static void what_is_left_over_is_not_done(void)
{
	const uint8_t bytes[] = { 1, 2 };
	struct guard_reader reader;

	guard_reader_init(&reader, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(guard_read_u8(&reader), 1);
	CU_ASSERT_EQUAL(guard_reader_left(&reader), 1);
	CU_ASSERT_FALSE(guard_reader_done(&reader));
}

static void fixed_writer_does_not_overflow(void)
{
	uint8_t bytes[4] = { 9, 9, 9, 9 };
	struct guard_writer writer;

	guard_writer_init_fixed(&writer, bytes, 3);
	guard_write_u16(&writer, 0x0201);
	guard_write_u16(&writer, 0x0403);
	CU_ASSERT_TRUE(writer.failed);
	CU_ASSERT_EQUAL(writer.size, 2);
	CU_ASSERT_EQUAL(bytes[2], 9);
	guard_write_u8(&writer, 5);
	CU_ASSERT_EQUAL(writer.size, 2);
	guard_writer_free(&writer);
	CU_ASSERT_EQUAL(bytes[0], 1);
}

static void writer_refuses_impossible_sizes(void)
{
	struct guard_writer writer;

	guard_writer_init(&writer);
	guard_write_u8(&writer, 1);
	guard_write_bytes(&writer, "", SIZE_MAX);
	CU_ASSERT_TRUE(writer.failed);
	CU_ASSERT_EQUAL(writer.size, 1);
	guard_writer_free(&writer);
	guard_writer_init(&writer);
	guard_write_blob(&writer, "", (size_t)UINT32_MAX + 1);
	CU_ASSERT_TRUE(writer.failed);
	guard_writer_free(&writer);
}

static void what_is_written_is_read(void)
{
	struct guard_writer writer;
	struct guard_reader reader;
	size_t size = 0;

	guard_writer_init(&writer);
	guard_write_u8(&writer, 0xAB);
	guard_write_u16(&writer, 0xABCD);
	guard_write_u32(&writer, 0xABCDEF01);
	guard_write_u64(&writer, UINT64_MAX - 1);
	guard_write_i64(&writer, INT64_MIN);
	guard_write_string(&writer, "text");
	guard_write_string(&writer, NULL);
	guard_write_blob(&writer, "\0x", 2);
	for (unsigned i = 0; i < 1000; i++)
		guard_write_u32(&writer, i);
	CU_ASSERT_FALSE(writer.failed);
	CU_ASSERT_EQUAL(writer.bytes[1], 0xCD); /* little-endian */
	guard_reader_init(&reader, writer.bytes, writer.size);
	CU_ASSERT_EQUAL(guard_read_u8(&reader), 0xAB);
	CU_ASSERT_EQUAL(guard_read_u16(&reader), 0xABCD);
	CU_ASSERT_EQUAL(guard_read_u32(&reader), 0xABCDEF01);
	CU_ASSERT_EQUAL(guard_read_u64(&reader), UINT64_MAX - 1);
	CU_ASSERT_EQUAL(guard_read_i64(&reader), INT64_MIN);
	CU_ASSERT_STRING_EQUAL(guard_read_string(&reader, 4), "text");
	CU_ASSERT_STRING_EQUAL(guard_read_string(&reader, 0), "");
	CU_ASSERT_EQUAL(memcmp(guard_read_blob(&reader, &size, 2), "\0x", 2), 0);
	for (unsigned i = 0; i < 1000; i++)
		CU_ASSERT_EQUAL(guard_read_u32(&reader), i);
	CU_ASSERT_TRUE(guard_reader_done(&reader));
	guard_writer_free(&writer);
}

static CU_TestInfo tests[] = {
	{ "reading past the end fails and stays failed", reading_past_the_end_fails_and_stays_failed },
	{ "huge counts do not wrap", huge_counts_do_not_wrap },
	{ "strings hold one NUL, at their end", strings_hold_one_nul_at_their_end },
	{ "blobs respect their limit", blobs_respect_their_limit },
	{ "what is left over is not done", what_is_left_over_is_not_done },
	{ "a fixed writer does not overflow", fixed_writer_does_not_overflow },
	{ "a writer refuses impossible sizes", writer_refuses_impossible_sizes },
	{ "what is written is read", what_is_written_is_read },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("base/buffer", tests)
