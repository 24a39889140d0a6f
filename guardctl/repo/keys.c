/* SPDX-License-Identifier: MIT
 *
 * repo/keys.c - the verb `keys`: make a key pair, show a public key, add a
 * signature to a document that waits for it.  The machine that does this needs
 * no network and no repository.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "i18n.h"
#include "base/text.h"
#include "keys.h"

static const char usage[] =
	N_("guardctl keys new FILE [--type ed25519|p256|rsa] [--unattended] [--passphrase-file FILE]\n"
	"guardctl keys show FILE.pub|FILE|pkcs11:token=LABEL;object=LABEL\n"
	"guardctl keys sign DOCUMENT --key FILE|pkcs11:...\n"
	"guardctl keys merge DOCUMENT COPY...\n"
	"\n"
	"new   makes a key pair: FILE is the private half, encrypted (scrypt), FILE.pub the\n"
	"      public one for repo.conf.  --unattended leaves it unencrypted, for the\n"
	"      timestamp on the machine that refreshes it.\n"
	"show  prints a key as repo.conf's files have it, with its id; of a token, too.\n"
	"sign  adds a signature to pending/ROLE.json, for thresholds and offline keys.  It\n"
	"      shows what is signed first.\n"
	"merge adds the signatures of copies that several people signed, each on his own stick.\n"
	"\n"
	"A key in a token (PKCS #11) is named pkcs11:token=LABEL;object=LABEL; the token's\n"
	"own module, where p11-kit does not know it, by ?module-path=FILE.so, its PIN by\n"
	"?pin-source=FILE where nobody is there to type it.  It is made with the token's own\n"
	"tool: P-256, or RSA of 2048 bits and more.\n"
	"\n"
	"Example, a root of two out of three people:\n"
	"  guardctl keys new keys/root-1          (each on a machine of his own)\n"
	"  guardctl repo init                     (writes pending/root.json)\n"
	"  guardctl keys sign pending/root.json --key keys/root-1\n"
	"\n"
	"Exit: 0 done, 1 refused, 2 usage.\n");

static bool write_public(const char *path, const json_t *key)
{
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	int r = publish_bytes(&bytes, &size, key);

	if (r == 0)
		r = publish_file_write(AT_FDCWD, path, bytes, size);
	if (r < 0)
		guardctl_error("%s was not written: %s", path, strerror(errno));
	return r == 0;
}

static int parse_type(enum publish_key_type *ret_type, const char *name)
{
	static const char *const names[] = { "ed25519", "p256", "rsa" };

	for (int i = 0; i < 3; i++) {
		if (name && strcmp(name, names[i]) != 0)
			continue;
		*ret_type = (enum publish_key_type)i;
		return GUARDCTL_DONE;
	}
	guardctl_error("--type %s is not known: it is ed25519, p256 or rsa", name);
	return GUARDCTL_USAGE;
}

static int make(const struct repo_options *options, enum publish_key_type type, const char *passphrase)
{
	GUARD_AUTO_FREE char *public = NULL;
	struct publish_signer signer = { 0 };
	const char *path = options->operands[0];
	int r = publish_key_new(&signer, type, path, passphrase), code = GUARDCTL_REFUSED;

	if (r < 0) {
		guardctl_error("%s was not made: %s", path,
			       r == -GUARD_E_EXISTS ? _("there is a file of that name; a key is never replaced") :
						      strerror(errno));
		return GUARDCTL_REFUSED;
	}
	if (asprintf(&public, "%s.pub", path) < 0)
		public = NULL;
	else if (write_public(public, signer.key)) {
		printf(_("%s (private%s) and %s, id %s\n"), path, passphrase ? _(", encrypted") : "", public, signer.id);
		code = GUARDCTL_DONE;
	}
	publish_signer_clear(&signer);
	return code;
}

static int keys_new(const struct repo_options *options)
{
	char passphrase[PUBLISH_PASSPHRASE_MAX];
	enum publish_key_type type;
	int code = parse_type(&type, options->type);

	if (code != GUARDCTL_DONE || options->unattended)
		return code != GUARDCTL_DONE ? code : make(options, type, NULL);
	if (repo_ask((void *)options, passphrase, options->operands[0], true) < 0)
		return GUARDCTL_REFUSED;
	if (strlen(passphrase) < PUBLISH_PASSPHRASE_MIN) {
		guardctl_error("a passphrase has %u characters or more; several words are easier to keep",
			       PUBLISH_PASSPHRASE_MIN);
		code = GUARDCTL_REFUSED;
	} else {
		code = make(options, type, passphrase);
	}
	OPENSSL_cleanse(passphrase, sizeof(passphrase));
	return code;
}

static int print_key(const json_t *key)
{
	char id[GUARD_TRUST_KEY_ID_SIZE];
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;

	if (guard_trust_key_id(id, key) < 0 || publish_bytes(&bytes, &size, key) < 0)
		return GUARDCTL_REFUSED;
	printf("%.*s\n", (int)size, (const char *)bytes);
	fprintf(stderr, _("id %s\n"), id);
	return GUARDCTL_DONE;
}

static int keys_show(const struct repo_options *options)
{
	const char *name = options->operands[0];
	struct publish_signer signer = { 0 };
	json_t *key = NULL;
	int code = GUARDCTL_REFUSED;

	if (guard_text_ends_with(name, ".pub")) {
		if (publish_json_read(&key, AT_FDCWD, name) == 0)
			code = print_key(key);
		else
			guardctl_error("%s is not a public key", name);
		json_decref(key);
		return code;
	}
	if (repo_load_key(&signer, options, name) < 0)
		return GUARDCTL_REFUSED;
	code = print_key(signer.key);
	publish_signer_clear(&signer);
	return code;
}

static int sign_file(const struct repo_options *options, json_t *document, const struct publish_signer *signer)
{
	GUARD_AUTO_FREE uint8_t *bytes = NULL;
	size_t size = 0;
	int r = publish_sign(document, signer);

	if (r == 0)
		r = publish_bytes(&bytes, &size, document);
	if (r == 0)
		r = publish_file_write(AT_FDCWD, options->operands[0], bytes, size);
	if (r < 0) {
		guardctl_error("%s was not signed: %s", options->operands[0],
			       r == -GUARD_E_IO ? strerror(errno) : guard_error_text(r));
		return GUARDCTL_REFUSED;
	}
	keys_tell_count(document, options->operands[0], signer->id);
	return GUARDCTL_DONE;
}

bool keys_read_document(json_t **ret_document, const char *path)
{
	GUARD_AUTO_JSON json_t *document = NULL;

	if (faccessat(AT_FDCWD, path, F_OK, 0) < 0) {
		guardctl_error("%s: %s; what waits for signatures lies in pending/", path, strerror(errno));
		return false;
	}
	if (publish_json_read(&document, AT_FDCWD, path) < 0 || !json_is_object(json_object_get(document, "signed")) ||
	    !json_is_array(json_object_get(document, "signatures"))) {
		guardctl_error("%s is not a document to be signed", path);
		return false;
	}
	*ret_document = guard_steal_pointer(&document);
	return true;
}

static int keys_sign(const struct repo_options *options)
{
	struct publish_signer signer = { 0 };
	json_t *document = NULL;
	int code = GUARDCTL_REFUSED;

	if (options->key_count != 1) {
		guardctl_error("`keys sign` needs one --key");
		return GUARDCTL_USAGE;
	}
	if (keys_read_document(&document, options->operands[0])) {
		keys_tell(document);
		if (repo_load_key(&signer, options, options->keys[0]) == 0)
			code = sign_file(options, document, &signer);
	}
	publish_signer_clear(&signer);
	json_decref(document);
	return code;
}

static int run(const struct guardctl_options *global, int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct repo_options *options);
	} subverbs[] = { { "new", keys_new }, { "show", keys_show }, { "sign", keys_sign },
			 { "merge", keys_merge } };
	struct repo_options options = { .json = global->json };
	int code;

	for (size_t i = 0; argc > 1 && i < sizeof(subverbs) / sizeof(subverbs[0]); i++) {
		if (strcmp(argv[1], subverbs[i].name) != 0)
			continue;
		code = repo_options_parse(&options, argc - 1, &argv[1]);
		if (code == GUARDCTL_DONE && (options.operand_count == 0 || (options.operand_count > 1 && subverbs[i].run != keys_merge))) {
			guardctl_error("`keys %s` needs one file; see `guardctl help keys`", argv[1]);
			code = GUARDCTL_USAGE;
		}
		if (code == GUARDCTL_DONE)
			code = subverbs[i].run(&options);
		repo_options_free(&options);
		return code;
	}
	fputs(_(usage), stderr);
	return GUARDCTL_USAGE;
}

const struct guardctl_verb guardctl_keys = {
	.name = "keys",
	.summary = N_("make keys, sign what waits for signatures"),
	.usage = usage,
	.run = run,
};
