/* SPDX-License-Identifier: MIT
 *
 * unit/policy_cmdline_test.c - which word of a command line is the script, for
 * the interpreters that matter, against what these really do.
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include <guard/policy.h>

#include "policy/cmdline.h"

#define BASH "-+abc!efhiklmno;prs!tuvxBCDEHO;PT" \
	     "{--rcfile}{--init-file}{-rcfile}{-init-file}{--norc.}{-norc.}{--noprofile.}{-noprofile.}" \
	     "{--posix.}{-posix.}{--login.}{-login.}{--help.}{--version.}{--verbose.}{--restricted.}"
#define DASH "-+abc!efiImno;s!uvxCEV"
#define PYTHON "bBc!dEhiIm!OPqRsSuvVW:xX:?{--check-hash-based-pycs}{--help*.}{--version.}"
#define PERL "0[01234567]ac C[0123456789IOEioADSLa]"
/* The same without the blank that would be refused; see the validity test. */
#define PERL_REAL "0[01234567]aC[0123456789IOEioADSLa]cd=D::e!E!fF::h!i::I:l[01234567]m:M:npsStTuUv!V!wWx::X"
#define RUBY "0[01234567]aC:cde!E:F::hi::I:lnpr:sSUvwx::X:y" \
	     "{--encoding}{--external-encoding}{--internal-encoding}{--enable}{--disable}{--dump}{--jit.}{--yjit*.}" \
	     "{--debug*.}{--verbose.}{--version!}{--copyright!}{--help!}"
#define NODE "cC:e!hip!r:v!{--conditions}{--require}{--import}{--loader}{--eval!}{--print!}{--env-file}{--title}" \
	     "{--no-*.}{--inspect*.}{--check.}{--interactive.}{--trace-*.}{--preserve-symlinks*.}{-pe!}"

#define NONE NULL
#define ANY "\1"

struct line {
	const char *options;
	const char *line; /* words separated by `|` */
	const char *script;
};

static const struct line lines[] = {
	/* bash */
	{ BASH, "bash", NONE },
	{ BASH, "-bash", NONE },
	{ BASH, "bash|x.sh", "x.sh" },
	{ BASH, "bash|x.sh|-c|y", "x.sh" },
	{ BASH, "bash|-c|echo hello|x.sh", NONE },
	{ BASH, "bash|-xc|echo", NONE },
	{ BASH, "bash|-cx|echo", NONE },
	{ BASH, "bash|-s|x.sh", NONE },
	{ BASH, "bash|+s|x.sh", "x.sh" }, /* not `none`: dash runs it */
	{ BASH, "bash|-x|x.sh", "x.sh" },
	{ BASH, "bash|-eux|x.sh", "x.sh" },
	{ BASH, "bash|-euo|pipefail|x.sh", "x.sh" },
	{ BASH, "bash|-oe|pipefail|x.sh", "x.sh" }, /* the letter behind o is an option */
	{ BASH, "bash|-o|posix|-o|errexit|x.sh", "x.sh" },
	{ BASH, "bash|-oo|posix|errexit|x.sh", "x.sh" },
	{ BASH, "bash|+o|posix|x.sh", "x.sh" },
	{ BASH, "bash|+O|extglob|x.sh", "x.sh" },
	{ BASH, "bash|-O|extglob|x.sh", "x.sh" },
	{ BASH, "bash|+x|x.sh", "x.sh" },
	{ BASH, "bash|--rcfile|/tmp/rc|x.sh", "x.sh" },
	{ BASH, "bash|--init-file|/tmp/rc|-i", NONE },
	{ BASH, "bash|-rcfile|/tmp/rc|x.sh", "x.sh" },
	{ BASH, "bash|-norc|x.sh", "x.sh" }, /* not -n -o -r -c */
	{ BASH, "bash|--norc|--noprofile|x.sh", "x.sh" },
	{ BASH, "bash|--|-x.sh", "-x.sh" },
	{ BASH, "bash|-|x.sh", "x.sh" }, /* ends the options in a shell */
	{ BASH, "bash|--unknown|x.sh", ANY },
	{ BASH, "bash|--unknown=1|x.sh", "x.sh" },
	{ BASH, "bash|-Z|x.sh", ANY },
	{ BASH, "bash|-e -u|x.sh", ANY }, /* two options in one word of a shebang */
	{ BASH, "bash|-o", NONE },
	{ BASH, "bash||x.sh", "" },
	/* dash */
	{ DASH, "sh|x", "x" },
	{ DASH, "sh|-e|/etc/init.d/x|start", "/etc/init.d/x" },
	{ DASH, "sh|-ec|id", NONE },
	{ DASH, "sh|-eo|nounset|x", "x" },
	{ DASH, "sh|+e|x", "x" },
	{ DASH, "sh|--|x", "x" },
	{ DASH, "sh|-|x", "x" },
	/* python */
	{ PYTHON, "python3", NONE },
	{ PYTHON, "python3|x.py|-c", "x.py" },
	{ PYTHON, "python3|-c|print(1)", NONE },
	{ PYTHON, "python3|-cprint(1)|x.py", NONE },
	{ PYTHON, "python3|-m|http.server", NONE },
	{ PYTHON, "python3|-mhttp.server|x.py", NONE },
	{ PYTHON, "python3|-W|ignore|x.py", "x.py" },
	{ PYTHON, "python3|-Wignore|x.py", "x.py" },
	{ PYTHON, "python3|-bW|ignore|x.py", "x.py" },
	{ PYTHON, "python3|-bWignore|x.py", "x.py" },
	{ PYTHON, "python3|-X|dev|-u|x.py", "x.py" },
	{ PYTHON, "python3|-Xc|x.py", "x.py" },
	{ PYTHON, "python3|-|x.py", NONE },
	{ PYTHON, "python3|+x|x.py", "+x" }, /* no option outside shells */
	{ PYTHON, "python3|--check-hash-based-pycs|always|x.py", "x.py" },
	{ PYTHON, "python3|--check-hash-based-pycs=always|x.py", "x.py" },
	{ PYTHON, "python3|--|x.py", "x.py" },
	{ PYTHON, "python3|-Z|x.py", ANY },
	{ PYTHON, "python3|-Es|/usr/bin/tool|-h", "/usr/bin/tool" },
	{ PYTHON, "python3|-W", NONE },
	/* perl */
	{ PERL_REAL, "perl|x.pl", "x.pl" },
	{ PERL_REAL, "perl|-e|print", NONE },
	{ PERL_REAL, "perl|-ne|print|file", NONE },
	{ PERL_REAL, "perl|-0777ne|print|file", NONE },
	{ PERL_REAL, "perl|-w|x.pl", "x.pl" },
	{ PERL_REAL, "perl|-I|lib|x.pl", "x.pl" },
	{ PERL_REAL, "perl|-Ilib|x.pl", "x.pl" },
	{ PERL_REAL, "perl|-wI|lib|x.pl", "x.pl" },
	{ PERL_REAL, "perl|-0I|lib|x.pl", "x.pl" },
	{ PERL_REAL, "perl|-l012I|lib|x.pl", "x.pl" },
	{ PERL_REAL, "perl|-CSI|lib|x.pl", "lib" }, /* -C takes S and I */
	{ PERL_REAL, "perl|-CSwI|lib|x.pl", "x.pl" },
	{ PERL_REAL, "perl|-i.bak|x.pl", "x.pl" },
	{ PERL_REAL, "perl|-i.bak -I|lib|x.pl", ANY },
	{ PERL_REAL, "perl|-MPOSIX qw(floor)|x.pl", "x.pl" },
	{ PERL_REAL, "perl|-d:NYTProf|x.pl", "x.pl" },
	{ PERL_REAL, "perl|-d:StripI|x.pl", "x.pl" },
	{ PERL_REAL, "perl|-dI|lib|x.pl", "x.pl" },
	{ PERL_REAL, "perl|-|x.pl", NONE },
	{ PERL_REAL, "perl|-F:|-ane|print", NONE },
	{ PERL_REAL, "perl|--|x.pl", "x.pl" },
	/* ruby */
	{ RUBY, "ruby|x.rb", "x.rb" },
	{ RUBY, "ruby|-e|puts", NONE },
	{ RUBY, "ruby|-r|json|x.rb", "x.rb" },
	{ RUBY, "ruby|-rjson|x.rb", "x.rb" },
	{ RUBY, "ruby|-C|/tmp|x.rb", "x.rb" },
	{ RUBY, "ruby|--disable|gems|x.rb", "x.rb" },
	{ RUBY, "ruby|--disable=gems|x.rb", "x.rb" },
	{ RUBY, "ruby|--encoding|utf-8|x.rb", "x.rb" },
	{ RUBY, "ruby|-KuE|utf-8|x.rb", ANY },
	/* node */
	{ NODE, "node|x.js", "x.js" },
	{ NODE, "node|-e|1", NONE },
	{ NODE, "node|--eval|1", NONE },
	{ NODE, "node|--eval=1|x.js", NONE },
	{ NODE, "node|-pe|1", NONE },
	{ NODE, "node|-r|./hook|x.js", "x.js" },
	{ NODE, "node|--require|./hook|x.js", "x.js" },
	{ NODE, "node|--require=./hook|x.js", "x.js" },
	{ NODE, "node|--no-warnings|x.js", "x.js" },
	{ NODE, "node|--inspect-brk=0|x.js", "x.js" },
	{ NODE, "node|--max-old-space-size=4096|x.js", "x.js" },
	{ NODE, "node|--unlisted|x.js", ANY },
	{ NODE, "node|--title|a|x.js", "x.js" },
	{ NODE, "node|-|x.js", NONE },
};

static void check_line(const struct line *line)
{
	size_t size = strlen(line->line) + 1;
	char *words = malloc(size); /* exact, so that a sanitizer sees one byte too many */
	ptrdiff_t at;
	bool good;

	memcpy(words, line->line, size);
	for (size_t i = 0; i < size; i++)
		if (words[i] == '|')
			words[i] = '\0';
	at = guard_cmdline_script(line->options, words, size);
	if (!line->script)
		good = at == GUARD_ARGUMENT_NONE;
	else if (strcmp(line->script, ANY) == 0)
		good = at == GUARD_ARGUMENT_ANY;
	else
		good = at >= 0 && (size_t)at < size && strcmp(&words[at], line->script) == 0;
	if (!good)
		printf("\n    %s gave %td\n", line->line, at);
	CU_ASSERT_TRUE(good);
	free(words);
}

static void command_lines_are_read_as_the_interpreters_do(void)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CU_ASSERT_TRUE_FATAL(guard_cmdline_options_are_valid(lines[i].options));
		check_line(&lines[i]);
	}
}

static void cut_command_lines_are_not_trusted(void)
{
	CU_ASSERT_EQUAL(guard_cmdline_script(BASH, "bash\0-x", 7), GUARD_ARGUMENT_ANY);
	CU_ASSERT_EQUAL(guard_cmdline_script(BASH, "bash\0x.sh", 9), GUARD_ARGUMENT_ANY);
	CU_ASSERT_EQUAL(guard_cmdline_script(BASH, "", 0), GUARD_ARGUMENT_NONE);
	CU_ASSERT_EQUAL(guard_cmdline_script(BASH, "", 1), GUARD_ARGUMENT_NONE);
	CU_ASSERT_EQUAL(guard_cmdline_script("", "a\0-x\0b", 7), GUARD_ARGUMENT_ANY);
	CU_ASSERT_EQUAL(guard_cmdline_script("", "a\0b", 4), 2);
}

static void malformed_option_strings_are_refused(void)
{
	static const char *const bad[] = { PERL, "a b", "\t", "aa", "a:b:a", ":", "a;;", "a!!", "^", "a^^", "@", "<", "&",
					   "~", "%", "{%}", "{%a/b}", "{%a", "a!b!!", "{", "{}", "{a", "{--a",
					   "}", "{-}", "{x}", "{--a{b}", "a[", "a[]", "a[x", "]", "a=[x]=", "\xc3\xa9",
					   "--", "++", "{*}", "{.}", "{!}", "-:" };
	static const char *const good[] = { "", "a", "a:", "a::", "a;", "a!", "a=", "a[bc]", "{--x}", "{-x}", "{--x.}",
					    "{--x!}", "{--x*.}", "+-", "?", "!a", "a^b@c<d&e~", "{--x^}", "{--x*~}", "{%sh}-+ab", BASH, DASH, PYTHON, PERL_REAL, RUBY, NODE };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (guard_cmdline_options_are_valid(bad[i]))
			printf("\n    taken: %s\n", bad[i]);
		CU_ASSERT_FALSE(guard_cmdline_options_are_valid(bad[i]));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		CU_ASSERT_TRUE(guard_cmdline_options_are_valid(good[i]));
}

/* ---- where the code comes from, by the option strings of the presets --------------- */

#define BASH2 "-+abc!efhiklmno;prs<tuvxBCDEHO;PT{--rcfile}{--norc.}{--login.}{-login.}{--help~}{--version~}"
#define PYTHON2 "bBc!dEh~i&Im!OPqRsSuvV~W:xX:?~{--check-hash-based-pycs}{--help*~}{--version~}"
#define PERL2 "0[01234567]aC[0123456789IOEioADSLa]cd=D::e!E!fF::h~i::I:l[01234567]m^M^npsStTuUv~V!wWx::X"
#define NODE2 "cC:e!h~i&p!r:v~{--conditions}{--require}{--import^}{--eval!}{--print!}{--interactive&}{--version~}{-pe!}"
#define LUA2 "e^i&l:vEWj:O::"
#define PHP2 "a&B^c:d^eE^f@F@h~Hi~lm~nqr!R!sS:t:v~wz:"
#define AWK2 "!bcCd::D::e^E@f@F:ghi:I::kl:L::Mm:nNo::OpPrsStv:W^V~{--file@}{--exec@}{--source^}{--assign}{--version~}"
#define BUSYBOX2 "{%sh}{%ash}-+abc!efhilmno;ps<uvx"
#define SCRIPT GUARD_RUNS_SCRIPT
#define CODE GUARD_RUNS_CODE
#define INPUT GUARD_RUNS_INPUT
#define UNKNOWN GUARD_RUNS_UNKNOWN

static const struct command_line {
	const char *options, *line;
	uint32_t runs;
	const char *word; /* that says so; NULL none */
} commands[] = {
	{ BASH2, "bash", INPUT, NULL },
	{ BASH2, "-bash", INPUT, NULL },
	{ BASH2, "bash|-i", INPUT, NULL },
	{ BASH2, "bash|-c|id", CODE, "-c" },
	{ BASH2, "bash|-xc|id|x.sh", CODE, "-xc" },
	{ BASH2, "bash|-s|-c|id", INPUT | CODE, "-s" }, /* `-s` does not hide what follows */
	{ BASH2, "bash|-sc|id", INPUT | CODE, "-sc" },
	{ BASH2, "bash|-s|x.sh", INPUT, "-s" },
	{ BASH2, "bash|x.sh|-c|id", SCRIPT, NULL },
	{ BASH2, "bash|--|x.sh", SCRIPT, NULL },
	{ BASH2, "bash|--", INPUT, NULL },
	{ BASH2, "bash|-", INPUT, NULL },
	{ BASH2, "bash|--version|-c|id", 0, NULL },
	{ BASH2, "bash|-Z|id", UNKNOWN, "-Z" },
	{ BASH2, "bash|--wordexp=x|x.sh", UNKNOWN | SCRIPT, "--wordexp=x" },
	{ PYTHON2, "python3|x.py", SCRIPT, NULL },
	{ PYTHON2, "python3|-i|x.py", INPUT | SCRIPT, "-i" },
	{ PYTHON2, "python3|-Iic|1", INPUT | CODE, "-Iic" },
	{ PYTHON2, "python3|-m|http.server", CODE, "-m" },
	{ PYTHON2, "python3|-mhttp.server", CODE, "-mhttp.server" },
	{ PYTHON2, "python3|-", INPUT, "-" },
	{ PYTHON2, "python3", INPUT, NULL },
	{ PYTHON2, "python3|-V", 0, NULL },
	{ PYTHON2, "python3|--help-all", 0, NULL },
	{ PYTHON2, "python3|-W|ignore", INPUT, NULL },
	{ PERL2, "perl|-ne|print|f", CODE, "-ne" },
	{ PERL2, "perl|-MPOSIX;system(1)|x.pl", CODE | SCRIPT, "-MPOSIX;system(1)" },
	{ PERL2, "perl|-M|strict", CODE | INPUT, "-M" },
	{ PERL2, "perl|-d:Peek;system(1)|x.pl", CODE | SCRIPT, "-d:Peek;system(1)" },
	{ PERL2, "perl|-d|x.pl", SCRIPT, NULL },
	{ PERL2, "perl|-v", 0, NULL },
	{ NODE2, "node|--import|data:text/javascript,1|x.js", CODE | SCRIPT, "--import" },
	{ NODE2, "node|--import=data:text/javascript,1|x.js", CODE | SCRIPT, "--import=data:text/javascript,1" },
	{ NODE2, "node|--eval=1", CODE, "--eval=1" },
	{ NODE2, "node|--interactive|x.js", INPUT | SCRIPT, "--interactive" },
	{ LUA2, "lua|-e|x=1|x.lua", CODE | SCRIPT, "-e" },
	{ LUA2, "lua|-ex=1", CODE | INPUT, "-ex=1" },
	{ PHP2, "php|-f|x.php|y.php", SCRIPT, NULL },
	{ PHP2, "php|-d|auto_prepend_file=data:x|x.php", CODE | SCRIPT, "-d" },
	{ PHP2, "php|-r|1", CODE, "-r" },
	{ AWK2, "awk|BEGIN { }|file", CODE, "BEGIN { }" },
	{ AWK2, "awk|-F|:|{print}|file", CODE, "{print}" },
	{ AWK2, "awk|-v|x=1|-f|x.awk|file", SCRIPT, NULL },
	{ AWK2, "awk|-fx.awk|file", SCRIPT, NULL },
	{ AWK2, "awk|--file=x.awk|file", SCRIPT, NULL },
	{ AWK2, "awk|-f|-|file", INPUT | SCRIPT, "-" },
	{ AWK2, "awk|-f-|file", INPUT | SCRIPT, "-" },
	{ AWK2, "awk|--file=-", INPUT | SCRIPT, "-" },
	{ AWK2, "awk|-f|x.awk|-f|-", INPUT | SCRIPT, "-" },
	{ AWK2, "awk|-f|", SCRIPT, NULL },
	{ AWK2, "awk|--|{print}", CODE, "{print}" },
	{ AWK2, "awk|-e|{print}|file", CODE, "-e" },
	{ AWK2, "awk|--sour={print}|-f|x.awk", UNKNOWN | SCRIPT, "--sour={print}" },
	{ AWK2, "awk", 0, NULL },
	{ BUSYBOX2, "busybox|sh|-c|id", CODE, "-c" },
	{ BUSYBOX2, "sh|-c|id", CODE, "-c" },
	{ BUSYBOX2, "/bin/ash|x.sh", SCRIPT, NULL },
	{ BUSYBOX2, "-sh", INPUT, NULL },
	{ BUSYBOX2, "busybox|ls|-c", 0, NULL },
	{ BUSYBOX2, "ls|-c", 0, NULL },
	{ "", "x|-y|z", UNKNOWN, "-y" },
};

static void check_command(const struct command_line *line)
{
	struct guard_command command;
	size_t size = strlen(line->line) + 1;
	char *words = malloc(size);

	memcpy(words, line->line, size);
	for (size_t i = 0; i < size; i++)
		if (words[i] == '|')
			words[i] = '\0';
	guard_command_read(&command, line->options, words, size);
	if (command.runs != line->runs)
		printf("\n    %s runs %x\n", line->line, command.runs);
	CU_ASSERT_EQUAL(command.runs, line->runs);
	if (line->word) {
		CU_ASSERT_TRUE_FATAL(command.word >= 0 && (size_t)command.word < size);
		CU_ASSERT_STRING_EQUAL(&words[command.word], line->word);
	} else {
		CU_ASSERT_EQUAL(command.word, GUARD_ARGUMENT_NONE);
	}
	free(words);
}

static void code_is_told_from_files(void)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		CU_ASSERT_TRUE_FATAL(guard_cmdline_options_are_valid(commands[i].options));
		check_command(&commands[i]);
	}
}

static void what_is_cut_counts_as_unknown(void)
{
	struct guard_command command;

	guard_command_read(&command, BASH2, "bash\0x.sh", 9);
	CU_ASSERT_EQUAL(command.runs, UNKNOWN);
	guard_command_read(&command, BASH2, "", 0);
	CU_ASSERT_EQUAL(command.runs, INPUT);
}

static void files_of_options_are_scripts(void)
{
	CU_ASSERT_EQUAL(guard_cmdline_script(AWK2, "awk\0-f\0x\0y", 11), 7);
	CU_ASSERT_EQUAL(guard_cmdline_script(AWK2, "awk\0-fx\0y", 10), 6);
	CU_ASSERT_EQUAL(guard_cmdline_script(AWK2, "awk\0--file=x", 13), 11);
	CU_ASSERT_EQUAL(guard_cmdline_script(AWK2, "awk\0-fx\0-fy", 12), GUARD_ARGUMENT_ANY);
	CU_ASSERT_EQUAL(guard_cmdline_script(AWK2, "awk\0{x}\0y", 10), GUARD_ARGUMENT_NONE);
}

static CU_TestInfo tests[] = {
	{ "malformed option strings are refused", malformed_option_strings_are_refused },
	{ "cut command lines are not trusted", cut_command_lines_are_not_trusted },
	{ "command lines are read as the interpreters do", command_lines_are_read_as_the_interpreters_do },
	{ "code is told from files", code_is_told_from_files },
	{ "what is cut counts as unknown", what_is_cut_counts_as_unknown },
	{ "files that options name are scripts", files_of_options_are_scripts },
	CU_TEST_INFO_NULL,
};

UNIT_MAIN("policy/cmdline", tests)
