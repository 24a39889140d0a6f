/* SPDX-License-Identifier: MIT
 *
 * gate/data.c - which files are data, and from when on nobody is asked about them; see
 * data.h.
 *
 * The kernel asks its security modules about an open before it asks us.  So the layer is
 * told first that a file is data, then nobody may be between these two questions, then the
 * kernel is told to ask us no more.  The kernel counts who has a file open before either
 * question: when the layer looks at somebody who has it open alone, nobody is there.
 */
#include "gate/data.h"

#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/patience.h"
#include "gate/unlocks.h"
#include "policy/policy.h"

#define DATA_SIZE_MAX (4u << 20)   /* bytes; it is hashed while a lease is held */
#define APPENDED_NS 100000000ll
#define MARK (FAN_MARK_ADD | FAN_MARK_IGNORED_MASK | FAN_MARK_IGNORED_SURV_MODIFY | FAN_MARK_EVICTABLE)
#define KERNEL_MINOR_BITS 20
#define FLUSH_NS 60000000000ll /* not more often */

/* ---- policies --------------------------------------------------------------------- */

static int put_suffixes(const struct gate *gate, const struct guard_policy *policy, uint32_t interpreter)
{
	const uint32_t list = policy->interpreters[interpreter].suffixes;
	const uint32_t name = guardd_bpf_interpreter_hash(guard_policy_string(policy, policy->interpreters[interpreter].name));
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < guard_policy_list_count(policy, list); i++)
		r = guardd_bpf_suffix_put(gate->layer, name,
					  guard_policy_string(policy, guard_policy_list_entry(policy, list, i)));
	return r;
}

void gate_data_prepare(struct gate *gate, struct gate_policy *policy)
{
	int r = 0;

	policy->leaves_data = false;
	if (!gate->layer->on || policy->info.default_action != GUARD_DENY)
		return;
	for (uint32_t i = 0; r == 0 && i < policy->policy->interpreter_count; i++)
		if (policy->policy->interpreters[i].scripts & GUARD_SCRIPTS_SUFFIX)
			r = put_suffixes(gate, policy->policy, i);
	policy->leaves_data = r == 0;
	if (r < 0)
		gate_problem(gate, "the kernel layer does not hold all suffixes of scripts: opens of users' data are asked about, "
				   "which is slower");
}

/* ---- what interpreters run -------------------------------------------------------------- */

static void add_name(struct guard_bpf_scripts *scripts, const char *path)
{
	const uint64_t hash = guardd_bpf_name_hash(path);

	for (int i = 0; i < GUARD_BPF_SCRIPT_NAMES; i++) {
		if (scripts->names[i] == hash)
			return;
		if (!scripts->names[i]) {
			scripts->names[i] = hash;
			return;
		}
	}
	scripts->mode = GUARD_BPF_SCRIPTS_EVERY;
}

/* It may be the script's name, or end with it.  Behind joined letters, or in a word that
 * says more, that could begin anywhere. */
static void add_word(struct guard_bpf_scripts *scripts, const char *word)
{
	const char *equal = strchr(word, '=');

	add_name(scripts, word);
	if (equal)
		add_name(scripts, equal + 1);
	if ((word[0] == '-' && word[1] != '-' && strlen(word) > 2) || word[strcspn(word, " \t\n:,;&|<>()\"'")])
		scripts->mode = GUARD_BPF_SCRIPTS_EVERY;
}

void gate_data_scripts(struct guard_bpf_scripts *ret_scripts, ptrdiff_t *ret_script, const struct gate_policy *policy,
		       uint32_t interpreter, const char *words, size_t size)
{
	struct guard_bpf_scripts scripts = { .mode = GUARD_BPF_SCRIPTS_NAMED };
	struct guard_interpreter_info info;
	ptrdiff_t script;

	*ret_scripts = (struct guard_bpf_scripts){ .mode = GUARD_BPF_SCRIPTS_NONE };
	*ret_script = GUARD_ARGUMENT_NONE;
	if (!policy->leaves_data || guard_policy_interpreter_info(policy->policy, interpreter, &info) < 0 ||
	    (info.scripts & GUARD_SCRIPTS_TEXT))
		return;
	if (info.scripts & GUARD_SCRIPTS_SUFFIX)
		scripts.interpreter = guardd_bpf_interpreter_hash(info.name);
	if (info.scripts & GUARD_SCRIPTS_ARGUMENT) {
		script = guard_policy_interpreter_script_argument(policy->policy, interpreter, words, size);
		*ret_script = script >= 0 && (size_t)script < size ? script : GUARD_ARGUMENT_NONE;
		if (*ret_script >= 0)
			add_name(&scripts, &words[script]);
		else if (script == GUARD_ARGUMENT_ANY)
			for (size_t at = strlen(words) + 1; at < size; at += strlen(&words[at]) + 1)
				add_word(&scripts, &words[at]);
	}
	*ret_scripts = scripts;
}

/* ---- what is data ------------------------------------------------------------------------ */

bool gate_data_may_be(struct gate *gate, const struct gate_file *file)
{
	const struct gate_policy *policy = gate_policy_hold(gate);
	bool leaves = policy && policy->leaves_data;
	struct gate_filesystem filesystem;

	gate_policy_release(gate);
	return leaves && file->key.size > 0 && file->key.size <= DATA_SIZE_MAX &&
	       !gate_unlocks_any(gate) && gate_layer_holds(gate, file->key.device) &&
	       gate_filesystem_find(gate, &filesystem, file->key.device) && filesystem.medium != GUARD_MEDIUM_MEMORY;
}

/* Denied as everything, whoever asks and whenever.  A name that a rule allows may be given
 * to it later: then the kernel layer refuses once too often, and is told. */
static bool is_listed_as_nothing(const struct gate_policy *policy, const struct gate_identity *identity)
{
	struct guard_identity asked = identity->identity;
	const struct guard_object object = { .identity = &asked };
	const struct guard_subject nobody = { .uid = UINT32_MAX };
	struct guard_verdict verdict;

	guard_attribution_add(policy->attributions, &asked);
	for (int kind = GUARD_KIND_EXECUTABLE; kind <= GUARD_KIND_MODULE; kind++) {
		asked.kind = (uint8_t)kind;
		guard_policy_decide(policy->policy, &verdict, &nobody, &object, gate_policy_now(policy));
		if (verdict.action == GUARD_ALLOW || (verdict.depends & ~GUARD_DEPENDS_PATH))
			return false;
	}
	return true;
}

/* Text of root's at such a place a shell may read, as data of its own. */
static bool is_data_of_shells(const struct gate_policy *policy, const char *path)
{
	struct guard_interpreter_info info;

	for (uint32_t i = 0; guard_policy_interpreter_info(policy->policy, i, &info) == 0; i++)
		if ((info.scripts & GUARD_SCRIPTS_TEXT) && (!path || guard_policy_interpreter_data(policy->policy, i, path)))
			return true;
	return false;
}

uint64_t gate_data_generation(struct gate *gate, struct gate_event *event, const struct gate_identity *identity)
{
	const bool sealed = gate_file_is_sealed(&event->file);
	struct gate_path *path = &event->facts->path;
	const struct gate_policy *policy;
	uint64_t generation = 0;

	if (!gate_data_may_be(gate, &event->file))
		return 0;
	if (sealed && !path->claimed)
		gate_path_read(path, event->fd, &event->file.key);
	policy = gate_policy_hold(gate);
	if (policy->leaves_data && policy->generation == identity->generation && identity->signers_until == INT64_MAX &&
	    is_listed_as_nothing(policy, identity) && !(sealed && is_data_of_shells(policy, path->claimed)))
		generation = policy->generation;
	gate_policy_release(gate);
	return generation;
}

/* ---- leaving it alone --------------------------------------------------------------------- */

/* Both marks of the file: one that writing does not end must not stay beside another. */
static void unmark(struct gate *gate, int fd)
{
	const int group = gate->fanotify[GUARDD_GROUP_MAIN];

	(void)fanotify_mark(group, FAN_MARK_REMOVE | FAN_MARK_IGNORED_MASK, GATE_PERM_MASK, fd, NULL);
	(void)fanotify_mark(group, FAN_MARK_REMOVE, FAN_CLOSE_WRITE, fd, NULL);
}

static void take_back(struct gate *gate, int fd, bool for_good)
{
	unmark(gate, fd);
	guardd_bpf_data_clear(gate->layer, fd, for_good);
}

void gate_data_forget(struct gate *gate, int fd)
{
	if (gate->layer->on)
		take_back(gate, fd, false);
}

void gate_data_begin(struct gate *gate, const struct gate_event *event, uint64_t generation)
{
	pthread_mutex_lock(&gate->marks);
	/* Whoever changes the policy, or unlocks, takes back what is said before: he comes later. */
	if (generation == gate_policy_generation(gate) && !gate_unlocks_any(gate)) {
		gate_data_forget(gate, event->fd);
		(void)!guardd_bpf_data_set(gate->layer, event->fd);
	}
	pthread_mutex_unlock(&gate->marks);
}

void gate_data_begin_appended(struct gate *gate, struct gate_event *event)
{
	const _Atomic int64_t until_ns = gate_now_ns() + APPENDED_NS;
	struct gate_identity identity;
	uint64_t generation;

	/* Whoever writes to it may change what is found: that only says what the layer may refuse. */
	gate_identify(gate, &identity, event, &until_ns);
	generation = identity.error == 0 ? gate_data_generation(gate, event, &identity) : 0;
	if (generation)
		gate_data_begin(gate, event, generation);
}

static bool leave(struct gate *gate, int fd, const struct gate_key *key)
{
	const struct guardd_inode inode = { key->device, key->inode, key->born_ns };

	return !gate_unlocks_any(gate) && !guardd_in_use_has(gate->in_use, &inode) &&
	       fanotify_mark(gate->fanotify[GUARDD_GROUP_MAIN], MARK, FAN_OPEN_PERM, fd, NULL) == 0;
}

bool gate_data_end(struct gate *gate, int fd, const struct gate_key *key)
{
	const uint32_t flags = guardd_bpf_data_flags(gate->layer, fd);

	/* While all marks are taken back the reader does not wait: the next open sets it. */
	if ((flags & GUARD_BPF_DATA_ALONE) && pthread_mutex_trylock(&gate->marks) == 0) {
		if ((guardd_bpf_data_flags(gate->layer, fd) & GUARD_BPF_DATA_ALONE) && !leave(gate, fd, key))
			gate_data_forget(gate, fd);
		pthread_mutex_unlock(&gate->marks);
	}
	return flags != 0;
}

void gate_data_started(struct gate *gate, const struct gate_event *event)
{
	if (!(guardd_bpf_data_flags(gate->layer, event->fd) & GUARD_BPF_DATA_SET))
		return;
	pthread_mutex_lock(&gate->marks);
	take_back(gate, event->fd, true);
	pthread_mutex_unlock(&gate->marks);
	gate_cache_drop(gate->cache, &event->file.key);
}

/* ---- taking it back ------------------------------------------------------------------------ */

static bool is_the_one(int fd, const struct guard_bpf_event *event)
{
	const uint64_t device = makedev(event->device >> KERNEL_MINOR_BITS, event->device & ((1u << KERNEL_MINOR_BITS) - 1));
	struct gate_file file;

	return gate_file_stat(&file, fd) == 0 && file.key.inode == event->inode && file.key.device == device;
}

/* In our own root, without waiting for anybody. */
static int open_refused(const struct guard_bpf_event *event)
{
	char link[64];
	GUARD_AUTO_CLOSE int name = -1;

	gate_patience_begin(false);
	name = event->path[0] == '/' ? gate_patience_open(AT_FDCWD, event->path, O_NOFOLLOW, 0) : -1;
	if (name < 0 || !is_the_one(name, event))
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", name);
	return open(link, GATE_OPEN);
}

void gate_data_refused(struct gate *gate, const struct guard_bpf_event *event)
{
	static int64_t flushed_ns; /* one thread */
	const int64_t now_ns = gate_now_ns();
	GUARD_AUTO_CLOSE int fd = open_refused(event);
	struct gate_file file;

	if (fd >= 0 && gate_file_stat(&file, fd) == 0) {
		gate_cache_drop(gate->cache, &file.key);
		pthread_mutex_lock(&gate->marks);
		take_back(gate, fd, true);
		pthread_mutex_unlock(&gate->marks);
	} else if (now_ns - flushed_ns > FLUSH_NS) {
		flushed_ns = now_ns;
		gate_kernel_cache_flush(gate);
	}
}
