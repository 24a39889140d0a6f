/* SPDX-License-Identifier: MIT
 *
 * identity/sniff.c - what the first bytes of a file look like.  Compares fixed
 * offsets only: no length or offset from the file is ever followed, because
 * the privileged gate calls this on hostile bytes.
 */
#include <guard/identity.h>

#include <stdbool.h>
#include <string.h>

#define ELF_IDENT_DATA 5u  /* EI_DATA: 1 little, 2 big endian */
#define ELF_TYPE 16u       /* e_type, two bytes */
#define ELF_TYPE_END 18u
/* bash(1) refuses a script as binary when a NUL byte stands in its first line
 * among the first so many bytes; whatever it would run is text here. */
#define TEXT_SAMPLE 80u

struct magic {
	const char *bytes;
	size_t size, offset;
};

/* Containers and byte code that an interpreter or virtual machine runs. */
static const struct magic bytecodes[] = {
	{ "\xCA\xFE\xBA\xBE", 4, 0 },  /* .class */
	{ "PK\x03\x04", 4, 0 },        /* zip, jar, wheel, zipapp */
	{ "PK\x05\x06", 4, 0 },        /* empty zip */
	{ "\0asm", 4, 0 },             /* WebAssembly */
	{ "\x1BLua", 4, 0 },           /* Lua */
	{ "\x1BLJ", 3, 0 },            /* LuaJIT */
	{ "RITE", 4, 0 },              /* mruby */
	{ "YARB", 4, 0 },              /* Ruby instruction sequence */
	{ ";ELC", 4, 0 },              /* Emacs Lisp */
	{ "FOR1", 4, 0 },              /* BEAM */
	{ "dex\n", 4, 0 },             /* Dalvik */
	{ "MZ", 2, 0 },                /* PE: run by Mono and Wine */
};

static enum guard_format sniff_elf(const unsigned char *bytes, size_t size)
{
	unsigned type;

	if (size < ELF_TYPE_END)
		return GUARD_FORMAT_ELF_OTHER;
	if (bytes[ELF_IDENT_DATA] == 1)
		type = bytes[ELF_TYPE] | (unsigned)bytes[ELF_TYPE + 1] << 8;
	else if (bytes[ELF_IDENT_DATA] == 2)
		type = bytes[ELF_TYPE + 1] | (unsigned)bytes[ELF_TYPE] << 8;
	else
		return GUARD_FORMAT_ELF_OTHER;
	switch (type) {
	case 1:
		return GUARD_FORMAT_ELF_REL;
	case 2:
		return GUARD_FORMAT_ELF_EXEC;
	case 3:
		return GUARD_FORMAT_ELF_DYN;
	default:
		return GUARD_FORMAT_ELF_OTHER;
	}
}

/* .pyc of Python 3: u16 magic (3000 to 3900), "\r\n", u32 flags below 256. */
static bool is_python_bytecode(const unsigned char *bytes, size_t size)
{
	return size >= 16 && bytes[1] >= 0x0B && bytes[1] <= 0x0F && bytes[2] == '\r' && bytes[3] == '\n' &&
	       bytes[5] == 0 && bytes[6] == 0 && bytes[7] == 0;
}

static bool is_text(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size && i < TEXT_SAMPLE; i++) {
		if (bytes[i] == '\n')
			return true;
		if (bytes[i] == '\0')
			return false;
	}
	return true;
}

static bool is_bytecode(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < sizeof(bytecodes) / sizeof(bytecodes[0]); i++) {
		const struct magic *magic = &bytecodes[i];

		if (magic->offset + magic->size <= size &&
		    memcmp(&bytes[magic->offset], magic->bytes, magic->size) == 0)
			return true;
	}
	return is_python_bytecode(bytes, size);
}

enum guard_format guard_format_sniff(const void *head, size_t size)
{
	const unsigned char *bytes = head;

	if (size == 0 || !bytes)
		return GUARD_FORMAT_EMPTY;
	if (size > GUARD_SNIFF_SIZE)
		size = GUARD_SNIFF_SIZE;
	if (size >= 4 && memcmp(bytes, "\177ELF", 4) == 0)
		return sniff_elf(bytes, size);
	if (size >= 2 && memcmp(bytes, "#!", 2) == 0)
		return GUARD_FORMAT_SHEBANG;
	if (is_bytecode(bytes, size))
		return GUARD_FORMAT_BYTECODE;
	return is_text(bytes, size) ? GUARD_FORMAT_TEXT : GUARD_FORMAT_BINARY;
}

int guard_format_is_elf(enum guard_format format)
{
	return format >= GUARD_FORMAT_ELF_EXEC && format <= GUARD_FORMAT_ELF_OTHER;
}
