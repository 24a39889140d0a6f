/* SPDX-License-Identifier: MIT
 *
 * unit/gate_maintenance.c - until when a maintenance holds: whatever was granted, never
 * past the policy in force, the signed grant, or its own end; and which names a
 * machine needs.
 */
#include "gate/maintenance.h"

#include <guard/unlock.h>
#include <string.h>

#include "gate/needed.h"
#include "unit.h"

#define NOW 1000000u /* boot clock, ms */

static struct guard_policy_info policy;
static struct guard_permits permits;

static struct guardd_grant grant_for(uint32_t seconds)
{
	return (struct guardd_grant){ .id = 1, .scope = GUARD_UNLOCK_MAINTENANCE, .opened_ms = NOW - 10000,
				      .until_ms = NOW - 10000 + (uint64_t)seconds * 1000 };
}

static struct guardd_grant signed_grant(uint32_t seconds)
{
	struct guardd_grant grant = grant_for(seconds);

	grant.by_headquarters = 1;
	CU_ASSERT_EQUAL(guard_digest_bytes(&grant.digest, "a", 1), 0);
	return grant;
}

static void begin(void)
{
	policy = (struct guard_policy_info){ .maintenance_longest = 300 };
	policy.unlock_seconds[GUARD_UNLOCK_MAINTENANCE - 1] = 120;
	permits = (struct guard_permits){ .count = 1, .now = 5000, .fresh_until = 9000 };
	permits.all[0] = (struct guard_permit){ .id = "a", .from = 4000, .until = 6000, .seconds = 200 };
}

static void by_phone(void)
{
	struct guardd_grant grant = grant_for(60);

	begin();
	CU_ASSERT_EQUAL(gate_maintenance_end(&grant, &policy, NULL, NOW), NOW + 50000);
	grant = grant_for(4000); /* the policy offers less */
	CU_ASSERT_EQUAL(gate_maintenance_end(&grant, &policy, NULL, NOW), NOW + 110000);
	grant.uid = 1000; /* root's alone */
	CU_ASSERT_EQUAL(gate_maintenance_end(&grant, &policy, NULL, NOW), 0);
	grant = grant_for(60);
	grant.scope = GUARD_UNLOCK_AUDIT;
	CU_ASSERT_EQUAL(gate_maintenance_end(&grant, &policy, NULL, NOW), 0);
	grant = grant_for(10); /* over */
	CU_ASSERT_EQUAL(gate_maintenance_end(&grant, &policy, NULL, NOW), 0);
	grant = grant_for(60);
	policy.unlock_seconds[GUARD_UNLOCK_MAINTENANCE - 1] = 0; /* not offered any more */
	CU_ASSERT_EQUAL(gate_maintenance_end(&grant, &policy, NULL, NOW), 0);
}

static void signed_ones(void)
{
	struct guardd_grant grant = signed_grant(100);

	begin();
	CU_ASSERT_EQUAL(gate_maintenance_end(&grant, &policy, &permits, NOW), NOW + 90000);
	grant = signed_grant(4000); /* what was signed is 200 s */
	CU_ASSERT_EQUAL(gate_maintenance_end(&grant, &policy, &permits, NOW), NOW + 190000);
	policy.maintenance_longest = 50;
	CU_ASSERT_EQUAL(gate_maintenance_end(&grant, &policy, &permits, NOW), NOW + 40000);
	begin();
	permits.now = 5995; /* its own end */
	CU_ASSERT_EQUAL(gate_maintenance_end(&grant, &policy, &permits, NOW), NOW + 5000);
	permits.now = 6000;
	CU_ASSERT_EQUAL(gate_maintenance_end(&grant, &policy, &permits, NOW), 0);
	permits.now = 3999;
	CU_ASSERT_EQUAL(gate_maintenance_end(&grant, &policy, &permits, NOW), 0);
	begin();
	permits.count = 0; /* taken back; or made up by who holds the unlock process */
	CU_ASSERT_EQUAL(gate_maintenance_end(&grant, &policy, &permits, NOW), 0);
	CU_ASSERT_EQUAL(gate_maintenance_end(&grant, &policy, NULL, NOW), NOW + 290000); /* nothing heard yet */
}

static void names(void)
{
	static const char *const needed[] = { "/usr/sbin/sshd", "/lib/systemd/systemd-logind", "/sbin/agetty", "/bin/login",
					      "/usr/sbin/NetworkManager", "/usr/lib/openssh/sshd-session", "/sbin/fsck.ext4" };
	static const char *const others[] = { "/usr/bin/firefox", "/usr/sbin/sshdx", "/opt/systemdx", "/usr/bin/login2", "/bin/sh",
					      "/usr/bin/ssh", "" };

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		CU_ASSERT(gate_needed_name(needed[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CU_ASSERT(!gate_needed_name(others[i]));
}

static CU_TestInfo tests[] = {
	{ "by phone", by_phone },
	{ "signed by headquarters", signed_ones },
	{ "what a machine needs", names },
	CU_TEST_INFO_NULL,
};
UNIT_MAIN("maintenance and need", tests)
