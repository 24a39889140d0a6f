/* SPDX-License-Identifier: MIT
 *
 * guardctl/desk_secret.c - pass phrases and the key file that they open.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "desk.h"
#include "i18n.h"

void desk_secret_wipe(struct desk_secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}

static int take_line(struct desk_secret *secret, FILE *from, const char *what)
{
	if (!fgets(secret->text, sizeof(secret->text), from)) {
		guardctl_error(_("%s: there is no pass phrase in it"), what);
		return GUARDCTL_REFUSED;
	}
	secret->length = strcspn(secret->text, "\n");
	if (secret->length == 0 || secret->length > GUARD_UNLOCK_PASSPHRASE_MAX) {
		guardctl_error(_("a pass phrase has 1 to %u bytes"), GUARD_UNLOCK_PASSPHRASE_MAX);
		return GUARDCTL_REFUSED;
	}
	secret->text[secret->length] = '\0';
	return 0;
}

/* At the terminal itself, with the echo off. */
static int ask(struct desk_secret *secret, const char *prompt)
{
	GUARD_AUTO_FCLOSE FILE *terminal = fopen("/dev/tty", "r+e");
	struct termios before, silent;
	int code;

	if (!terminal || tcgetattr(fileno(terminal), &before) < 0) {
		guardctl_error(_("there is no terminal to ask for the pass phrase: give --passphrase-file FILE"));
		return GUARDCTL_USAGE;
	}
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	fputs(prompt, terminal);
	fflush(terminal);
	tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
	code = take_line(secret, terminal, "/dev/tty");
	tcsetattr(fileno(terminal), TCSAFLUSH, &before);
	fputc('\n', terminal);
	return code;
}

static int ask_twice(struct desk_secret *secret, const char *prompt)
{
	struct desk_secret again;
	int code = ask(secret, prompt);

	if (code)
		return code;
	code = ask(&again, _("The same again: "));
	if (code == 0 && strcmp(secret->text, again.text) != 0) {
		guardctl_error(_("the two differ: try again"));
		code = GUARDCTL_REFUSED;
	}
	desk_secret_wipe(&again);
	return code;
}

int desk_secret_read(struct desk_secret *ret_secret, const char *file, const char *prompt, bool twice)
{
	GUARD_AUTO_FCLOSE FILE *from = NULL;

	if (!file)
		return twice ? ask_twice(ret_secret, prompt) : ask(ret_secret, prompt);
	from = fopen(file, "re");
	if (!from) {
		guardctl_error("%s: %s", file, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	return take_line(ret_secret, from, file);
}

static int read_lock(struct desk_secret *ret_secret, const struct desk_lock *lock, const char *prompt, bool twice)
{
	if (lock->token)
		return desk_token_secret(ret_secret, lock->token, lock->passphrase_file);
	return desk_secret_read(ret_secret, lock->passphrase_file, prompt, twice);
}

static void say_key_error(const char *path, int error, bool token)
{
	if (error == -GUARD_E_SIGNATURE && token)
		guardctl_error(_("%s: another token or a pass phrase opens this file, or the file was changed"), path);
	else if (error == -GUARD_E_SIGNATURE)
		guardctl_error(_("%s: the pass phrase is wrong, or the file was changed"), path);
	else if (error == -GUARD_E_UNSAFE)
		guardctl_error(_("%s: others may read it: chmod 0600 it, and make a new key if anybody has"), path);
	else
		guardctl_error("%s: %s", path, guardctl_error_text(error));
}

int desk_key_load(struct guard_unlock_key **ret_key, const char *path, const struct desk_lock *lock)
{
	GUARD_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct desk_secret secret;
	int r, code;

	if (fd < 0) {
		guardctl_error("%s: %s", path, strerror(errno));
		return GUARDCTL_REFUSED;
	}
	code = read_lock(&secret, lock, _("Pass phrase of the help desk's key: "), false);
	if (code == 0) {
		r = guard_unlock_key_load(ret_key, fd, secret.text, secret.length);
		if (r < 0) {
			say_key_error(path, r, lock->token != NULL);
			code = GUARDCTL_REFUSED;
		}
	}
	desk_secret_wipe(&secret);
	return code;
}

int desk_key_save(const char *path, const struct guard_unlock_key *key, const struct desk_lock *lock)
{
	GUARD_AUTO_CLOSE int fd = -1;
	struct desk_secret secret;
	int r, code = read_lock(&secret, lock, _("Pass phrase for the new key: "), true);

	if (code == 0) {
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		r = fd < 0 ? -GUARD_E_IO : guard_unlock_key_save(fd, key, secret.text, secret.length);
		if (r < 0) {
			guardctl_error("%s: %s", path, errno ? strerror(errno) : guardctl_error_text(r));
			code = GUARDCTL_REFUSED;
		}
	}
	desk_secret_wipe(&secret);
	return code;
}
