/* SPDX-License-Identifier: GPL-2.0-only */
/* Which cgroups are services, scopes or other topmost ones: those that people have names for. Pure. */
#ifndef PAGETIDE_UNIT_H
#define PAGETIDE_UNIT_H

/* The first component that is no slice, if the path ends there, with its slash; NULL: it goes on, or has none. */
const char *unit__of(const char *path);
/* "nginx.service" of "/nginx.service"; "/box" of "/box" */
const char *unit__name(const char *unit);

#endif
