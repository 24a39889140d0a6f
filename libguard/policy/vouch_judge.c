/* SPDX-License-Identifier: MIT
 *
 * policy/vouch_judge.c - are the certificates between an authority and a signature
 * good for it: times, uses, lengths, names, revocations (RFC 5280, 6.1, without
 * what guard refuses altogether).  Pure.
 */
#include "policy/vouch.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct judging {
	char *reason;
	const struct guard_policy *policy;
	const struct guard_certificate_detail *details;
	enum guard_purpose purpose;
	int64_t time;
};

/* What people call it by. */
static const char *name_of(const struct guard_certificate_detail *detail)
{
	for (uint32_t i = 0; i < detail->subject_count; i++)
		if (strncmp(detail->subjects[i], "CN=", 3) == 0)
			return detail->subjects[i];
	return detail->subject_count ? detail->subjects[0] : "without a name";
}

static bool refuse(const struct judging *judging, const struct guard_certificate_detail *detail, const char *sentence)
{
	/* A long name is cut off, never the certificate's fault. */
	if (snprintf(judging->reason, GUARD_REASON_MAX, "the certificate %.70s %s", name_of(detail), sentence) < 0)
		judging->reason[0] = '\0';
	return false;
}

static bool refuse_time(const struct judging *judging, const struct guard_certificate_detail *detail, const char *what,
			int64_t seconds)
{
	char sentence[64], moment[GUARD_TIME_TEXT_SIZE];

	guard_time_format(moment, seconds);
	snprintf(sentence, sizeof(sentence), "%s %.10s", what, moment); /* the day */
	return refuse(judging, detail, sentence);
}

static bool is_for_purpose(const struct judging *judging, const struct guard_certificate_detail *detail)
{
	return judging->purpose == GUARD_PURPOSE_CODE ? detail->code : detail->time;
}

static bool check_signer(const struct judging *judging)
{
	const struct guard_certificate_detail *signer = &judging->details[0];

	if (!signer->signs)
		return refuse(judging, signer, "may not sign (its key usage lacks digitalSignature)");
	if (!is_for_purpose(judging, signer))
		return refuse(judging, signer,
			      judging->purpose == GUARD_PURPOSE_CODE ?
				      "is not for signing code (its extended key usage lacks codeSigning)" :
				      "is not for time stamps (its extended key usage is not timeStamping alone)");
	return true;
}

static bool check_issuer(const struct judging *judging, size_t at)
{
	const struct guard_certificate_detail *issuer = &judging->details[at];

	if (!issuer->is_ca)
		return refuse(judging, issuer, "may not issue others");
	if (issuer->path_length >= 0 && (size_t)issuer->path_length + 1 < at)
		return refuse(judging, issuer, "may not have that many below it (its path length)");
	if (!issuer->unlimited && !is_for_purpose(judging, issuer))
		return refuse(judging, issuer, "may not issue any for this use (its extended key usage)");
	if (memcmp(issuer->subject, judging->details[at - 1].issuer, sizeof(issuer->subject)) != 0)
		return refuse(judging, issuer, "has another name than its key's issuer");
	return true;
}

static bool check_one(const struct judging *judging, size_t at, const uint8_t *issuer_key_id)
{
	const struct guard_certificate_detail *detail = &judging->details[at];

	if (judging->time < detail->not_before)
		return refuse_time(judging, detail, "is not valid before", detail->not_before);
	if (judging->time > detail->not_after)
		return refuse_time(judging, detail, "expired on", detail->not_after);
	if (guard_policy_is_revoked(judging->policy, issuer_key_id, detail->serial))
		return refuse(judging, detail, "is on the policy's revocation list");
	return at == 0 ? check_signer(judging) : check_issuer(judging, at);
}

bool guard_vouch_judge(char *reason, int64_t *ret_valid_until, const struct guard_policy *policy,
		       const uint8_t *authority, const struct guard_certificate_detail *details, size_t count,
		       enum guard_purpose purpose, int64_t time)
{
	const struct judging judging = { reason, policy, details, purpose, time };
	int64_t until = INT64_MAX;

	for (size_t i = 0; i < count; i++) {
		const uint8_t *issuer = authority;
		struct guard_digest key;

		if (i + 1 < count) {
			if (guard_digest_bytes(&key, details[i + 1].spki, details[i + 1].spki_size) < 0)
				return refuse(&judging, &details[i], "could not be looked at: the memory is exhausted");
			issuer = key.bytes;
		}
		if (!check_one(&judging, i, issuer))
			return false;
		if (details[i].not_after < until)
			until = details[i].not_after;
	}
	*ret_valid_until = until;
	return true;
}
