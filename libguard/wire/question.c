/* SPDX-License-Identifier: MIT
 *
 * wire/question.c - what guardctl asks with explain.
 */
#include "wire/body.h"

int guard_question_encode(struct guard_writer *writer, const struct guard_question *question)
{
	int r = guard_identity_encode(writer, &question->identity);

	if (r < 0)
		return r;
	if (question->path_protected > 1 || question->medium >= GUARD_MEDIUM_MAX_)
		return -GUARD_E_USAGE;
	guard_write_u8(writer, question->path_protected);
	guard_write_u8(writer, question->medium);
	guard_body_put_text(writer, question->path, sizeof(question->path));
	guard_body_put_text(writer, question->program, sizeof(question->program));
	return guard_body_end(writer);
}

int guard_question_decode(struct guard_question *ret_question, struct guard_reader *reader)
{
	struct guard_question question = { 0 };
	int r = guard_identity_decode(&question.identity, reader);

	if (r < 0)
		return r;
	question.path_protected = guard_body_take_enum(reader, 2);
	question.medium = guard_body_take_enum(reader, GUARD_MEDIUM_MAX_);
	guard_body_take_text(question.path, sizeof(question.path), reader);
	guard_body_take_text(question.program, sizeof(question.program), reader);
	if (reader->failed)
		return -GUARD_E_FORMAT;
	*ret_question = question;
	return 0;
}
