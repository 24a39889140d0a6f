/* SPDX-License-Identifier: MIT
 *
 * gate/data.h - users' data, about which nobody need be asked.  A file that the policy
 * lists as nothing, for whoever asks, is data to every program but those that would run
 * it; which these are the kernel layer tells (bpf/scripts.bpf.h), so the gate need not
 * hear of its opens any more.  docs/kernel-layer.md, "Data".
 */
#ifndef GUARDD_GATE_DATA_H
#define GUARDD_GATE_DATA_H

#include "gate/gate.h"

/* Of a policy that comes into force soon: may data be left alone under it? */
void gate_data_prepare(struct gate *gate, struct gate_policy *policy);

/* What an interpreter that is started with these words must not read of data.  `ret_script`:
 * where in the words the script is named, GUARD_ARGUMENT_NONE.  Under a policy that is held. */
void gate_data_scripts(struct guard_bpf_scripts *ret_scripts, ptrdiff_t *ret_script, const struct gate_policy *policy,
		       uint32_t interpreter, const char *words, size_t size);

/* Small, on a disk, and where the kernel layer holds.  Never blocks. */
bool gate_data_may_be(struct gate *gate, const struct gate_file *file);
/* The generation of the policy in force, if by that the event's file is data; else 0.  With
 * no policy held. */
uint64_t gate_data_generation(struct gate *gate, struct gate_event *event, const struct gate_identity *identity);
/* begin: the layer is told that the event's file is data.  Under its read lease, if not
 * appended; that is identified here.  end, at a later open: nobody is between the layer's
 * question and ours, so we are asked no more.  Never blocks.  true: there is nothing left to
 * be done. */
void gate_data_begin(struct gate *gate, const struct gate_event *event, uint64_t generation);
void gate_data_begin_appended(struct gate *gate, struct gate_event *event);
bool gate_data_end(struct gate *gate, int fd, const struct gate_key *key);

/* The file behind `fd` is asked about again; under `gate->marks`. */
void gate_data_forget(struct gate *gate, int fd);
/* It is started: from now on who writes to it is asked about again, and what was known of it,
 * while he was not, is forgotten.  Before its lease. */
void gate_data_started(struct gate *gate, const struct gate_event *event);
/* The kernel layer refused to let an interpreter read it: the next try is asked about. */
void gate_data_refused(struct gate *gate, const struct guard_bpf_event *event);

#endif
