/* SPDX-License-Identifier: MIT
 *
 * unlock/clock.c - the boot clock and the boot's id.  Never wall time: who can
 * set the clock gains nothing.
 */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "unlock/process.h"

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx\n" (random(4)). */
int unlock_boot_id(uint8_t ret_boot_id[16])
{
	GUARD_AUTO_CLOSE int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char text[64];
	uint8_t boot_id[16] = {0};
	unsigned digits = 0;
	ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text));

	for (ssize_t i = 0; i < size && digits < 32; i++) {
		int value = hex_value(text[i]);

		if (value < 0)
			continue;
		boot_id[digits / 2] = (uint8_t)(boot_id[digits / 2] << 4 | value);
		digits++;
	}
	if (digits != 32)
		return -GUARD_E_IO;
	memcpy(ret_boot_id, boot_id, sizeof(boot_id));
	return 0;
}

void unlock_now(struct guard_unlock_clock *ret_clock, const struct unlock_process *process)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	memcpy(ret_clock->boot_id, process->boot_id, sizeof(ret_clock->boot_id));
	ret_clock->boot_ms = (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}
