/* SPDX-License-Identifier: MIT
 *
 * package/rpm_off.c - a guard that was built without .rpm (GUARD_RPM=OFF) refuses
 * each with a sentence.
 */
#include <stdio.h>

#include "package/rpm.h"

int package_rpms_take(struct package_rpms *rpms, const char *name, int fd, int keyring, char *ret_problem,
		      size_t problem_size)
{
	(void)rpms, (void)name, (void)fd, (void)keyring;
	snprintf(ret_problem, problem_size, "this guard was built without .rpm packages");
	return -GUARD_E_UNSUPPORTED;
}

int package_rpms_attribute(const struct package_rpm_verified *rpm, struct guard_attribution_builder *builder,
			   const struct guard_attribution *old, uint32_t *ret_count, char *ret_problem,
			   size_t problem_size)
{
	(void)rpm, (void)builder, (void)old, (void)ret_count;
	snprintf(ret_problem, problem_size, "this guard was built without .rpm packages");
	return -GUARD_E_UNSUPPORTED;
}

void package_rpms_clear(struct package_rpms *rpms)
{
	rpms->count = 0;
}
