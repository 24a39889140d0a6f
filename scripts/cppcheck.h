/* SPDX-License-Identifier: MIT
 *
 * scripts/cppcheck.h - what cppcheck, which reads no system headers, must know
 * of the C library to understand the sources.
 */
#define STATX_MNT_ID 0x1000
#define LIST_HEAD(name, type) struct name { struct type *lh_first; }
#define STAILQ_HEAD(name, type) struct name { struct type *stqh_first; struct type **stqh_last; }
#define TAILQ_HEAD(name, type) struct name { struct type *tqh_first; struct type **tqh_last; }
#define json_array_foreach(array, index, value) for (index = 0; index < json_array_size(array) && (value = json_array_get(array, index)); index++)
#define json_object_foreach(object, key, value) for (void *iter = json_object_iter(object); iter && (key = json_object_iter_key(iter)) && (value = json_object_iter_value(iter)); iter = json_object_iter_next(object, iter))
