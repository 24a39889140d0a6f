/* SPDX-License-Identifier: MIT
 *
 * gate/queue.h - what a worker does with a task that it took.
 */
#ifndef GUARDD_GATE_QUEUE_H
#define GUARDD_GATE_QUEUE_H

#include "gate/gate.h"

void gate_job_run(struct gate *gate, struct gate_task *task);
void gate_learn_run(struct gate *gate, struct gate_event *event);

#endif
