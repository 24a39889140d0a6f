/* SPDX-License-Identifier: MIT
 *
 * guardctl/i18n.c - see i18n.h.
 */
#include <locale.h>
#include <stdlib.h>

#include "i18n.h"

void guardctl_i18n_begin(void)
{
	const char *folder = secure_getenv("GUARD_LOCALE_DIR");

	/* Numbers and times stay as they are: programs read them. */
	setlocale(LC_MESSAGES, "");
	setlocale(LC_CTYPE, "");
	bindtextdomain(GUARDCTL_TEXT_DOMAIN, folder && folder[0] ? folder : GUARDCTL_LOCALE_DIR);
	bind_textdomain_codeset(GUARDCTL_TEXT_DOMAIN, "UTF-8");
	textdomain(GUARDCTL_TEXT_DOMAIN);
}
