/* SPDX-License-Identifier: MIT
 *
 * trust/tell.c - what the keeper is told: states, rows for the ledger.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "keeper/fdpass.h"
#include "trust/internal.h"

int trust_send(const struct trust_process *trust, const struct guardd_trust_message *message, int fd)
{
	return guardd_fdpass_send(trust->keeper, message, sizeof(*message), &fd, fd < 0 ? 0 : 1);
}

void trust_tell_state(struct trust_process *trust)
{
	struct guardd_trust_message message = {.type = GUARDD_TRUST_STATE, .state = trust->said};

	/* The keeper asks again when it has missed one. */
	(void)!trust_send(trust, &message, -1);
}

void trust_tell_release(const struct trust_process *trust)
{
	struct guardd_trust_message message = {.type = GUARDD_TRUST_RELEASED};

	snprintf(message.text, sizeof(message.text),
		 "Headquarters released this machine (id %s) from the repository %.250s.", trust->key_id,
		 trust->config->repository_url);
	/* Said again with each check, until this process is ended. */
	(void)!trust_send(trust, &message, -1);
}

void trust_tell_settings(struct trust_process *trust)
{
	struct guardd_trust_message message = {.type = GUARDD_TRUST_SETTINGS, .settings = trust->settings};

	if (trust->has_told_settings && memcmp(&trust->settings, &trust->settings_told, sizeof(trust->settings)) == 0)
		return;
	trust->has_told_settings = trust_send(trust, &message, -1) == 0;
	trust->settings_told = trust->settings;
}

void trust_tell_permits(struct trust_process *trust)
{
	struct guardd_trust_message message = {.type = GUARDD_TRUST_PERMITS};

	trust->permits.now = trust->now;
	message.permits = trust->permits;
	(void)!trust_send(trust, &message, -1);
}

void trust_note(const struct trust_process *trust, enum guard_daemon_event what, const char *format, ...)
{
	struct guardd_trust_message message = {.type = GUARDD_TRUST_NOTE, .what = (uint32_t)what};
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message.text, sizeof(message.text), format, arguments);
	va_end(arguments);
	(void)!trust_send(trust, &message, -1);
}

int trust_fail(struct trust_failure *failure, int error, const char *word, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(failure->text, sizeof(failure->text), format, arguments);
	va_end(arguments);
	failure->error = error;
	failure->word = word;
	return error;
}

const char *trust_word_of(int error)
{
	switch (error) {
	case -GUARD_E_UNREACHABLE:
	case -GUARD_E_TIMEOUT:
		return "unreachable";
	case -GUARD_E_EXPIRED:
		return "stale";
	case -GUARD_E_SIGNATURE:
		return "refused-signature";
	case -GUARD_E_ROLLBACK:
		return "refused-rollback";
	case -GUARD_E_CHECKSUM:
	case -GUARD_E_NOT_FOUND:
		return "refused-mismatch";
	case -GUARD_E_LIMIT:
		return "refused-limit";
	case -GUARD_E_VERSION:
		return "refused-version";
	case -GUARD_E_IO:
	case -GUARD_E_NOMEM:
		return "refused-storage";
	case -GUARD_E_DENIED:
		return "refused-lock-out";
	default:
		return "refused-syntax";
	}
}
