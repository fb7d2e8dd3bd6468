/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <inttypes.h>

#include "ranges.h"
#include "window.h"

int
window_check(struct ioas_range window, const struct ioas_log *log)
{
	if ((window.first == 0 && window.last == 0) || ranges_are_pages(window.first, window.last))
		return 0;
	ioas_log(log, IOAS_LOG_ERR,
		 "window 0x%" PRIx64 "-0x%" PRIx64 " is not a range of whole 4 KiB pages: give the "
		 "first and the last byte, 0x100000000-0x1ffffffff for example", window.first,
		 window.last);
	return -EINVAL;
}

struct ioas_range
window_whole(struct ioas_range window)
{
	if (window.last == 0)
		window.last = UINT64_MAX;
	return window;
}

/* The first area at a chosen IOVA outside a window, or NULL. */
static const struct area *
find_outside(const struct ledger *ledger, struct ioas_range window)
{
	const struct area *area = ledger_from_iova(ledger, 0);

	while (area != NULL && (area->fixed || (area->iova.first >= window.first &&
						area->iova.last <= window.last)))
		area = area->iova.last == UINT64_MAX
			? NULL : ledger_from_iova(ledger, area->iova.last + 1);
	return area;
}

static int
set_window(struct family *family, struct ioas_range window)
{
	const struct ioas_log *const log = &family->root->log;
	const struct area *outside;

	if (!placement_window_fits(&family->placement, window)) {
		const struct ioas_range usable = usable_aperture(&family->placement.usable);

		ioas_log(log, IOAS_LOG_ERR,
			 "window 0x%" PRIx64 "-0x%" PRIx64 " has no IOVA that the devices can use: "
			 "choose one inside their aperture 0x%" PRIx64 "-0x%" PRIx64
			 ", outside of reserved regions", window.first, window.last, usable.first,
			 usable.last);
		return -ERANGE;
	}
	outside = find_outside(&family->root->ledger, window);
	for_each_space(space, family)
		if (outside == NULL)
			outside = find_outside(&space->ledger, window);
	if (outside != NULL) {
		ioas_log(log, IOAS_LOG_ERR,
			 "cannot confine IOVAs to 0x%" PRIx64 "-0x%" PRIx64 ": memory is mapped at "
			 "0x%" PRIx64 " already: set the window before memory is mapped",
			 window.first, window.last, outside->iova.first);
		return -EADDRINUSE;
	}
	family->placement.window = window;
	return 0;
}

int
ioas_set_window(struct ioas *space, struct ioas_range window)
{
	int ret;

	ret = window_check(window, &space->log);
	if (ret < 0)
		return ret;
	space_lock(space);
	ret = set_window(space->family, window_whole(window));
	space_unlock(space);
	return ret;
}
