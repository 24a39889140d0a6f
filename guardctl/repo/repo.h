/* SPDX-License-Identifier: MIT
 *
 * repo/repo.h - the administrator's side of distribution (docs/distribution.md):
 * what `repo`, `exception`, `deny` and `keys` share.  The administrator's folder
 * is the truth; the published folder is made from it and can be made again.
 *
 * Functions that return bool or an exit code have said what is wrong.
 */
#ifndef GUARDCTL_REPO_H
#define GUARDCTL_REPO_H

#include <guard/policy.h>
#include <sys/stat.h>

#include "guardctl.h"
#include "publish/publish.h"

#define REPO_NAME_MAX 64u          /* office, profile, group */
#define REPO_ROLE_MAX 80u          /* with ".broad" */
#define REPO_SIGNERS_MAX 16u
#define REPO_OFFICES_MAX 65536u
#define REPO_PROFILES_MAX 64u
#define REPO_WITHIN_MAX 4u
#define REPO_BIN_SIZE 64u          /* offices of one bin, at most */
#define REPO_DAY 86400
#define REPO_JSON_MAX (256u << 20)
#define REPO_OWNED_MAX 64u         /* file names of one command line */
#define REPO_PATH_MAX 512u         /* of a published file, with NUL */

/* ---- what was asked for (repo_options.c) ---------------------------------------- */

struct repo_options {
	bool json, dry_run, now, broad, allow_lockout;
	const char *folder;                    /* --repo, default "." */
	const char *keys[REPO_SIGNERS_MAX];    /* --key */
	size_t key_count;
	const char *passphrase_file;
	const char *office, *file, *sha256, *signer, *path, *ledger_id, *unlock_id, *ledger, *until, *reason, *ticket, *id,
		*hosts, *log, *remove, *type, *role, *from, *length /* --for */, *machine;
	const char *within[REPO_WITHIN_MAX]; /* --within, the nearest first */
	size_t within_count;
	bool list, unattended;
	uint64_t threshold;
	char **operands;
	size_t operand_count;
	char *owned[REPO_OWNED_MAX]; /* paths made absolute */
	size_t owned_count;
};
/* Parse the options behind a verb.  Names of files become
 * absolute, since the tools work inside the administrator's folder; operands
 * that are files by repo_options_absolute. */
int repo_options_parse(struct repo_options *ret_options, int argc, char **argv);
bool repo_options_absolute(struct repo_options *options, const char **path);
void repo_options_free(struct repo_options *options);

/* ---- configuration (repo_conf.c) -------------------------------------------------- */

struct repo_keys {
	json_t *objects; /* array of public key objects */
	uint64_t threshold; /* 0: not given */
};
struct repo_profile {
	const char *name, *reference; /* reference: folder of a machine, or NULL */
	const json_t *sources, *settings; /* settings NULL: none */
};
#define REPO_MACHINE_ID_LENGTH 43u /* Ed25519 public key in base64url */

struct repo_office {
	char name[REPO_NAME_MAX + 1];
	struct repo_keys keys, broad;
	json_t *conf;                /* owns what the others point at */
	const json_t *within, *machines, *released; /* released NULL: none */
	json_t *maintenance; /* owned: entries of place/NAME.json that are not over */
};
enum repo_top { REPO_ROOT, REPO_TARGETS, REPO_SNAPSHOT, REPO_TIMESTAMP, REPO_DENY, REPO_TOP_MAX_ };
struct repo {
	int start; /* fd of the folder that the command was given in */
	int folder, published; /* fds; published -1 until it is opened */
	json_t *conf;
	const char *directory; /* of the published folder */
	struct repo_keys tops[REPO_TOP_MAX_];
	int64_t lives[REPO_TOP_MAX_], office_life; /* seconds */
	struct repo_profile profiles[REPO_PROFILES_MAX];
	size_t profile_count;
	struct repo_office *offices; /* by name */
	size_t office_count;
	struct publish_signer signers[REPO_SIGNERS_MAX];
	size_t signer_count;
	int64_t now;
	bool dry_run, allow_lockout;
	bool publishing; /* everything, not one office alone */
	bool pending; /* something was written to pending/ */
	bool *unreadable; /* something signed could not be read: nothing is signed on top of it */
};
extern const char *const repo_top_names[REPO_TOP_MAX_];

/* Read repo.conf and the offices; `office` narrows to one, or NULL. */
bool repo_open(struct repo *ret_repo, const struct repo_options *options, const char *office);
void repo_close(struct repo *repo);
bool repo_name_is_good(const char *name);
/* repo_offices.c: all of offices/, or `only` one. */
bool repo_offices_read(struct repo *repo, const char *only);
/* A libconfig file as JSON: groups are objects, lists and arrays are arrays. */
bool repo_conf_read(json_t **ret_json, int folder, const char *path);
/* repo_settings.c: what `settings` of a profile or a machine may say. */
bool repo_settings_check(const json_t *settings, const char *where);
/* Those of a machine's entry over those of its profile; NULL: none. */
json_t *repo_settings_of(const struct repo *repo, const json_t *machine);
/* Public keys by their files, from an array of names. */
bool repo_keys_read(struct repo_keys *ret_keys, const struct repo *repo, const json_t *conf, const char *where);
/* Open the published folder; `make` creates it. */
bool repo_open_published(struct repo *repo, bool make);

/* The same, and nobody else writes there, the clock is not behind it, and signed/ is
 * what it was made from. */
bool repo_take_published(struct repo *repo, bool make);

/* One command at a time changes a folder (a timer's refresh, a person's publish);
 * waits for the other, and says so. */
bool repo_lock(const struct repo *repo);

/* ---- signers (repo_signers.c) ------------------------------------------------------ */

bool repo_load_signers(struct repo *repo, const struct repo_options *options);
/* The answer to a passphrase question, from --passphrase-file or the terminal. */
int repo_ask(void *context, char ret_text[PUBLISH_PASSPHRASE_MAX], const char *what, bool verify);
/* Why a key cannot be used; errno for GUARD_E_IO. */
const char *repo_key_reason(int r, bool token);
/* One key: a file, or a token's; says why not. */
int repo_load_key(struct publish_signer *ret_signer, const struct repo_options *options, const char *name);
/* One of the signers holds one of the keys. */
bool repo_can_sign(const struct repo *repo, const struct repo_keys *keys);
/* How many of the signers do. */
size_t repo_signers_of(const struct repo *repo, const struct repo_keys *keys);
/* Sign with each that does; 0 or -GUARD_E_... */
int repo_sign_all(json_t *document, const struct repo *repo, const struct repo_keys *keys) GUARD_WARN_UNUSED;

/* ---- signed documents (repo_state.c) ------------------------------------------------ */

/* signed/ROLE.json: the document in force, or NULL.  One that is there and cannot
 * be read is said, and nothing is written any more: versions would begin anew. */
json_t *repo_signed(const struct repo *repo, const char *role);
bool repo_keep(const struct repo *repo, const char *role, const json_t *document);
/* Something signed is there and cannot be read, for reason `r`: say so. */
void repo_cannot_read(const struct repo *repo, const char *path, int r);

enum repo_result { REPO_SAME, REPO_SIGNED, REPO_PENDING, REPO_FAILED };
/* Bring a role's document up to date: `body` has what it is to say (stolen).
 * *ret_document is the one that holds then (the earlier one when it says the same
 * and lives on); with too few signatures it goes to pending/. */
enum repo_result repo_role_update(json_t **ret_document, struct repo *repo, const char *role,
				  const struct repo_keys *keys, int64_t life, json_t *body);
/* The same for root; `old` are the keys of the root before, or NULL. */
enum repo_result repo_root_update(json_t **ret_document, struct repo *repo, const struct repo_keys *old,
				  const json_t *earlier);
/* What would be done, without doing it. */
bool repo_role_differs(const struct repo *repo, const char *role, const struct repo_keys *keys, int64_t life,
		       json_t *body);

/* ---- the published folder (repo_walk.c, repo_replaced.c, repo_recover.c) -------------- */

/* Each file and folder of metadata/ and targets/, by its path from the published
 * folder; `take` may end it with false. */
typedef bool (*repo_walk_take)(void *context, const char *path, const struct stat *status);
bool repo_walk(const struct repo *repo, repo_walk_take take, void *context);
/* What readers need by what is signed now: path -> true, without the FILE.gz. */
json_t *repo_needed(const struct repo *repo);
/* The published file of a target. */
bool repo_target_file(char ret_path[REPO_PATH_MAX], const char *path, const json_t *target);
/* Remove what was replaced 30 days ago; says what it cannot do. */
void repo_forget_replaced(const struct repo *repo);
/* signed/ is not older than what is published; says so otherwise. */
bool repo_is_newest(const struct repo *repo);

/* ---- times (repo_clock.c) ------------------------------------------------------------ */

/* The clock is not behind the last publication; says so otherwise. */
bool repo_clock_is_right(const struct repo *repo);
/* Timestamp or snapshot that end soon, or have. */
void repo_tell_freshness(const struct repo *repo);

/* ---- images (repo_images.c) --------------------------------------------------------- */

struct repo_image {
	uint8_t *bytes; /* NULL: there is none */
	size_t size;
	uint64_t version;
};
void repo_image_clear(struct repo_image *image);
bool repo_profile_image(struct repo_image *ret_image, const struct repo *repo, const struct repo_profile *profile,
			bool allow_lockout);
/* The exceptions of an office, or the denials: the sources below `folder`.  The
 * version is that of signed/TARGET when nothing changed, else one more. */
bool repo_layer_image(struct repo_image *ret_image, const struct repo *repo, const char *folder, const char *id,
		      const char *target);
struct guard_policy *repo_image_open(const struct repo_image *image, const char *office);
/* Names of the sources NAME.conf below a folder, sorted; freed with repo_names_free. */
struct repo_names {
	char **items;
	size_t count;
};
bool repo_names_read(struct repo_names *ret_names, int folder, const char *path, const char *suffix);
void repo_names_free(struct repo_names *names);

/* ---- lock-outs (repo_lockout.c) ------------------------------------------------------- */

/* Nothing that machines start or are repaired with, by the names in `policy`, is
 * among the denials. */
bool repo_denials_leave_machines(const struct repo *repo, const struct guard_policy *denials,
				 const struct guard_policy *policy, const char *profile);
/* The same for a policy that takes the place of another. */
bool repo_policy_leaves_machines(const struct repo *repo, const struct guard_policy *old,
				 const struct guard_policy *new, const char *profile);

/* ---- bounds (repo_bounds.c) -------------------------------------------------------------- */

#define REPO_LIMITS_WIDEST { .longest = UINT32_MAX, .digests = UINT32_MAX, .kinds = UINT8_MAX, .signers = 1, .paths = 1 }
/* The stricter of what `limits` has and what the policy says. */
void repo_limits_narrow(struct guard_exception_limits *limits, const struct guard_policy *policy);
/* Machines would take every rule of the image. */
bool repo_bounds_hold(const struct repo *repo, const struct guard_exception_limits *limits,
		      const struct repo_office *office, bool broad, const struct repo_image *image);
/* The policy of a profile that is published now, or NULL. */
struct guard_policy *repo_published_policy(const struct repo *repo, const char *profile);
struct guard_policy *repo_published_denials(const struct repo *repo); /* NULL: there are none */

/* ---- roles of a publication (repo_roles.c) -------------------------------------------- */

/* Exceptions of an office, signed if they changed and a key is at hand; `limits`
 * are what machines hold them to. */
enum repo_result repo_office_update(struct repo *repo, const struct repo_office *office, bool broad,
				    const struct guard_exception_limits *limits);
enum repo_result repo_deny_update(struct repo *repo);
/* place/NAME.json */
json_t *repo_place(const struct repo *repo, const struct repo_office *office);
/* An array of delegations and their keys for the offices, those of which a first
 * file is signed, whose paths fall into bin `bin` of 2^bits (bits 0: all). */
json_t *repo_delegations(const struct repo *repo, unsigned bits, unsigned bin);
json_t *repo_deny_delegation(const struct repo *repo); /* deny alone, in the same form */
unsigned repo_bin_bits(size_t offices);
unsigned repo_bin_of(const char *path, unsigned bits);

/* ---- what is signed now (repo_delegated.c) ---------------------------------------------- */

/* Headquarters delegates to the role, by the keys that signed what is signed of it. */
bool repo_is_delegated(const struct repo *repo, const char *role);
/* Names of the offices that have a place; the caller's. */
json_t *repo_placed(const struct repo *repo);

/* ---- maintenance (repo_maintenance.c; maintenance.c) ----------------------------------- */

bool repo_grant_id_is_good(const char *id);

/* offices/NAME/maintenance/: what is to stand in the office's place. */
bool repo_maintenance_read(json_t **ret_entries, const struct repo *repo, const char *office);
/* grant, grants, withdraw; an exit code. */
int repo_maintenance(const struct repo_options *options, const char *action);

/* ---- coordinators ----------------------------------------------------------------------- */

int repo_init(const struct repo_options *options);
int repo_rotate(const struct repo_options *options);
int repo_publish(const struct repo_options *options);
/* One role of an office, or deny, at once; says what is next when it cannot be. */
int repo_publish_one(struct repo *repo, const char *role);
int repo_refresh(const struct repo_options *options);
int repo_verify(const struct repo_options *options);
int repo_recover(const struct repo_options *options);
int repo_delegate(const struct repo_options *options);
int repo_seen(const struct repo_options *options);

/* The root's body from repo.conf. */
json_t *repo_root_body(const struct repo *repo);
/* What stands in the published folder, by a client of its own; with `timestamp`
 * in place of the one that is there.  false with the reason said. */
bool repo_check(const struct repo *repo, const json_t *timestamp, bool tell);

/* Machines that a log has seen, by office; NULL without a log. */
json_t *repo_seen_offices(const char *log);

#endif
