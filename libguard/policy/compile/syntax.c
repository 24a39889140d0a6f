/* SPDX-License-Identifier: MIT
 *
 * compile/syntax.c - the grammar: settings, groups, lists, arrays, values.
 * Owns the shape of the tree; knows no key of the policy language.
 */
#include "syntax.h"

#include <string.h>

#include "lexer.h"

struct parser {
	struct compile_lexer lexer;
	unsigned depth;
};

static int parse_value(struct parser *parser, struct compile_node *node);

const char *compile_type_name(uint32_t type)
{
	static const char *const names[] = { "a group { }", "a list ( )", "an array [ ]", "a string",
					     "a number",    "a fraction",  "true or false" };

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : "nothing";
}

static bool is_punctuation(const struct parser *parser, char c)
{
	return parser->lexer.token.type == TOKEN_PUNCTUATION && parser->lexer.token.character == c;
}

/* "expected X, found Y". */
static int expected(struct parser *parser, const char *what, const char *hint)
{
	const struct compile_token *token = &parser->lexer.token;
	char found[80];

	if (token->type == TOKEN_END)
		snprintf(found, sizeof(found), "the end of the file");
	else if (token->type == TOKEN_PUNCTUATION)
		snprintf(found, sizeof(found), "`%c`", token->character);
	else if (token->type == TOKEN_STRING)
		snprintf(found, sizeof(found), "a string");
	else
		snprintf(found, sizeof(found), "`%.40s`", token->text);
	compile_error(parser->lexer.list, token->place, hint, "expected %s, found %s", what, found);
	return -GUARD_E_SYNTAX;
}

static struct compile_node *new_node(struct parser *parser)
{
	struct compile_node *node = compile_arena_alloc(parser->lexer.list->arena, sizeof(*node));

	if (node) {
		node->file = parser->lexer.token.place.file;
		node->line = parser->lexer.token.place.line;
	}
	return node;
}

/* Strings that follow each other are one string. */
static int parse_strings(struct parser *parser, struct compile_node *node)
{
	int r;

	node->type = COMPILE_STRING;
	node->value.string = parser->lexer.token.text;
	node->count = (uint32_t)parser->lexer.token.length;
	for (r = compile_lexer_next(&parser->lexer); r == 0 && parser->lexer.token.type == TOKEN_STRING;
	     r = compile_lexer_next(&parser->lexer)) {
		node->value.string = compile_arena_format(parser->lexer.list->arena, "%s%s", node->value.string,
							  parser->lexer.token.text);
		if (!node->value.string)
			return -GUARD_E_NOMEM;
		if (strlen(node->value.string) > GUARD_COMPILE_STRING_MAX)
			return expected(parser, "a shorter string", "split the text");
		node->count = (uint32_t)strlen(node->value.string);
	}
	return r;
}

static int check_array_type(struct parser *parser, const struct compile_node *array,
			    const struct compile_node *element)
{
	const struct compile_node *first = array->value.first;

	if (element->type <= COMPILE_ARRAY)
		compile_error(parser->lexer.list, compile_node_place(element), "use a list ( ) for that",
			      "an array [ ] holds strings or numbers, not %s", compile_type_name(element->type));
	else if (first && first->type != element->type)
		compile_error(parser->lexer.list, compile_node_place(element),
			      "use one type, or a list ( ) for mixed ones", "%s in an array that began with %s",
			      compile_type_name(element->type), compile_type_name(first->type));
	else
		return 0;
	return -GUARD_E_SYNTAX;
}

/* The elements of a list or an array up to `close`; a comma behind the last is
 * taken, as by later releases of libconfig. */
static int parse_elements(struct parser *parser, struct compile_node *node, char close)
{
	struct compile_node **tail = &node->value.first;
	int r = compile_lexer_next(&parser->lexer);

	while (r == 0 && !is_punctuation(parser, close)) {
		struct compile_node *element = new_node(parser);

		if (!element)
			return -GUARD_E_NOMEM;
		r = parse_value(parser, element);
		if (r == 0 && node->type == COMPILE_ARRAY)
			r = check_array_type(parser, node, element);
		if (r < 0)
			return r;
		*tail = element;
		tail = &element->next;
		node->count++;
		if (is_punctuation(parser, ','))
			r = compile_lexer_next(&parser->lexer);
		else if (!is_punctuation(parser, close))
			return expected(parser, close == ']' ? "`,` or `]`" : "`,` or `)`",
					"elements are separated by commas");
	}
	return r < 0 ? r : compile_lexer_next(&parser->lexer);
}

static int add_setting(struct parser *parser, struct compile_node *group, struct compile_node **last,
		       struct compile_node *setting)
{
	for (const struct compile_node *other = group->value.first; other; other = other->next) {
		if (strcmp(other->name, setting->name) != 0)
			continue;
		compile_error(parser->lexer.list, compile_node_place(setting),
			      setting->file == other->file ?
				      "join the two, or take one out" :
				      "an @include is text in place: give the files side by side instead",
			      "`%s` is given twice, first at %s:%u", setting->name, other->file, other->line);
		return -GUARD_E_SYNTAX;
	}
	if (group->count == GUARD_COMPILE_KEYS_MAX)
		return expected(parser, "fewer settings in one group", "split it");
	if (*last)
		(*last)->next = setting;
	else
		group->value.first = setting;
	*last = setting;
	group->count++;
	return 0;
}

/* name = value, with `;` or `,` or nothing behind it. */
static int parse_setting(struct parser *parser, struct compile_node *group, struct compile_node **last)
{
	struct compile_node *setting = new_node(parser);
	int r;

	if (!setting)
		return -GUARD_E_NOMEM;
	setting->name = parser->lexer.token.text;
	r = compile_lexer_next(&parser->lexer);
	if (r < 0)
		return r;
	if (!is_punctuation(parser, '=') && !is_punctuation(parser, ':'))
		return expected(parser, "`=`", "a setting is: name = value;");
	r = compile_lexer_next(&parser->lexer);
	if (r == 0)
		r = parse_value(parser, setting);
	if (r == 0 && (is_punctuation(parser, ';') || is_punctuation(parser, ',')))
		r = compile_lexer_next(&parser->lexer);
	return r < 0 ? r : add_setting(parser, group, last, setting);
}

static int parse_settings(struct parser *parser, struct compile_node *group)
{
	struct compile_node *last = NULL;
	int r = 0;

	group->type = COMPILE_GROUP;
	while (r == 0 && parser->lexer.token.type == TOKEN_NAME)
		r = parse_setting(parser, group, &last);
	return r;
}

static int parse_group(struct parser *parser, struct compile_node *node)
{
	struct compile_place opened = parser->lexer.token.place;
	char hint[64];
	int r = compile_lexer_next(&parser->lexer);

	if (r == 0)
		r = parse_settings(parser, node);
	if (r < 0)
		return r;
	snprintf(hint, sizeof(hint), "the group was opened on line %u", opened.line);
	if (!is_punctuation(parser, '}'))
		return expected(parser, "`name = value;` or `}`", hint);
	return compile_lexer_next(&parser->lexer);
}

static int parse_scalar(struct parser *parser, struct compile_node *node)
{
	const struct compile_token *token = &parser->lexer.token;

	if (token->type == TOKEN_STRING)
		return parse_strings(parser, node);
	if (token->type == TOKEN_INTEGER || token->type == TOKEN_BOOLEAN) {
		node->type = token->type == TOKEN_INTEGER ? COMPILE_INTEGER : COMPILE_BOOLEAN;
		node->value.integer = token->integer;
	} else if (token->type == TOKEN_FLOAT) {
		node->type = COMPILE_FLOAT;
		node->value.number = token->number;
	} else {
		return expected(parser, "a value", "text stands in \"quotes\"");
	}
	return compile_lexer_next(&parser->lexer);
}

static int parse_value(struct parser *parser, struct compile_node *node)
{
	int r;

	if (parser->depth == GUARD_COMPILE_NESTING_MAX)
		return expected(parser, "less nesting", "no part of the language nests as deep");
	parser->depth++;
	if (is_punctuation(parser, '{')) {
		r = parse_group(parser, node);
	} else if (is_punctuation(parser, '(')) {
		node->type = COMPILE_LIST;
		r = parse_elements(parser, node, ')');
	} else if (is_punctuation(parser, '[')) {
		node->type = COMPILE_ARRAY;
		r = parse_elements(parser, node, ']');
	} else {
		r = parse_scalar(parser, node);
	}
	parser->depth--;
	return r;
}

int compile_syntax_read(struct compile_node **ret_root, struct compile_diagnostics *list, const char *path,
			size_t *files)
{
	struct parser parser = { .lexer = { .list = list, .files = files } };
	struct compile_node *root;
	int r = compile_lexer_push(&parser.lexer, path, (struct compile_place){ path, 0 });

	if (r == 0)
		r = compile_lexer_next(&parser.lexer);
	if (r < 0)
		return r;
	root = new_node(&parser);
	if (!root)
		return -GUARD_E_NOMEM;
	r = parse_settings(&parser, root);
	if (r < 0)
		return r;
	if (parser.lexer.token.type != TOKEN_END)
		return expected(&parser, "`name = value;`", "is a bracket closed too early?");
	*ret_root = root;
	return 0;
}
