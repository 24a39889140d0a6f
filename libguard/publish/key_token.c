/* SPDX-License-Identifier: MIT
 *
 * publish/key_token.c - a private key that stays in a PKCS #11 token: found by
 * the labels of a URI (RFC 7512), used through libp11.  The PIN is asked for,
 * never part of the URI.
 */
#include "publish/publish.h"

#include <string.h>

#include <libp11.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

/* PUBLISH_PKCS11_MODULE: p11-kit's proxy for the system's tokens (CMakeLists.txt). */
#define ATTRIBUTE_MAX 256u

struct publish_token {
	PKCS11_CTX *context;
	PKCS11_SLOT *slots;
	unsigned count;
	bool loaded;
};

void publish_token_free(struct publish_token *token)
{
	if (!token)
		return;
	if (token->slots)
		PKCS11_release_all_slots(token->context, token->slots, token->count);
	if (token->loaded)
		PKCS11_CTX_unload(token->context);
	if (token->context)
		PKCS11_CTX_free(token->context);
	free(token);
}

/* The value of one attribute, percent-decoded; false when it is not there. */
static bool attribute(char ret_value[ATTRIBUTE_MAX], const char *uri, const char *name)
{
	const char *at = &uri[strlen("pkcs11:")];

	while (*at) {
		size_t length = strcspn(at, ";?&"), equals = strcspn(at, "=");

		if (equals < length && equals == strlen(name) && strncmp(at, name, equals) == 0) {
			struct guard_writer writer;

			guard_writer_init_fixed(&writer, ret_value, ATTRIBUTE_MAX);
			for (size_t i = equals + 1; i < length; i++) {
				uint8_t byte = (uint8_t)at[i];

				if (at[i] == '%' && i + 2 < length + 1 &&
				    guard_trust_hex_decode(&byte, 1, &at[i + 1], 2) == 1)
					i += 2;
				guard_write_u8(&writer, byte);
			}
			guard_write_u8(&writer, 0);
			return !writer.failed;
		}
		at = &at[length];
		at = *at ? &at[1] : at;
	}
	return false;
}

static PKCS11_SLOT *find_slot(const struct publish_token *token, const char *label)
{
	for (unsigned i = 0; i < token->count; i++)
		if (token->slots[i].token && token->slots[i].token->label &&
		    strcmp(token->slots[i].token->label, label) == 0)
			return &token->slots[i];
	return NULL;
}

static PKCS11_KEY *find_key(PKCS11_SLOT *slot, const char *label)
{
	PKCS11_KEY *keys = NULL;
	unsigned count = 0;

	if (PKCS11_enumerate_keys(slot->token, &keys, &count) < 0)
		return NULL;
	for (unsigned i = 0; i < count; i++)
		if (keys[i].label && strcmp(keys[i].label, label) == 0)
			return &keys[i];
	return NULL;
}

/* `pin-source`, as a path or a file: URI. */
static int pin_from_source(char ret_pin[PUBLISH_PASSPHRASE_MAX], const char *source)
{
	const char *path = strncmp(source, "file:", 5) == 0 ? &source[5] : source;
	GUARD_AUTO_FCLOSE FILE *file = fopen(path, "re");

	if (!file || !fgets(ret_pin, PUBLISH_PASSPHRASE_MAX, file))
		return -GUARD_E_IO;
	ret_pin[strcspn(ret_pin, "\n")] = '\0';
	return 0;
}

static int log_in(PKCS11_SLOT *slot, const char *uri, publish_ask ask, void *context)
{
	char pin[PUBLISH_PASSPHRASE_MAX], source[ATTRIBUTE_MAX];
	int r;

	if (!slot->token->loginRequired)
		return 0;
	if (attribute(source, uri, "pin-source"))
		r = pin_from_source(pin, source);
	else
		r = ask(context, pin, uri, false);
	if (r == 0 && PKCS11_login(slot, 0, pin) < 0)
		r = -GUARD_E_DENIED;
	OPENSSL_cleanse(pin, sizeof(pin));
	return r;
}

static int open_module(struct publish_token *token, const char *uri)
{
	char module[ATTRIBUTE_MAX];

	if (!attribute(module, uri, "module-path"))
		snprintf(module, sizeof(module), "%s", PUBLISH_PKCS11_MODULE);
	token->context = PKCS11_CTX_new();
	if (!token->context)
		return -GUARD_E_NOMEM;
	if (PKCS11_CTX_load(token->context, module) < 0)
		return -GUARD_E_UNREACHABLE;
	token->loaded = true;
	return PKCS11_enumerate_slots(token->context, &token->slots, &token->count) < 0 ? -GUARD_E_NOT_FOUND : 0;
}

static int find(EVP_PKEY **ret_pkey, struct publish_token *token, const char *uri, publish_ask ask, void *context)
{
	char label[ATTRIBUTE_MAX], name[ATTRIBUTE_MAX];
	PKCS11_SLOT *slot;
	PKCS11_KEY *key;
	int r;

	if (!attribute(label, uri, "token") || !attribute(name, uri, "object"))
		return -GUARD_E_USAGE;
	r = open_module(token, uri);
	slot = r == 0 ? find_slot(token, label) : NULL;
	if (!slot)
		return r < 0 ? r : -GUARD_E_NOT_FOUND;
	r = log_in(slot, uri, ask, context);
	if (r < 0)
		return r;
	key = find_key(slot, name);
	*ret_pkey = key ? PKCS11_get_private_key(key) : NULL;
	return *ret_pkey ? 0 : -GUARD_E_FORMAT;
}

int publish_token_open(EVP_PKEY **ret_pkey, struct publish_token **ret_token, const char *uri, publish_ask ask,
		       void *context)
{
	struct publish_token *token = calloc(1, sizeof(*token));
	int r = token ? find(ret_pkey, token, uri, ask, context) : -GUARD_E_NOMEM;

	ERR_clear_error();
	if (r < 0)
		publish_token_free(token);
	else
		*ret_token = token;
	return r;
}

int publish_token_load(struct publish_signer *ret_signer, const char *uri, publish_ask ask, void *context)
{
	struct publish_token *token = NULL;
	EVP_PKEY *pkey = NULL;
	int r = publish_token_open(&pkey, &token, uri, ask, context);

	if (r == 0)
		r = publish_signer_init(ret_signer, pkey);
	if (r < 0) {
		publish_token_free(token);
		return r;
	}
	ret_signer->token = token;
	return 0;
}
