/* SPDX-License-Identifier: MIT
 *
 * guardctl/doctor_boot.c - what can happen before guard runs: Secure Boot,
 * lockdown, kernel modules, the command line.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor.h"

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define SETUP_MODE "/sys/firmware/efi/efivars/SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c"

/* UEFI: four bytes of attributes, then one byte.  -1 when it is not there. */
static int read_variable(const char *path)
{
	unsigned char bytes[5];
	GUARD_AUTO_FCLOSE FILE *stream = fopen(path, "re");

	if (!stream || fread(bytes, 1, sizeof(bytes), stream) != sizeof(bytes))
		return -1;
	return bytes[4];
}

static void check_secure_boot(struct doctor *doctor)
{
	static const char advice[] = N_("switch Secure Boot on in the firmware, and set a firmware password");

	if (access("/sys/firmware/efi", F_OK) < 0) {
		doctor_say(doctor, DOCTOR_NOTE, "secure-boot", advice,
			   "not started by UEFI: whoever is at the machine can start another kernel or edit its command line");
		return;
	}
	int on = read_variable(SECURE_BOOT);
	if (on == 1 && read_variable(SETUP_MODE) != 1)
		doctor_say(doctor, DOCTOR_OK, "secure-boot", NULL, "Secure Boot is on");
	else if (on < 0)
		doctor_say(doctor, DOCTOR_NOTE, "secure-boot", advice, "the state of Secure Boot cannot be read");
	else
		doctor_say(doctor, DOCTOR_NOTE, "secure-boot", advice,
			   "Secure Boot is off: whoever is at the machine can start another kernel");
}

static void check_lockdown(struct doctor *doctor)
{
	char text[128];

	if (doctor_read_text(text, sizeof(text), "/sys/kernel/security/lockdown") < 0)
		doctor_say(doctor, DOCTOR_NOTE, "lockdown", "use a kernel built with CONFIG_SECURITY_LOCKDOWN_LSM=y",
			   "cannot be seen: %s", strerror(errno));
	else if (strstr(text, "[none]"))
		doctor_say(doctor, DOCTOR_NOTE, "lockdown",
			   "add lockdown=integrity to the kernel command line (Secure Boot does it by itself)",
			   "the kernel is not locked down: root can change its memory");
	else
		doctor_say(doctor, DOCTOR_OK, "lockdown", NULL, "the kernel is locked down: %s", text);
}

static void check_modules(struct doctor *doctor)
{
	char enforce[16] = "";
	long long disabled = 0;

	doctor_read_number(&disabled, "/proc/sys/kernel/modules_disabled");
	if (disabled == 1) {
		doctor_say(doctor, DOCTOR_OK, "modules", NULL, "no more kernel modules can be loaded");
		return;
	}
	if (doctor_read_text(enforce, sizeof(enforce), "/sys/module/module/parameters/sig_enforce") < 0)
		doctor_say(doctor, DOCTOR_NOTE, "modules", NULL, "whether modules must be signed cannot be seen: %s",
			   strerror(errno));
	else if (enforce[0] == 'Y')
		doctor_say(doctor, DOCTOR_OK, "modules", NULL, "only signed kernel modules load");
	else
		doctor_say(doctor, DOCTOR_NOTE, "modules", "add module.sig_enforce=1 to the kernel command line",
			   "root can load an unsigned kernel module, and with it switch guard off");
}

static void check_command_line(struct doctor *doctor)
{
	static const char *const dangerous[] = { "init=",	     "rdinit=",	       "systemd.unit=", "single",
						 "systemd.debug-shell", "rd.break",     "emergency",	"rescue" };
	char line[8192];
	bool found = false;

	if (doctor_read_text(line, sizeof(line), "/proc/cmdline") < 0)
		return;
	for (size_t i = 0; i < sizeof(dangerous) / sizeof(dangerous[0]); i++) {
		const char *at = strstr(line, dangerous[i]);
		if (!at || (at != line && at[-1] != ' '))
			continue;
		found = true;
		doctor_say(doctor, DOCTOR_NOTE, "command-line",
			   "take it out of /etc/default/grub, run update-grub, reboot",
			   "the kernel was started with \"%s\": it may start without guard", dangerous[i]);
	}
	if (!found)
		doctor_say(doctor, DOCTOR_OK, "command-line", NULL, "nothing on the kernel command line goes around init");
}

void doctor_check_boot(struct doctor *doctor)
{
	doctor->section = N_("Before guard runs");
	check_secure_boot(doctor);
	check_lockdown(doctor);
	check_modules(doctor);
	check_command_line(doctor);
}
