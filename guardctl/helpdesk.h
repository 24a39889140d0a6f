/* SPDX-License-Identifier: MIT
 *
 * guardctl/helpdesk.h - helpdesk_compare.c: do both sides' records meet?
 */
#ifndef GUARDCTL_HELPDESK_H
#define GUARDCTL_HELPDESK_H

#include "guardctl.h"

extern const struct guardctl_verb guardctl_helpdesk;

/* Exit code 1 when an unlock was opened that the ledger does not know. */
int helpdesk_compare(const char *ledger_path, const char *key_path, int count, char **files);
#endif
