/* SPDX-License-Identifier: MIT
 *
 * keeper/package.c - the table of attributed files: read at the start, replaced
 * when guard-package has made a new one and the gate has it in force, written
 * down by a child.  One request at a time; reads no table.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "identity/attribution.h"
#include "internal.h"
#include "keeper/fdpass.h"
#include "keeper/remember.h"
#include "package/message.h"

/* ---- at the start ------------------------------------------------------------- */

static int copy_sealed(int32_t *ret_table, int file)
{
	GUARD_AUTO_CLOSE int table = memfd_create("guard-attributions", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat status;
	off_t done = 0;

	if (table < 0 || fstat(file, &status) < 0)
		return -GUARD_E_IO;
	if ((uint64_t)status.st_size > GUARD_ATTRIBUTION_SIZE_MAX)
		return -GUARD_E_LIMIT;
	while (done < status.st_size)
		if (sendfile(table, file, &done, 1u << 24) <= 0)
			return -GUARD_E_IO;
	if (fcntl(table, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
		return -GUARD_E_IO;
	*ret_table = guard_steal_fd(&table);
	return 0;
}

/* Without a table all goes on: what it vouched for is then unlisted. */
void keeper_package_first(struct keeper *keeper)
{
	GUARD_AUTO_CLOSE int file = -1;
	int r = keeper_remembered_attributions(&file, keeper->state_dir);

	if (r == -GUARD_E_NOT_FOUND)
		return;
	if (r == 0)
		r = copy_sealed(&keeper->attributions, file);
	if (r < 0)
		keeper_say("%s/%s cannot be used (%s): nothing is attributed to packages until "
			   "`guardctl packages installed` has run",
			   keeper->config->state_dir, KEEPER_ATTRIBUTIONS_FILE, guard_error_text(r));
}

/* ---- a request -------------------------------------------------------------------- */

static void refuse(int client, int error, const char *sentence)
{
	struct package_message message = { .type = PACKAGE_RESULT, .error = error };

	snprintf(message.text, sizeof(message.text), "nothing was attributed: %s", sentence);
	(void)!guardd_fdpass_send(client, &message, sizeof(message), NULL, 0);
}

void keeper_package_begin(struct keeper *keeper, int32_t client)
{
	if (keeper->package.pidfd >= 0)
		refuse(client, -GUARD_E_BUSY, "other packages are being looked at: try again when that is done");
	else if (!keeper->gate_ready)
		refuse(client, -GUARD_E_BUSY, "the gate is just being started: try again");
	else if (keeper_spawn_package(keeper, client) < 0)
		refuse(client, -GUARD_E_IO, "the process that reads packages could not be started");
	else
		keeper->package_deadline_ms = keeper_now_ms() + KEEPER_PACKAGE_MS;
}

static void answer(struct keeper *keeper, int error, const char *sentence)
{
	struct package_message message = { .type = PACKAGE_RESULT, .error = error };

	snprintf(message.text, sizeof(message.text), "%s", sentence);
	if (keeper->package_socket >= 0 &&
	    guardd_fdpass_send(keeper->package_socket, &message, sizeof(message), NULL, 0) < 0)
		keeper_close(&keeper->package_socket);
	keeper_close(&keeper->attributions_next);
}

/* A table: the gate looks at it before anybody believes it. */
static void take_table(struct keeper *keeper, int32_t table)
{
	struct guardd_command command = { .type = GUARDD_COMMAND_ATTRIBUTIONS, .fd = table };

	keeper_close(&keeper->attributions_next);
	keeper->attributions_next = table;
	if (!keeper->gate_ready || keeper_command_send(keeper->command[0], &command, -1) < 0)
		answer(keeper, -GUARD_E_BUSY, "the gate is just being started again: try once more");
}

void keeper_package_readable(struct keeper *keeper)
{
	struct package_message message;
	size_t size, count = 1;
	int table = -1;
	int r = guardd_fdpass_receive(&size, &message, sizeof(message), &table, &count, keeper->package_socket);

	if (r == -GUARD_E_BUSY)
		return;
	if (r < 0 || size != sizeof(message) || message.type != PACKAGE_TABLE || count != 1 || table < 0) {
		if (r == 0 && count == 1 && table >= 0)
			close(table);
		keeper_close(&keeper->package_socket);
		return;
	}
	take_table(keeper, table);
}

void keeper_package_gate_result(struct keeper *keeper, const struct guardd_command *result)
{
	if (keeper->attributions_next < 0)
		return;
	if (result->error != 0) {
		answer(keeper, result->error < 0 ? result->error : -result->error, result->text);
		return;
	}
	keeper_close(&keeper->attributions);
	keeper->attributions = keeper->attributions_next;
	keeper->attributions_next = -1;
	keeper_note(keeper, GUARD_DAEMON_POLICY_LOADED, "Packages were attributed: %.300s", result->text);
	if (keeper_spawn_attributions_writer(keeper) < 0)
		keeper_say("the table of attributed files cannot be written down: it is lost with the next restart");
	answer(keeper, 0, "");
}

/* The gate died with the table in its hands: the next one has the old one. */
void keeper_package_gate_died(struct keeper *keeper)
{
	if (keeper->attributions_next >= 0)
		answer(keeper, -GUARD_E_INTERNAL, "the gate ended while it took the new table over: try again");
}

void keeper_package_supervise(struct keeper *keeper)
{
	struct keeper_process *package = &keeper->package;

	if (package->pidfd < 0)
		return;
	if (keeper_now_ms() >= keeper->package_deadline_ms)
		keeper_process_signal(package, SIGKILL);
	if (!keeper_process_wait(package, 0))
		return;
	keeper_process_end(package, SIGKILL, 1000);
	keeper_close(&keeper->package_socket);
	keeper_close(&keeper->attributions_next);
}

/* ---- the child that writes it down -------------------------------------------------- */

void keeper_attributions_write(struct keeper *keeper)
{
	char problem[400];

	if (guardd_jail_enter(GUARDD_ROLE_LOADER, keeper->config, problem, sizeof(problem)) < 0)
		keeper_say("the table of attributed files is not written down: %s", problem);
	else if (keeper_remember_attributions(keeper->state_dir, keeper->attributions) < 0)
		keeper_say("%s/%s cannot be written (%s): what was attributed is lost with the next restart",
			   keeper->config->state_dir, KEEPER_ATTRIBUTIONS_FILE, strerror(errno));
	_exit(0);
}
