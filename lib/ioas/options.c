/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "options.h"
#include "window.h"

/* A follower uses the options of its root, except for the table and the log. */
static int
check_follow(const struct ioas_options *options, const struct ioas_log *log)
{
	const struct ioas *const root = options->follow;

	if (space_follows(root) || options->backend != NULL || options->n_descriptors != 0 ||
	    options->window.first != 0 || options->window.last != 0 || options->quarantine != 0) {
		ioas_log(log, IOAS_LOG_ERR,
			 "a space that follows another takes backend, window, descriptors and quarantine "
			 "from that one, which must not follow a third");
		return -EINVAL;
	}
	if (root->backend->ops->copy == NULL) {
		ioas_log(log, IOAS_LOG_ERR,
			 "backend %s has no further I/O address space for the same memory: use backend "
			 "iommufd (Linux 6.2, CONFIG_IOMMUFD)", root->backend->ops->name);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* The sizes in the first release. A program that was compiled for it passes these. */
#define END_OF(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))
#define FIRST_OPTIONS END_OF(struct ioas_options, quarantine)
#define FIRST_ATTACH_OPTIONS END_OF(struct ioas_attach_options, hwpt_flags)

/* Copies the options of a program. Members that the program does not know stay zero. False: the size is less
 * than in the first release, or more than this library knows. */
static bool
take_options(void *own, size_t own_size, size_t first_size, const void *options, size_t size)
{
	if (size < first_size || size > own_size)
		return false;
	memcpy(own, options, size);
	return true;
}

int
options_take(struct ioas_options *own, const struct ioas_options *options, const struct ioas_log *log)
{
	if (!take_options(own, sizeof(*own), FIRST_OPTIONS, options, options->size)) {
		ioas_log(log, IOAS_LOG_ERR, "ioas_options.size is %zu, this library knows %zu",
			 options->size, sizeof(*own));
		return -EINVAL;
	}
	options = own;
	if (options->follow != NULL)
		return check_follow(options, log);
	return window_check(options->window, log);
}

int
options_take_attach(const struct ioas *space, const char *name, struct ioas_attach_options *own,
		    const struct ioas_attach_options *options)
{
	if (take_options(own, sizeof(*own), FIRST_ATTACH_OPTIONS, options, options->size) &&
	    (own->hwpt || own->hwpt_flags == 0))
		return 0;
	ioas_log(&space->log, IOAS_LOG_ERR,
		 "%s: ioas_attach_options.size is %zu, this library knows %zu; hwpt_flags need hwpt",
		 name, options->size, sizeof(*options));
	return -EINVAL;
}
