/* SPDX-License-Identifier: MIT
 *
 * guardctl/i18n.h - sentences in the user's language (gettext, domain "guard").
 * N_() marks one that is translated where it is printed.
 */
#ifndef GUARDCTL_I18N_H
#define GUARDCTL_I18N_H

#include <guard/error.h>
#include <libintl.h>

#define GUARDCTL_TEXT_DOMAIN "guard"
#define _(text) gettext(text)
#define N_(text) text

/* The sentence of an error of libguard. */
static inline const char *guardctl_error_text(int code)
{
	return gettext(guard_error_text(code));
}

/* Once, before anything is printed.  GUARD_LOCALE_DIR names another folder of
 * translations than the installed one, for programs run from a build. */
void guardctl_i18n_begin(void);
#endif
