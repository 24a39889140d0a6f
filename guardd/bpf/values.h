/* SPDX-License-Identifier: MIT
 *
 * bpf/values.h - single values of maps, by bpf(2); for the files of this room that
 * the gate uses.
 */
#ifndef GUARDD_BPF_VALUES_H
#define GUARDD_BPF_VALUES_H

#include <stdint.h>

#include <guard/error.h>

/* Errors: GUARD_E_NOT_FOUND, GUARD_E_IO. */
int guardd_bpf_get(int32_t map, const void *key, void *ret_value) GUARD_WARN_UNUSED;
/* Errors: GUARD_E_LIMIT, GUARD_E_NOMEM, GUARD_E_IO. */
int guardd_bpf_put(int32_t map, const void *key, const void *value) GUARD_WARN_UNUSED;
/* The key behind `key`, NULL: the first; negative: there is none. */
int guardd_bpf_next(int32_t map, const void *key, void *ret_next) GUARD_WARN_UNUSED;

#endif
