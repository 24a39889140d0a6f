/* SPDX-License-Identifier: MIT
 *
 * policy/image_tables.h - check of the tables that a decision searches.
 */
#ifndef GUARD_POLICY_IMAGE_TABLES_H
#define GUARD_POLICY_IMAGE_TABLES_H

#include "policy/image_lists.h"

int guard_image_check_tables(const struct guard_policy *policy, const struct guard_image_lists *lists) GUARD_WARN_UNUSED;
#endif
