/* SPDX-License-Identifier: MIT
 *
 * gate/words.c - what the policy says of an interpreter's command line; see
 * words.h.  The words are compared with the interpreter's option string by
 * libguard (policy/cmdline.h) and never taken apart here.
 */
#include "gate/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "gate/data.h"
#include "gate/interpreters.h"
#include "gate/patience.h"
#include "policy/cmdline.h"
#include "policy/policy.h"

#define SHOWN_MAX 150u /* bytes of the words that are recorded */
#define HELD_NS 60000000000ll /* an exec takes no longer */

static bool wants_words(const struct guard_interpreter_info *info)
{
	return info->inline_code != GUARD_INLINE_ALLOW || info->standard_input != GUARD_INLINE_ALLOW;
}

bool gate_words_matter(const struct guard_policy *policy)
{
	struct guard_interpreter_info info;

	for (uint32_t i = 0; guard_policy_interpreter_info(policy, i, &info) == 0; i++)
		if (wants_words(&info))
			return true;
	return false;
}

/* Some of what it opens is its script, and the command line says what. */
static bool names_scripts(const struct gate_policy *policy, const struct guard_interpreter_info *info)
{
	return policy->leaves_data && (info->scripts & (GUARD_SCRIPTS_ARGUMENT | GUARD_SCRIPTS_SUFFIX)) &&
	       !(info->scripts & GUARD_SCRIPTS_TEXT);
}

uint32_t gate_words_wanted(const struct gate_policy *policy, const struct guard_object *object)
{
	const char *path = object->path ? object->path : object->claimed_path;
	struct guard_interpreter_info info;
	uint32_t interpreter;

	if (!policy->judges_words && !policy->leaves_data)
		return GUARD_NO_INTERPRETER;
	interpreter = gate_interpreter_of(policy, path, &object->identity->digest);
	if (interpreter == GUARD_NO_INTERPRETER ||
	    guard_policy_interpreter_info(policy->policy, interpreter, &info) < 0 ||
	    (!wants_words(&info) && !names_scripts(policy, &info)))
		return GUARD_NO_INTERPRETER;
	return interpreter;
}

bool gate_words_judged(const struct gate_policy *policy, uint32_t interpreter)
{
	struct guard_interpreter_info info;

	return interpreter != GUARD_NO_INTERPRETER &&
	       guard_policy_interpreter_info(policy->policy, interpreter, &info) == 0 && wants_words(&info);
}

bool gate_words_held(const struct gate_policy *policy, uint32_t interpreter)
{
	struct guard_interpreter_info info;

	return interpreter != GUARD_NO_INTERPRETER &&
	       guard_policy_interpreter_info(policy->policy, interpreter, &info) == 0 &&
	       (info.inline_code == GUARD_INLINE_DENY || info.standard_input == GUARD_INLINE_DENY);
}

/* ---- what is recorded ------------------------------------------------------------ */

/* From the word at `at` on, in one line. */
static void show_words(struct gate_words *words, const char *what, const char *cmdline, size_t size, size_t at)
{
	char shown[SHOWN_MAX];
	size_t length = size - at - 1;

	if (length > sizeof(shown))
		length = sizeof(shown);
	memcpy(shown, &cmdline[at], length);
	for (size_t i = 0; i < length; i++)
		if (shown[i] == '\0')
			shown[i] = ' ';
	snprintf(words->said, sizeof(words->said), "%s", what);
	guard_text_escape(&words->said[strlen(what)], sizeof(words->said) - strlen(what), shown, length);
}

static void show_input(struct gate_words *words, const struct gate_event *event)
{
	char link[64], target[128];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/%d/fd/0", event->tid);
	length = readlink(link, target, sizeof(target));
	snprintf(words->said, sizeof(words->said), "code by standard input: ");
	if (length > 0)
		guard_text_escape(&words->said[strlen(words->said)], sizeof(words->said) - strlen(words->said), target,
				  (size_t)length);
	else
		strcat(words->said, "closed");
}

static void show(struct gate_words *words, const struct gate_event *event, const struct guard_command *command,
		 const char *cmdline, size_t size)
{
	size_t at = command->word >= 0 && (size_t)command->word < size ? (size_t)command->word : size;

	if (words->reason == GUARD_REASON_STANDARD_INPUT && command->script >= 0)
		show_words(words, "code by no file: ", cmdline, size, (size_t)command->script);
	else if (words->reason == GUARD_REASON_STANDARD_INPUT)
		show_input(words, event);
	else if (at == size)
		snprintf(words->said, sizeof(words->said), "a command line that cannot be read");
	else
		show_words(words, command->runs & GUARD_RUNS_CODE ? "code on the command line: " :
								    "an option that the policy does not explain: ",
			   cmdline, size, at);
}

/* For the kernel to compare with what the program gets.  Also of what is refused: in
 * audit mode, and under an unlock, it runs. */
static void tell_layer(struct gate *gate, const struct gate_event *event, const struct gate_outcome *outcome,
		       const char *cmdline, size_t size)
{
	struct guardd_bpf_judged judged = { .words = cmdline, .size = size, .until_ns = gate_now_ns() + HELD_NS };
	const struct gate_policy *policy;
	ptrdiff_t script = GUARD_ARGUMENT_NONE;

	if (!gate->layer->on)
		return;
	policy = gate_policy_hold(gate);
	judged.round = policy->contain_round;
	if (policy->generation == outcome->generation)
		gate_data_scripts(&judged.scripts, &script, policy, outcome->interpreter, cmdline, size);
	gate_policy_release(gate);
	if (script >= 0)
		gate_words_tell_link(gate, event, &cmdline[script]);
	if (guardd_bpf_words_put(gate->layer, event->tid, event->fd, &judged) < 0)
		gate_problem(gate, "the kernel layer did not take a command line: the interpreter is refused");
}

/* ---- the judgement ------------------------------------------------------------------ */

static void weigh(struct gate_words *words, uint32_t runs, const struct guard_interpreter_info *info)
{
	*words = (struct gate_words){ .action = GUARD_INLINE_ALLOW, .reason = GUARD_REASON_INLINE };
	if (runs & (GUARD_RUNS_CODE | GUARD_RUNS_UNKNOWN))
		words->action = info->inline_code;
	if ((runs & (GUARD_RUNS_INPUT | GUARD_RUNS_UNKNOWN)) && info->standard_input > words->action) {
		words->action = info->standard_input;
		if (!(runs & GUARD_RUNS_UNKNOWN))
			words->reason = GUARD_REASON_STANDARD_INPUT;
	}
}

/* false: another policy came meanwhile. */
static bool ask_policy(struct gate *gate, struct guard_command *ret_command, struct guard_interpreter_info *ret_info,
		       uint32_t interpreter, uint64_t generation, const char *cmdline, size_t size)
{
	const struct gate_policy *policy = gate_policy_hold(gate);
	bool same = policy->generation == generation &&
		    guard_policy_interpreter_info(policy->policy, interpreter, ret_info) == 0;

	if (same)
		guard_policy_interpreter_command(policy->policy, ret_command, interpreter, cmdline, size);
	gate_policy_release(gate);
	ret_info->name = NULL; /* the policy's */
	return same;
}

/* The name may stand behind the letter of an option, or behind `=`. */
static bool word_is_no_file(const struct gate_event *event, const char *word)
{
	const char *equal = strchr(word, '=');

	return gate_words_name_no_file(event, word) ||
	       (word[0] == '-' && word[1] && word[2] && gate_words_name_no_file(event, &word[2])) ||
	       (equal && equal[1] && gate_words_name_no_file(event, &equal[1]));
}

/* Of several scripts (`awk -f FILE -f /dev/stdin`) each word may be one. */
static bool script_is_no_file(const struct gate_event *event, const struct guard_command *command, const char *cmdline,
			      size_t size)
{
	if (command->script >= 0)
		return gate_words_name_no_file(event, &cmdline[command->script]);
	for (size_t at = 0; at < size; at += strlen(&cmdline[at]) + 1)
		if (word_is_no_file(event, &cmdline[at]))
			return true;
	return false;
}

static void judge_line(struct gate *gate, struct gate_words *ret_words, const struct gate_event *event,
		       uint32_t interpreter, uint64_t generation, const char *cmdline, size_t size)
{
	struct guard_interpreter_info info = { .inline_code = GUARD_INLINE_DENY };
	struct guard_command command = { .runs = GUARD_RUNS_UNKNOWN };

	if (!ask_policy(gate, &command, &info, interpreter, generation, cmdline, size)) {
		weigh(ret_words, GUARD_RUNS_UNKNOWN, &info);
		snprintf(ret_words->said, sizeof(ret_words->said), "the policy changed meanwhile");
		return;
	}
	if ((command.runs & GUARD_RUNS_SCRIPT) && script_is_no_file(event, &command, cmdline, size))
		command.runs |= GUARD_RUNS_INPUT;
	weigh(ret_words, command.runs, &info);
	if (ret_words->action != GUARD_INLINE_ALLOW)
		show(ret_words, event, &command, cmdline, size);
}

void gate_words_judge(struct gate *gate, struct gate_words *ret_words, const struct gate_event *event,
		      const struct gate_outcome *outcome)
{
	const uint32_t interpreter = outcome->interpreter;
	const uint64_t generation = outcome->generation;
	const bool judged = outcome->judges_words;
	static const char cut[] = "-"; /* without its end: nobody can read it */
	GUARD_AUTO_FREE char *cmdline = NULL;
	struct gate_call call = { .kind = GATE_CALL_UNKNOWN };
	size_t size = 0;
	bool of_script;

	*ret_words = (struct gate_words){ .action = GUARD_INLINE_ALLOW };
	if (!judged && event->facts->kind != GUARD_KIND_EXECUTABLE)
		return;
	if (event->facts->kind != GUARD_KIND_EXECUTABLE) {
		/* The loader, called by hand, is about to run it under its own name: what
		 * it opens then nobody could tell from what any program opens. */
		judge_line(gate, ret_words, event, interpreter, generation, cut, 1);
		return;
	}
	of_script = gate_call_wait(&call, event->tid) == 0 && call.kind == GATE_CALL_EXEC &&
		    gate_words_are_a_scripts(gate, event, &call);
	if (of_script ? gate_words_of_script(&cmdline, &size, event->tid, &call) == 0 :
			call.kind == GATE_CALL_EXEC && gate_words_read(&cmdline, &size, event->tid, &call) == 0)
		tell_layer(gate, event, outcome, cmdline, size);
	if (judged && !of_script)
		judge_line(gate, ret_words, event, interpreter, generation, cmdline ? cmdline : cut, cmdline ? size : 1);
}
