/* SPDX-License-Identifier: MIT
 *
 * unit/gate_access.c - the table of ARCHITECTURE.md "One event", step 3.
 */
#include "gate/access.h"

#include <fcntl.h>

#include "unit.h"

#define ARGUMENT GUARD_SCRIPTS_ARGUMENT
#define TEXT GUARD_SCRIPTS_TEXT
#define SUFFIX GUARD_SCRIPTS_SUFFIX
#define MODULE GUARD_SCRIPTS_MODULE

struct row {
	const char *what;
	struct gate_access access;
	bool ask;
	uint8_t kind, reason;
};

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct gate_use use = gate_access_classify(&rows[i].access);
		bool same = use.ask == rows[i].ask &&
			    (use.ask ? use.kind == rows[i].kind : use.reason == rows[i].reason);
		if (!same)
			fprintf(stderr, "row: %s\n", rows[i].what);
		CU_ASSERT(same);
	}
}
#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))
#define ASK(k) .ask = true, .kind = GUARD_KIND_##k
#define ALLOW(r) .reason = GUARD_REASON_##r

static void exec_is_always_asked(void)
{
	static const struct row rows[] = {
		{ "ELF program", { .exec = true, .format = GUARD_FORMAT_ELF_EXEC }, ASK(EXECUTABLE) },
		{ "PIE", { .exec = true, .format = GUARD_FORMAT_ELF_DYN }, ASK(EXECUTABLE) },
		{ "object", { .exec = true, .format = GUARD_FORMAT_ELF_REL }, ASK(EXECUTABLE) },
		{ "truncated", { .exec = true, .format = GUARD_FORMAT_ELF_OTHER }, ASK(EXECUTABLE) },
		{ "binary for binfmt_misc", { .exec = true, .format = GUARD_FORMAT_BINARY }, ASK(EXECUTABLE) },
		{ "empty", { .exec = true, .format = GUARD_FORMAT_EMPTY }, ASK(EXECUTABLE) },
		{ "jar", { .exec = true, .format = GUARD_FORMAT_BYTECODE }, ASK(EXECUTABLE) },
		{ "shebang", { .exec = true, .format = GUARD_FORMAT_SHEBANG }, ASK(SCRIPT) },
		{ "text", { .exec = true, .format = GUARD_FORMAT_TEXT }, ASK(SCRIPT) },
		{ "a reader executes", { .exec = true, .format = GUARD_FORMAT_ELF_EXEC, .reader = true,
					 .ip = GATE_IP_OUTSIDE }, ASK(EXECUTABLE) },
		{ "sealed", { .exec = true, .format = GUARD_FORMAT_TEXT, .sealed = true, .data = true },
		  ASK(SCRIPT) },
	};
	CHECK(rows);
}

static void code_opened_is_a_library(void)
{
	static const struct row rows[] = {
		{ "any program", { .format = GUARD_FORMAT_ELF_DYN, .ip = GATE_IP_OUTSIDE }, ASK(LIBRARY) },
		{ "static program", { .format = GUARD_FORMAT_ELF_EXEC }, ASK(LIBRARY) },
		{ "odd ELF", { .format = GUARD_FORMAT_ELF_OTHER }, ASK(LIBRARY) },
		{ "reader, loader's ip", { .format = GUARD_FORMAT_ELF_DYN, .reader = true,
					   .ip = GATE_IP_LOADER }, ASK(LIBRARY) },
		{ "reader, ip unknown", { .format = GUARD_FORMAT_ELF_DYN, .reader = true }, ASK(LIBRARY) },
		{ "reader reads", { .format = GUARD_FORMAT_ELF_DYN, .reader = true, .ip = GATE_IP_OUTSIDE },
		  ALLOW(READER) },
		{ "object file", { .format = GUARD_FORMAT_ELF_REL }, ALLOW(NOT_A_PROGRAM) },
		{ "loader opens a user's data", { .format = GUARD_FORMAT_BINARY, .ip = GATE_IP_LOADER },
		  ASK(LIBRARY) },
		{ "loader opens a user's empty file", { .format = GUARD_FORMAT_EMPTY, .ip = GATE_IP_LOADER },
		  ASK(LIBRARY) },
		{ "loader opens its cache", { .format = GUARD_FORMAT_BINARY, .ip = GATE_IP_LOADER,
					      .sealed = true }, ALLOW(NOT_A_PROGRAM) },
	};
	CHECK(rows);
}

static void interpreters_open_scripts(void)
{
	static const struct row rows[] = {
		{ "named", { .format = GUARD_FORMAT_BINARY, .scripts = ARGUMENT, .named = true }, ASK(SCRIPT) },
		{ "named, empty", { .format = GUARD_FORMAT_EMPTY, .scripts = ARGUMENT, .named = true },
		  ASK(SCRIPT) },
		{ "named, but not by argument", { .format = GUARD_FORMAT_TEXT, .scripts = SUFFIX, .named = true },
		  ALLOW(NOT_A_PROGRAM) },
		{ "suffix", { .format = GUARD_FORMAT_BYTECODE, .scripts = SUFFIX, .suffix = true }, ASK(SCRIPT) },
		{ "no suffix", { .format = GUARD_FORMAT_TEXT, .scripts = SUFFIX }, ALLOW(NOT_A_PROGRAM) },
		{ "text", { .format = GUARD_FORMAT_TEXT, .scripts = TEXT }, ASK(SCRIPT) },
		{ "any bytes", { .format = GUARD_FORMAT_BINARY, .scripts = TEXT }, ASK(SCRIPT) },
		{ "empty", { .format = GUARD_FORMAT_EMPTY, .scripts = TEXT }, ASK(SCRIPT) },
		{ "data", { .format = GUARD_FORMAT_TEXT, .scripts = TEXT, .data = true }, ALLOW(DATA_PATH) },
		{ "here-document", { .format = GUARD_FORMAT_TEXT, .scripts = TEXT, .here_document = true },
		  ALLOW(NOT_A_PROGRAM) },
		{ "here-document, but named", { .format = GUARD_FORMAT_TEXT, .scripts = TEXT | ARGUMENT, .here_document = true,
		    .named = true }, ASK(SCRIPT) },
		{ "data, but named", { .format = GUARD_FORMAT_TEXT, .scripts = TEXT | ARGUMENT, .data = true,
				       .named = true }, ASK(SCRIPT) },
		{ "ELF stays a library", { .format = GUARD_FORMAT_ELF_DYN, .scripts = TEXT | SUFFIX | ARGUMENT,
					   .named = true }, ASK(LIBRARY) },
		{ "module", { .format = GUARD_FORMAT_ELF_REL, .scripts = MODULE }, ASK(MODULE) },
		{ "packed module", { .format = GUARD_FORMAT_BINARY, .scripts = MODULE, .module_name = true },
		  ASK(MODULE) },
		{ "kmod's other files", { .format = GUARD_FORMAT_TEXT, .scripts = MODULE },
		  ALLOW(NOT_A_PROGRAM) },
	};
	CHECK(rows);
}

static void names(void)
{
	CU_ASSERT_TRUE(gate_name_is_loader("/lib64/ld-linux-x86-64.so.2"));
	CU_ASSERT_TRUE(gate_name_is_loader("/lib/ld-musl-x86_64.so.1"));
	CU_ASSERT_TRUE(gate_name_is_loader("/lib/ld-2.31.so"));
	CU_ASSERT_TRUE(gate_name_is_loader("/lib64/ld64.so.2"));
	CU_ASSERT_TRUE(gate_name_is_loader("/tmp/ld-linux.so.2 (deleted)"));
	CU_ASSERT_FALSE(gate_name_is_loader("/usr/bin/ld.bfd"));
	CU_ASSERT_FALSE(gate_name_is_loader("/usr/lib/libc.so.6"));
	CU_ASSERT_TRUE(gate_name_is_module("/lib/modules/6.1/x.ko"));
	CU_ASSERT_TRUE(gate_name_is_module("x.ko.xz"));
	CU_ASSERT_FALSE(gate_name_is_module("x.kobold"));
}

static void writing(void)
{
	struct gate_call call = { .kind = GATE_CALL_OPEN, .has_flags = true, .flags = O_RDONLY };
	CU_ASSERT_FALSE(gate_call_only_writes(&call) || gate_call_may_write(&call));
	call.flags = O_RDWR;
	CU_ASSERT_FALSE(gate_call_only_writes(&call));
	CU_ASSERT_TRUE(gate_call_may_write(&call));
	call.flags = O_RDWR | O_TRUNC;
	CU_ASSERT_TRUE(gate_call_only_writes(&call));
	call.flags = O_RDWR | O_CREAT;
	CU_ASSERT_FALSE(gate_call_only_writes(&call));
	call.flags = O_RDWR | O_EXCL;
	CU_ASSERT_FALSE(gate_call_only_writes(&call));
	call.flags = O_RDWR | O_CREAT | O_EXCL;
	CU_ASSERT_TRUE(gate_call_only_writes(&call));
	call.flags = O_WRONLY | O_CREAT;
	CU_ASSERT_TRUE(gate_call_only_writes(&call));
	call.flags = O_RDONLY | O_TRUNC;
	CU_ASSERT_TRUE(gate_call_may_write(&call));
	CU_ASSERT_FALSE(gate_call_only_writes(&call));
	call = (struct gate_call){ .kind = GATE_CALL_OPEN, .flags = O_WRONLY }; /* openat2: could be changed */
	CU_ASSERT_FALSE(gate_call_only_writes(&call) || gate_call_may_write(&call));
	call = (struct gate_call){ .kind = GATE_CALL_EXEC, .has_flags = true, .flags = O_WRONLY };
	CU_ASSERT_FALSE(gate_call_only_writes(&call) || gate_call_may_write(&call));
}

static CU_TestInfo tests[] = {
	{ "exec is always asked", exec_is_always_asked },
	{ "code that is opened is a library", code_opened_is_a_library },
	{ "interpreters open scripts", interpreters_open_scripts },
	{ "names of loaders and modules", names },
	{ "opens that write", writing },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("gate_access", tests)
