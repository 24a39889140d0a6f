/* SPDX-License-Identifier: MIT
 *
 * bpf/internal.h - what the files that bring the layer up share.
 */
#ifndef GUARDD_BPF_INTERNAL_H
#define GUARDD_BPF_INTERNAL_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf/layer.h"

#define BPF_FOLDER_SIZE 512u

/* probe.c: 0, or -GUARD_E_UNSUPPORTED with the reason in words. */
int guardd_bpf_probe(char *ret_why, size_t size) GUARD_WARN_UNUSED;
/* How many arguments the kernel's hook of this name has, by its types; -1 there is none. */
int guardd_bpf_hook_arguments(const struct btf *types, const char *name);
/* Do the attached programs really see what happens?  Changes the mode of a file
 * in memory and looks whether its verdict went. */
bool guardd_bpf_works(const struct guardd_bpf *layer);

/* pins.c: the folder of this daemon's objects in the BPF file system. */
int guardd_bpf_folder(char *ret_folder, const struct guardd_config *config) GUARD_WARN_UNUSED;
int guardd_bpf_folder_make(const char *folder, char *ret_why, size_t size) GUARD_WARN_UNUSED;
void guardd_bpf_folder_clear(const char *folder); /* nothing stays pinned */
/* Is the link pinned for `program` this very program, on our maps?  Gives its fd. */
bool guardd_bpf_pin_is_ours(int *ret_link, const char *folder, const struct bpf_program *program,
			    const struct bpf_object *object);

/* own.c: what the programs guard.  The process and the objects always, the files
 * when the configuration asks for it. */
int guardd_bpf_own_process(const struct guardd_bpf *layer) GUARD_WARN_UNUSED;
int guardd_bpf_own_objects(const struct guardd_bpf *layer, const struct bpf_object *object) GUARD_WARN_UNUSED;
int guardd_bpf_own_files(const struct guardd_bpf *layer, const char *folder, const struct guardd_config *config) GUARD_WARN_UNUSED;

#endif
