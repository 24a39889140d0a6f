/* SPDX-License-Identifier: MIT
 *
 * guardctl/told.h - one request or unlock as JSON.
 */
#ifndef GUARDCTL_TOLD_H
#define GUARDCTL_TOLD_H

#include <jansson.h>

#include "wire/unlock.h"

json_t *guardctl_told_json(const struct guard_told *told);
#endif
