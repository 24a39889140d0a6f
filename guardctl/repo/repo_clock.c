/* SPDX-License-Identifier: MIT
 *
 * repo/repo_clock.c - times that an administrator should hear of before machines do:
 * a clock that is behind the last publication, metadata that nears its end.
 */
#include "repo.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "output.h"

#define CLOCK_SLACK 600 /* seconds; a clock that is set, not wrong */

bool repo_clock_is_right(const struct repo *repo)
{
	char written[GUARDCTL_TIME_SIZE], now[GUARDCTL_TIME_SIZE];
	struct stat status;

	if (fstatat(repo->published, "metadata/timestamp.json", &status, AT_SYMLINK_NOFOLLOW) < 0 ||
	    status.st_mtime <= repo->now + CLOCK_SLACK)
		return true;
	guardctl_local_time(written, status.st_mtime);
	guardctl_local_time(now, repo->now);
	guardctl_error("this machine's clock says %s, but %s/metadata/timestamp.json was published at %s: what is signed now "
		       "would end too early; set the clock right, or, if it was wrong then, run `touch "
		       "%s/metadata/timestamp.json` and do this again",
		       now, repo->directory, written, repo->directory);
	return false;
}

static void tell_end(const struct repo *repo, enum repo_top role, int64_t soon)
{
	const char *name = repo_top_names[role];
	GUARD_AUTO_JSON json_t *document = repo_signed(repo, name);
	char text[GUARDCTL_TIME_SIZE];

	if (!document || publish_expires(document) > repo->now + soon)
		return;
	guardctl_local_time(text, publish_expires(document));
	if (publish_expires(document) <= repo->now)
		guardctl_error("%s has ended at %s: machines keep what they have, take nothing new and raise an alert; run "
			       "`guardctl repo refresh`", name, text);
	else
		guardctl_error("%s ends at %s, and then machines take nothing new: run `guardctl repo refresh`, best by a timer "
			       "once a day", name, text);
}

void repo_tell_freshness(const struct repo *repo)
{
	/* Half of a timestamp's life: several runs of a daily timer were missed. */
	tell_end(repo, REPO_TIMESTAMP, repo->lives[REPO_TIMESTAMP] / 2);
	/* A refresh renews the snapshot in the last quarter of its life. */
	tell_end(repo, REPO_SNAPSHOT, repo->lives[REPO_SNAPSHOT] / 8);
}
