/* SPDX-License-Identifier: MIT
 *
 * gate/unlock_install.h - what belongs to an unlocked installer: its processes,
 * found by descent, and the files that these opened for writing.  The caller
 * (unlocks.c) holds its lock.
 */
#ifndef GUARDD_GATE_UNLOCK_INSTALL_H
#define GUARDD_GATE_UNLOCK_INSTALL_H

#include "gate/unlocks.h"

struct gate_installs;
int gate_installs_new(struct gate_installs **ret_installs) GUARD_WARN_UNUSED;
/* The process belongs to unlock `id` from now on.  Full: it does not. */
void gate_installs_join(struct gate_installs *installs, uint32_t id, int32_t pid);
/* Does the process belong to it, or was the file written by one that does
 * (`by_user`: the user who asked, or root, may then start it)?  Whoever is found
 * joins. */
bool gate_installs_cover(struct gate_installs *installs, uint32_t id, int32_t pid, const struct gate_key *key,
			 bool by_user);
/* The process opens the file for writing.  true: it belongs, and the file was
 * not known as written.  What another process writes is no longer the
 * installer's. */
bool gate_installs_writer(struct gate_installs *installs, uint32_t id, int32_t pid, const struct gate_key *key);
void gate_installs_forget(struct gate_installs *installs, uint32_t id);
#endif
