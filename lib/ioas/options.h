/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_OPTIONS_H
#define IOAS_OPTIONS_H

#include "space.h"

/*
 * The options of a call as a program has filled them in. The program may have been compiled for an older
 * release, whose structure is smaller.
 */

/* Copies and checks the options of ioas_create(). -EINVAL or -EOPNOTSUPP, logged. */
int options_take(struct ioas_options *own, const struct ioas_options *options, const struct ioas_log *log);

/* The same for ioas_attach() of a device. */
int options_take_attach(const struct ioas *space, const char *name, struct ioas_attach_options *own,
			const struct ioas_attach_options *options);

#endif /* IOAS_OPTIONS_H */
