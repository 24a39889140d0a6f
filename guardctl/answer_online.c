/* SPDX-License-Identifier: MIT
 *
 * guardctl/answer_online.c - the answer goes by the signed channel: into the
 * machine's delivery, beside what it holds already.
 */
#include <stdio.h>

#include "answer.h"
#include "i18n.h"

int answer_online(const struct answer *answer, const char *folder, const struct desk_ledger *ledger,
		  const struct guard_unlock_key *key, const struct guard_unlock_answer *code_number)
{
	static struct guard_unlock_delivery delivery; /* one thread */
	const struct guard_unlock_approval approval = {.number = answer->number, .answer = *code_number};
	struct guard_unlock_base base;
	int code = desk_base(&base, ledger, key, answer->machine);

	if (code == 0)
		code = desk_delivery_read(&delivery, folder, &base);
	if (code)
		return code;
	guard_unlock_delivery_add(&delivery, &approval);
	return desk_delivery_write(folder, &base, &delivery);
}
