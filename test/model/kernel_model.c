/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A context exists as long as its descriptor or a device bound to it. Areas and reserved ranges are in sorted
 * arrays: simple, and fast enough for a test.
 *
 * One lock guards everything. Every function of the seam takes it.
 */

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "model_internal.h"
#include <linux/iommufd.h>
#include <linux/vfio.h>

#define FIRST_FD 1000000
#define MAX_FILES 64
#define MAX_RESERVED 64

/* IOMMU_HWPT_ALLOC_PASID, and the arguments followed by a PASID, as in Linux 6.15. */
#define HWPT_PASID (1u << 3)
#define ATTACH_PASID_SIZE 16
#define DETACH_PASID_SIZE 12

struct model model;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct model_file files[MAX_FILES];
static int last_id;
struct model_device *model_devices;
static unsigned int n_devices;
static uint64_t pinned, address_space;
static char root[64];

const struct model_iommu model_intel39 = {
	.name = "intel-39",
	.aperture = { 0, (UINT64_C(1) << 39) - 1 },
	.reserved = { { 0xfee00000, 0xfeefffff } },
	.n_reserved = 1,
	.page = PAGE,
};

const struct model_iommu model_intel48 = {
	.name = "intel-48",
	.aperture = { 0, (UINT64_C(1) << 48) - 1 },
	.reserved = { { 0xfee00000, 0xfeefffff } },
	.n_reserved = 1,
	.page = PAGE,
};

const struct model_iommu model_amd = {
	.name = "amd",
	.aperture = { 0, UINT64_MAX },
	.reserved = { { 0xfee00000, 0xfeefffff }, { 0xfd00000000, 0xffffffffff } },
	.n_reserved = 2,
	.page = PAGE,
};

const struct model_iommu model_smmuv3 = {
	.name = "smmuv3",
	.aperture = { 0, (UINT64_C(1) << 48) - 1 },
	.reserved = { { 0x8000000, 0x80fffff } },
	.n_reserved = 1,
	.page = PAGE,
};

const struct model_iommu model_virtio = {
	.name = "virtio-iommu",
	.late = true,
	.aperture = { 0, UINT64_MAX },
	.reserved = { { 0xfee00000, 0xfeefffff } },
	.n_reserved = 1,
	.page = PAGE,
};

const struct model_iommu model_pseries = {
	.name = "pseries",
	.aperture = { 0, UINT64_MAX },
	.page = PAGE,
	.spapr = UINT64_C(1) << 30,
};

const struct model_iommu model_powernv9 = {
	.name = "powernv9",
	.aperture = { 0, UINT64_MAX },
	.page = PAGE,
	.spapr = UINT64_C(2) << 30,
};

/* The IOVAs beyond an IOMMU's width. Returns the number of ranges. */
static unsigned int
outside(struct ioas_range aperture, struct ioas_range *out)
{
	unsigned int n = 0;

	if (aperture.first != 0)
		out[n++] = (struct ioas_range){ 0, aperture.first - 1 };
	if (aperture.last != UINT64_MAX)
		out[n++] = (struct ioas_range){ aperture.last + 1, UINT64_MAX };
	return n;
}

/* The number of reserved ranges that an attach of the device adds: its own, and those beyond the IOMMU's
 * width. */
static unsigned int
device_reserved(const struct model_iommu *iommu, struct ioas_range *out)
{
	memcpy(out, iommu->reserved, iommu->n_reserved * sizeof(*out));
	return iommu->n_reserved + outside(iommu->aperture, &out[iommu->n_reserved]);
}

static int
compare_ranges(const void *a, const void *b)
{
	const struct ioas_range *const x = a, *const y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* All reserved ranges of an IOAS, ascending; they may overlap. */
static unsigned int
reserved_of(const struct model_ioas *ioas, struct ioas_range *out)
{
	unsigned int n = 0;

	for (const struct model_device *d = model_devices; d != NULL; d = d->next)
		if (d->ioas == ioas && n + 6 <= MAX_RESERVED)
			n += device_reserved(d->iommu, &out[n]);
	for (const struct model_hwpt *h = ioas->ctx != NULL ? ioas->ctx->hwpts : NULL; h != NULL;
	     h = h->next)
		if (h->ioas == ioas && n + 2 <= MAX_RESERVED)
			n += outside(h->aperture, &out[n]);
	qsort(out, n, sizeof(*out), compare_ranges);
	return n;
}

bool
model_touches(uint64_t first, uint64_t last, uint64_t low, uint64_t high)
{
	return first <= high && last >= low;
}

/* The index of the first area that ends at x or above. */
size_t
model_area_from(const struct model_ioas *ioas, uint64_t x)
{
	size_t low = 0, high = ioas->n_areas;

	while (low < high) {
		const size_t mid = (low + high) / 2;

		if (ioas->areas[mid].last < x)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool
model_has_area(const struct model_ioas *ioas, uint64_t first, uint64_t last)
{
	const size_t i = model_area_from(ioas, first);

	return i < ioas->n_areas && ioas->areas[i].first <= last;
}

void
model_insert_area(struct model_ioas *ioas, struct model_area area)
{
	const size_t i = model_area_from(ioas, area.first);

	if (ioas->n_areas == ioas->room) {
		ioas->room = ioas->room == 0 ? 64 : ioas->room * 2;
		ioas->areas = realloc(ioas->areas, ioas->room * sizeof(area));
	}
	memmove(&ioas->areas[i + 1], &ioas->areas[i], (ioas->n_areas - i) * sizeof(area));
	ioas->areas[i] = area;
	ioas->n_areas++;
}

static uint64_t
area_pages(const struct model_area *area)
{
	const uint64_t end = area->va + (area->last - area->first);

	return (end | (PAGE - 1)) - (area->va & ~(PAGE - 1)) + 1;
}

static void
put_pages(const struct model_area *area)
{
	if (area->pages != NULL && --area->pages->refs == 0)
		free(area->pages);
}

void
model_take_area(struct model_ioas *ioas, size_t i)
{
	put_pages(&ioas->areas[i]);
	ioas->n_areas--;
	memmove(&ioas->areas[i], &ioas->areas[i + 1],
		(ioas->n_areas - i) * sizeof(ioas->areas[0]));
}

void
model_unpin(const struct model_area *area)
{
	if (area->pages != NULL && --area->pages->pins > 0)
		return;
	pinned -= area_pages(area);
}

void
model_remove_area(struct model_ioas *ioas, size_t i)
{
	if (ioas->users > 0)
		model_unpin(&ioas->areas[i]);
	model_take_area(ioas, i);
}

/* Finds out through a pipe whether the kernel can read a byte. */
static bool
is_readable(const void *address)
{
	int ends[2];
	bool readable;

	if (pipe(ends) != 0)
		return false;
	readable = write(ends[1], address, 1) == 1;
	close(ends[0]);
	close(ends[1]);
	return readable;
}

/* Whether the memory of an area can be pinned. If so, counts it. */
int
model_pin(const struct model_area *area)
{
	const uint64_t length = area_pages(area), va = area->va & ~(PAGE - 1);

	if (area->pages != NULL && area->pages->pins > 0) {
		area->pages->pins++;
		return 0;
	}
	if (model.bad.last != 0 && model_touches(va, va + (length - 1), model.bad.first, model.bad.last))
		return -EFAULT;
	for (uint64_t at = 0; model.check_memory && at < length; at += PAGE) {
		if (!is_readable((void *)(uintptr_t)(va + at)))
			return -EFAULT;
	}
	if (model.memlock != UINT64_MAX && pinned + length > model.memlock)
		return -ENOMEM;
	pinned += length;
	if (area->pages != NULL)
		area->pages->pins = 1;
	return 0;
}

/* The kernel's __alloc_iova_check_range(). */
static bool
check_range(uint64_t *start, uint64_t last, uint64_t length, uint64_t alignment, uint64_t offset)
{
	uint64_t aligned;

	if (__builtin_add_overflow(*start, alignment - 1, &aligned))
		return false;
	aligned = (aligned & ~(alignment - 1)) | offset;
	if (aligned >= last || last - aligned < length - 1)
		return false;
	*start = aligned;
	return true;
}

/* First fit in one allowed range. Passes areas one by one, like the kernel, and counts them. */
static bool
search(const struct model_ioas *ioas, uint64_t start, uint64_t last, uint64_t length,
       uint64_t alignment, uint64_t offset, uint64_t *iova)
{
	struct ioas_range reserved[MAX_RESERVED];
	const unsigned int n = reserved_of(ioas, reserved);
	size_t a = model_area_from(ioas, start);
	unsigned int r = 0;

	for (;;) {
		uint64_t used_first, used_last, hole = start;

		while (a < ioas->n_areas && ioas->areas[a].last < start)
			a++;
		while (r < n && reserved[r].last < start)
			r++;
		used_first = used_last = UINT64_MAX;
		if (a < ioas->n_areas) {
			used_first = ioas->areas[a].first;
			used_last = ioas->areas[a].last;
		}
		if (r < n && (a == ioas->n_areas || reserved[r].first < used_first)) {
			used_first = reserved[r].first;
			used_last = reserved[r].last;
		}
		if ((a == ioas->n_areas && r == n) || used_first > last) {
			*iova = hole;
			return check_range(iova, last, length, alignment, offset);
		}
		if (used_first > start) {
			if (check_range(&hole, used_first - 1, length, alignment, offset)) {
				*iova = hole;
				return true;
			}
		}
		model.passed++;
		if (used_last >= last)
			return false;
		start = used_last + 1;
	}
}

/* The kernel's iopt_alloc_iova(). */
static int
choose_iova(const struct model_ioas *ioas, uint64_t va, uint64_t length, uint64_t *iova)
{
	static const struct ioas_range all = { PAGE, UINT64_MAX - PAGE };
	const struct ioas_range *allowed = ioas->n_allowed > 0 ? ioas->allowed : &all;
	const size_t n = ioas->n_allowed > 0 ? ioas->n_allowed : 1;
	const uint64_t offset = va % PAGE;
	uint64_t alignment = 1;

	if (length >= UINT64_MAX / 2)
		return -EOVERFLOW;
	while (alignment < length)
		alignment <<= 1;
	if (va != 0 && (va & -va) < alignment)
		alignment = va & -va;
	if (alignment > model.max_alignment)
		alignment = model.max_alignment;
	if (alignment < ioas->alignment)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		uint64_t start = allowed[i].first > all.first ? allowed[i].first : all.first;
		const uint64_t last = allowed[i].last < all.last ? allowed[i].last : all.last;

		if (start <= last && check_range(&start, last, length, alignment, offset) &&
		    search(ioas, start, last, length, alignment, offset, iova))
			return 0;
	}
	return -ENOSPC;
}

static int
check_fixed(const struct model_ioas *ioas, uint64_t iova, uint64_t length)
{
	struct ioas_range reserved[MAX_RESERVED];
	const unsigned int n = reserved_of(ioas, reserved);
	uint64_t last;

	if ((iova & (ioas->alignment - 1)) != 0)
		return -EINVAL;
	if (__builtin_add_overflow(iova, length - 1, &last))
		return -EOVERFLOW;
	for (unsigned int i = 0; i < n; i++)
		if (model_touches(iova, last, reserved[i].first, reserved[i].last))
			return -EINVAL;
	return model_has_area(ioas, iova, last) ? -EEXIST : 0;
}

struct model_ioas *
model_find_ioas(struct model_ctx *ctx, uint32_t id)
{
	struct model_ioas *ioas = ctx->ioas;

	while (ioas != NULL && ioas->id != id)
		ioas = ioas->next;
	return ioas;
}

static int
ioas_alloc(struct model_ctx *ctx, struct iommu_ioas_alloc *arg)
{
	struct model_ioas *ioas;

	if (arg->flags != 0)
		return -EOPNOTSUPP;
	ioas = calloc(1, sizeof(*ioas));
	ioas->ctx = ctx;
	ioas->id = ++ctx->last_id;
	ioas->alignment = 1;
	ioas->next = ctx->ioas;
	ctx->ioas = ioas;
	arg->out_ioas_id = ioas->id;
	return 0;
}

static void
free_ioas(struct model_ioas *ioas)
{
	struct model_ioas **link = &ioas->ctx->ioas;

	while (*link != ioas)
		link = &(*link)->next;
	*link = ioas->next;
	for (size_t i = 0; i < ioas->n_areas; i++)
		put_pages(&ioas->areas[i]);
	free(ioas->areas);
	free(ioas->allowed);
	free(ioas);
}

static unsigned int hwpts; /* number in all contexts */

static struct model_hwpt **
find_hwpt(struct model_ctx *ctx, uint32_t id)
{
	struct model_hwpt **link = &ctx->hwpts;

	while (*link != NULL && (*link)->id != id)
		link = &(*link)->next;
	return link;
}

static bool
hwpt_is_used(uint32_t id)
{
	for (const struct model_device *d = model_devices; d != NULL; d = d->next) {
		if (d->hwpt == id && d->ioas != NULL)
			return true;
		for (unsigned int i = 0; i < d->pasids; i++)
			if (d->pasid[i].hwpt == id)
				return true;
	}
	return false;
}

/* -EADDRINUSE if the new reserved ranges would touch areas or the allowed list, or these are not aligned to
 * the page. */
static int
check_fits(const struct model_ioas *ioas, const struct ioas_range *reserved, unsigned int n, uint64_t page)
{
	for (unsigned int i = 0; i < n; i++) {
		const uint64_t first = reserved[i].first, last = reserved[i].last;

		if (model_has_area(ioas, first, last))
			return -EADDRINUSE;
		for (size_t k = 0; k < ioas->n_allowed; k++)
			if (model_touches(first, last, ioas->allowed[k].first,
					  ioas->allowed[k].last))
				return -EADDRINUSE;
	}
	for (size_t i = 0; i < ioas->n_areas; i++) {
		const struct model_area *const area = &ioas->areas[i];

		if (((area->first | (area->last + 1) | area->va % PAGE) & (page - 1)) != 0)
			return -EADDRINUSE;
	}
	return 0;
}

/* A device, a PASID or a page table gets the areas from now on. */
static int
use_ioas(struct model_ioas *ioas, uint64_t page)
{
	int ret;

	for (size_t i = 0; ioas->users == 0 && i < ioas->n_areas; i++) {
		ret = model_pin(&ioas->areas[i]);
		if (ret < 0) {
			while (i-- > 0)
				model_unpin(&ioas->areas[i]);
			return ret;
		}
	}
	if (ioas->alignment < page)
		ioas->alignment = page;
	ioas->users++;
	return 0;
}

static void
leave_ioas(struct model_ioas *ioas)
{
	if (--ioas->users > 0)
		return;
	for (size_t i = 0; i < ioas->n_areas; i++)
		model_unpin(&ioas->areas[i]);
	ioas->alignment = 1;
}

static void
free_hwpt(struct model_hwpt **link)
{
	struct model_hwpt *const hwpt = *link;

	leave_ioas(hwpt->ioas);
	*link = hwpt->next;
	free(hwpt);
	hwpts--;
}

static const struct model_device *
find_device(const struct model_ctx *ctx, uint32_t id)
{
	const struct model_device *d = model_devices;

	while (d != NULL && (d->ctx != ctx || d->id != id))
		d = d->next;
	return d;
}

static int
hwpt_alloc(struct model_ctx *ctx, struct iommu_hwpt_alloc *arg)
{
	struct model_ioas *const ioas = model_find_ioas(ctx, arg->pt_id);
	const struct model_device *const d = find_device(ctx, arg->dev_id);
	struct ioas_range reserved[2], aperture = { 0 };
	struct model_hwpt *hwpt;
	int ret;

	if (arg->__reserved != 0)
		return -EOPNOTSUPP;
	if (d == NULL)
		return -ENOENT;
	if (ioas == NULL)
		return -EINVAL; /* nested ones are not modelled */
	if ((arg->flags & ~model.hwpt_flags) != 0)
		return -EOPNOTSUPP;
	/* Page tables without a known width report 0. */
	if (!d->iommu->late)
		aperture = d->iommu->aperture;
	ret = check_fits(ioas, reserved, outside(aperture, reserved), d->iommu->page);
	if (ret == 0)
		ret = use_ioas(ioas, d->iommu->page);
	if (ret < 0)
		return ret;
	hwpt = calloc(1, sizeof(*hwpt));
	hwpt->id = ++ctx->last_id;
	hwpt->flags = arg->flags;
	hwpt->ioas = ioas;
	hwpt->aperture = aperture;
	hwpt->next = ctx->hwpts;
	ctx->hwpts = hwpt;
	hwpts++;
	arg->out_hwpt_id = hwpt->id;
	return 0;
}

static int
destroy(struct model_ctx *ctx, struct iommu_destroy *arg)
{
	struct model_ioas *const ioas = model_find_ioas(ctx, arg->id);
	struct model_hwpt **const hwpt = find_hwpt(ctx, arg->id);

	if (*hwpt != NULL) {
		if (hwpt_is_used(arg->id))
			return -EBUSY;
		free_hwpt(hwpt);
		return 0;
	}
	if (ioas == NULL)
		return -ENOENT;
	if (ioas->users > 0)
		return -EBUSY;
	if (ctx->vfio_ioas == arg->id)
		ctx->vfio_ioas = 0;
	free_ioas(ioas);
	return 0;
}

unsigned int
model_usable(const struct model_ioas *ioas, struct ioas_range *out, unsigned int room)
{
	struct ioas_range reserved[MAX_RESERVED];
	const unsigned int n_reserved = reserved_of(ioas, reserved);
	unsigned int n = 0;
	uint64_t start = 0;
	bool full = false;

	for (unsigned int i = 0; i <= n_reserved && !full; i++) {
		const bool end = i == n_reserved;

		if (end || reserved[i].first > start) {
			if (n < room)
				out[n] = (struct ioas_range){
					start, end ? UINT64_MAX : reserved[i].first - 1,
				};
			n++;
		}
		if (end)
			break;
		full = reserved[i].last == UINT64_MAX;
		if (reserved[i].last >= start)
			start = reserved[i].last + 1;
	}
	return n;
}

static int
iova_ranges(struct model_ctx *ctx, struct iommu_ioas_iova_ranges *arg)
{
	const struct model_ioas *const ioas = model_find_ioas(ctx, arg->ioas_id);
	const uint32_t room = arg->num_iovas;

	if (arg->__reserved != 0)
		return -EOPNOTSUPP;
	if (ioas == NULL)
		return -ENOENT;
	if (model.growing > 0) {
		model.growing--;
		arg->num_iovas = room + 1;
		return -EMSGSIZE;
	}
	arg->num_iovas = model_usable(ioas, (void *)(uintptr_t)arg->allowed_iovas, room);
	arg->out_iova_alignment = ioas->alignment;
	return arg->num_iovas > room ? -EMSGSIZE : 0;
}

static int
vfio_ioas(struct model_ctx *ctx, struct iommu_vfio_ioas *arg)
{
	if (arg->__reserved != 0)
		return -EOPNOTSUPP;
	switch (arg->op) {
	case IOMMU_VFIO_IOAS_GET:
		arg->ioas_id = ctx->vfio_ioas;
		return ctx->vfio_ioas == 0 ? -ENODEV : 0;
	case IOMMU_VFIO_IOAS_SET:
		if (model_find_ioas(ctx, arg->ioas_id) == NULL)
			return -ENOENT;
		ctx->vfio_ioas = arg->ioas_id;
		return 0;
	case IOMMU_VFIO_IOAS_CLEAR:
		ctx->vfio_ioas = 0;
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

static int
allow_iovas(struct model_ctx *ctx, struct iommu_ioas_allow_iovas *arg)
{
	const struct iommu_iova_range *const in = (void *)(uintptr_t)arg->allowed_iovas;
	struct model_ioas *const ioas = model_find_ioas(ctx, arg->ioas_id);
	struct ioas_range reserved[MAX_RESERVED], *list;
	unsigned int n_reserved;

	if (arg->__reserved != 0)
		return -EOPNOTSUPP;
	if (ioas == NULL)
		return -ENOENT;
	n_reserved = reserved_of(ioas, reserved);
	list = calloc(arg->num_iovas + 1, sizeof(*list));
	for (uint32_t i = 0; i < arg->num_iovas; i++) {
		list[i] = (struct ioas_range){ in[i].start, in[i].last };
		if (in[i].start >= in[i].last)
			goto err_inval;
		for (uint32_t k = 0; k < i; k++)
			if (model_touches(list[k].first, list[k].last, list[i].first, list[i].last))
				goto err_inval;
	}
	for (uint32_t i = 0; i < arg->num_iovas; i++)
		for (unsigned int k = 0; k < n_reserved; k++)
			if (model_touches(list[i].first, list[i].last, reserved[k].first,
				    reserved[k].last)) {
				free(list);
				return -EADDRINUSE;
			}
	qsort(list, arg->num_iovas, sizeof(*list), compare_ranges);
	free(ioas->allowed);
	ioas->allowed = list;
	ioas->n_allowed = arg->num_iovas;
	return 0;

err_inval:
	free(list);
	return -EINVAL;
}

static int
map(struct model_ctx *ctx, struct iommu_ioas_map *arg)
{
	const uint32_t access = IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE;
	struct model_ioas *const ioas = model_find_ioas(ctx, arg->ioas_id);
	struct model_area area = { .va = arg->user_va, .limited = (arg->flags & access) != access };
	uint64_t end;
	int ret;

	if ((arg->flags & ~(IOMMU_IOAS_MAP_FIXED_IOVA | access)) != 0 || arg->__reserved != 0)
		return -EOPNOTSUPP;
	if (arg->iova == UINT64_MAX || arg->length == UINT64_MAX)
		return -EOVERFLOW;
	if ((arg->flags & access) == 0)
		return -EINVAL;
	if (ioas == NULL)
		return -ENOENT;
	if (arg->length == 0 || arg->length > UINT64_MAX - PAGE)
		return -EINVAL;
	if (__builtin_add_overflow(arg->user_va, arg->length, &end))
		return -EOVERFLOW;
	if ((arg->length & (ioas->alignment - 1)) != 0)
		return -EINVAL;
	area.first = arg->iova;
	if ((arg->flags & IOMMU_IOAS_MAP_FIXED_IOVA) != 0)
		ret = check_fixed(ioas, arg->iova, arg->length);
	else
		ret = choose_iova(ioas, arg->user_va, arg->length, &area.first);
	if (ret < 0)
		return ret;
	if ((arg->user_va % PAGE & (ioas->alignment - 1)) != 0)
		return -EINVAL;
	area.last = area.first + (arg->length - 1);
	ret = ioas->users > 0 ? model_pin(&area) : 0;
	if (ret < 0)
		return ret;
	model_insert_area(ioas, area);
	if (model.changed != NULL)
		model.changed(area.first, area.last, true);
	arg->iova = area.first;
	return 0;
}

/* One whole area at a given IOVA; other ways of the kernel are not modelled. */
static int
copy(struct model_ctx *ctx, struct iommu_ioas_copy *arg)
{
	const uint32_t access = IOMMU_IOAS_MAP_WRITEABLE | IOMMU_IOAS_MAP_READABLE;
	struct model_ioas *const from = model_find_ioas(ctx, arg->src_ioas_id);
	struct model_ioas *const to = model_find_ioas(ctx, arg->dst_ioas_id);
	struct model_area *origin, area;
	uint64_t last;
	size_t i;
	int ret;

	if ((arg->flags & ~(IOMMU_IOAS_MAP_FIXED_IOVA | access)) != 0)
		return -EOPNOTSUPP;
	if (arg->length == UINT64_MAX || arg->src_iova == UINT64_MAX || arg->dst_iova == UINT64_MAX)
		return -EOVERFLOW;
	if ((arg->flags & access) == 0)
		return -EINVAL;
	if (from == NULL)
		return -ENOENT;
	if (arg->length == 0)
		return -EINVAL;
	if (__builtin_add_overflow(arg->src_iova, arg->length - 1, &last))
		return -EOVERFLOW;
	i = model_area_from(from, arg->src_iova);
	if (i == from->n_areas || from->areas[i].first > arg->src_iova ||
	    from->areas[i].last < last || to == NULL)
		return -ENOENT;
	origin = &from->areas[i];
	if (origin->first != arg->src_iova || origin->last != last ||
	    (arg->flags & IOMMU_IOAS_MAP_FIXED_IOVA) == 0)
		return -EOPNOTSUPP;
	if ((arg->length & (to->alignment - 1)) != 0)
		return -EINVAL;
	ret = check_fixed(to, arg->dst_iova, arg->length);
	if (ret < 0)
		return ret;
	if (origin->pages == NULL) {
		origin->pages = calloc(1, sizeof(*origin->pages));
		origin->pages->refs = 1;
		origin->pages->pins = from->users > 0;
	}
	area = *origin;
	area.first = arg->dst_iova;
	area.last = arg->dst_iova + (arg->length - 1);
	area.limited = (arg->flags & access) != access;
	ret = to->users > 0 ? model_pin(&area) : 0;
	if (ret < 0)
		return ret;
	area.pages->refs++;
	model_insert_area(to, area);
	return 0;
}

/* The kernel's iopt_unmap_iova_range(): areas that it has removed before it fails stay removed. */
static int
unmap_range(struct model_ioas *ioas, uint64_t first, uint64_t last, uint64_t *unmapped)
{
	for (;;) {
		const size_t i = model_area_from(ioas, first);
		const struct model_area *area;
		uint64_t area_last;

		if (i == ioas->n_areas || ioas->areas[i].first > last)
			return 0;
		area = &ioas->areas[i];
		if (area->first < first || area->last > last)
			return -ENOENT;
		area_last = area->last;
		if (model.changed != NULL)
			model.changed(area->first, area_last, false);
		*unmapped += area_last - area->first + 1;
		model_remove_area(ioas, i);
		if (area_last >= last)
			return 0;
		first = area_last + 1;
	}
}

static int
unmap(struct model_ctx *ctx, struct iommu_ioas_unmap *arg)
{
	struct model_ioas *const ioas = model_find_ioas(ctx, arg->ioas_id);
	uint64_t unmapped = 0, last;
	int ret;

	if (ioas == NULL)
		return -ENOENT;
	if (arg->iova == 0 && arg->length == UINT64_MAX) {
		ret = unmap_range(ioas, 0, UINT64_MAX, &unmapped);
	} else if (arg->iova == UINT64_MAX || arg->length == UINT64_MAX) {
		ret = -EOVERFLOW;
	} else if (arg->length == 0) {
		ret = -EINVAL;
	} else if (__builtin_add_overflow(arg->iova, arg->length - 1, &last)) {
		ret = -EOVERFLOW;
	} else {
		ret = unmap_range(ioas, arg->iova, last, &unmapped);
		if (ret == 0 && unmapped == 0)
			ret = -ENOENT;
	}
	if (ret == 0)
		arg->length = unmapped;
	return ret;
}

struct model_file *
model_file_of(int fd)
{
	if (fd < FIRST_FD || fd >= FIRST_FD + MAX_FILES || !files[fd - FIRST_FD].open)
		return NULL;
	return &files[fd - FIRST_FD];
}

void
model_put_ctx(struct model_ctx *ctx)
{
	if (--ctx->refs > 0)
		return;
	while (ctx->hwpts != NULL)
		free_hwpt(&ctx->hwpts);
	while (ctx->ioas != NULL)
		free_ioas(ctx->ioas);
	free(ctx);
}

void
model_detach_device(struct model_device *device)
{
	struct model_ioas *const ioas = device->ioas;

	if (ioas == NULL)
		return;
	device->ioas = NULL;
	device->hwpt = 0;
	leave_ioas(ioas);
}

static int
bind(int fd, struct model_device *device, struct vfio_device_bind_iommufd *arg)
{
	struct model_file *iommu;

	if (arg->argsz < member_end(struct vfio_device_bind_iommufd, out_devid) ||
	    arg->flags != 0 || arg->iommufd < 0)
		return -EINVAL;
	if (device->holder == MODEL_HELD_BY_GROUP || model_group_is_open(device))
		return -EBUSY;
	if (device->bound_fd == fd)
		return -EINVAL;
	iommu = model_file_of(arg->iommufd);
	if (iommu == NULL)
		return -EBADF;
	if (iommu->ctx == NULL)
		return -EBADFD;
	if (device->bound_fd >= 0 || device->holder == MODEL_HELD_BY_CDEV ||
	    device->holder == MODEL_HELD_BY_FIRMWARE)
		return -EINVAL;
	if (device->holder == MODEL_HELD_BY_NEIGHBOUR)
		return -EPERM;
	if (model.cdev_tokens && device->vf_token != NULL)
		return -EACCES;
	for (const struct model_device *d = model_devices; d != NULL; d = d->next)
		if (d->group == device->group && d->ctx != NULL && d->ctx != iommu->ctx)
			return -EPERM;
	device->ctx = iommu->ctx;
	device->ctx->refs++;
	device->bound_fd = fd;
	arg->out_devid = device->id = ++device->ctx->last_id;
	return 0;
}

int
model_attach_device(struct model_device *device, struct model_ioas *ioas)
{
	struct ioas_range reserved[6];
	const unsigned int n = device_reserved(device->iommu, reserved);
	int ret;

	ret = check_fits(ioas, reserved, n, device->iommu->page);
	if (ret == 0)
		ret = use_ioas(ioas, device->iommu->page);
	if (ret < 0)
		return ret;
	device->ioas = ioas;
	return 0;
}

/* The index of a PASID among the attached ones, or of the next one. */
static unsigned int
find_pasid(const struct model_device *device, uint32_t number)
{
	unsigned int i = 0;

	while (i < device->pasids && device->pasid[i].number != number)
		i++;
	return i;
}

static void
detach_pasid(struct model_device *device, unsigned int i)
{
	if (i == device->pasids)
		return;
	leave_ioas(device->pasid[i].ioas);
	device->pasid[i] = device->pasid[--device->pasids];
}

/* Linux 6.15. Only page tables that were made for PASIDs are accepted, for the device itself too. */
static int
attach_pasid(struct model_device *device, struct model_hwpt *hwpt, uint32_t number)
{
	const struct model_hwpt *const own = *find_hwpt(device->ctx, device->hwpt);
	const unsigned int i = find_pasid(device, number);

	if (hwpt == NULL || (hwpt->flags & HWPT_PASID) == 0 ||
	    (device->ioas != NULL && (own == NULL || (own->flags & HWPT_PASID) == 0)))
		return -EINVAL;
	if (i == sizeof(device->pasid) / sizeof(device->pasid[0]))
		return -ENOSPC;
	if (i < device->pasids)
		return device->pasid[i].hwpt == hwpt->id ? 0 : -EOPNOTSUPP; /* replacing is not modelled */
	device->pasid[i].number = number;
	device->pasid[i].hwpt = hwpt->id;
	device->pasid[i].ioas = hwpt->ioas;
	device->pasids++;
	return use_ioas(hwpt->ioas, device->iommu->page);
}

static int
attach(struct model_device *device, struct vfio_device_attach_iommufd_pt *arg)
{
	struct model_hwpt *hwpt;
	struct model_ioas *ioas;
	int ret;

	if (arg->argsz < member_end(struct vfio_device_attach_iommufd_pt, pt_id) ||
	    (arg->flags & ~(model.pasid ? 1u : 0)) != 0)
		return -EINVAL;
	hwpt = *find_hwpt(device->ctx, arg->pt_id);
	ioas = hwpt != NULL ? hwpt->ioas : model_find_ioas(device->ctx, arg->pt_id);
	if (ioas == NULL)
		return -ENOENT;
	if (arg->flags != 0)
		return arg->argsz < ATTACH_PASID_SIZE
			? -EINVAL : attach_pasid(device, hwpt, ((const uint32_t *)arg)[3]);
	if (device->pasids > 0 && (hwpt == NULL || (hwpt->flags & HWPT_PASID) == 0))
		return -EINVAL;
	if (device->ioas != NULL)
		return device->ioas == ioas ? 0 : -EOPNOTSUPP; /* replacing is not modelled */
	for (const struct model_device *d = model_devices; d != NULL; d = d->next)
		if (d->group == device->group && d->ioas != NULL && d->ioas != ioas)
			return -EINVAL;
	ret = model_attach_device(device, ioas);
	if (ret < 0)
		return ret;
	device->hwpt = hwpt != NULL ? hwpt->id : 0;
	if (hwpt == NULL)
		arg->pt_id = ++device->ctx->last_id;
	return 0;
}

static int
detach(struct model_device *device, struct vfio_device_detach_iommufd_pt *arg)
{
	if (arg->argsz < member_end(struct vfio_device_detach_iommufd_pt, flags) ||
	    (arg->flags & ~(model.pasid ? 1u : 0)) != 0)
		return -EINVAL;
	if (arg->flags != 0) {
		if (arg->argsz < DETACH_PASID_SIZE)
			return -EINVAL;
		detach_pasid(device, find_pasid(device, ((const uint32_t *)arg)[2]));
		return 0;
	}
	model_detach_device(device);
	return 0;
}

int
model_device_info(struct vfio_device_info *arg)
{
	if (arg->argsz < member_end(struct vfio_device_info, num_irqs))
		return -EINVAL;
	arg->flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	arg->num_regions = VFIO_PCI_NUM_REGIONS;
	arg->num_irqs = VFIO_PCI_NUM_IRQS;
	return 0;
}

static int
hw_info(const struct model_ctx *ctx, struct iommu_hw_info *arg)
{
	if (find_device(ctx, arg->dev_id) == NULL)
		return -ENOENT;
	arg->out_capabilities = model.dirty_tracking ? IOMMU_HW_CAP_DIRTY_TRACKING : 0;
	return 0;
}

/* The checks of copy_struct_from_user() and the table of operations before a call. */
static int
check_size(const void *arg, size_t least, size_t known)
{
	uint32_t size;

	memcpy(&size, arg, sizeof(size));
	if (size < least)
		return -EINVAL;
	for (size_t i = known; i < size; i++)
		if (((const char *)arg)[i] != 0)
			return -E2BIG;
	return 0;
}

#define CHECK(type, last) check_size(arg, member_end(struct type, last), sizeof(struct type))

static int
iommu_ioctl(struct model_ctx *ctx, unsigned long request, void *arg)
{
	int ret;

	switch (request) {
	case IOMMU_IOAS_ALLOC:
		ret = CHECK(iommu_ioas_alloc, out_ioas_id);
		return ret < 0 ? ret : ioas_alloc(ctx, arg);
	case IOMMU_DESTROY:
		ret = CHECK(iommu_destroy, id);
		return ret < 0 ? ret : destroy(ctx, arg);
	case IOMMU_IOAS_IOVA_RANGES:
		ret = CHECK(iommu_ioas_iova_ranges, out_iova_alignment);
		return ret < 0 ? ret : iova_ranges(ctx, arg);
	case IOMMU_IOAS_ALLOW_IOVAS:
		ret = CHECK(iommu_ioas_allow_iovas, allowed_iovas);
		return ret < 0 ? ret : allow_iovas(ctx, arg);
	case IOMMU_IOAS_MAP:
		ret = CHECK(iommu_ioas_map, iova);
		return ret < 0 ? ret : map(ctx, arg);
	case IOMMU_IOAS_COPY:
		ret = CHECK(iommu_ioas_copy, src_iova);
		return ret < 0 ? ret : copy(ctx, arg);
	case IOMMU_IOAS_UNMAP:
		ret = CHECK(iommu_ioas_unmap, length);
		return ret < 0 ? ret : unmap(ctx, arg);
	case IOMMU_HWPT_ALLOC:
		ret = CHECK(iommu_hwpt_alloc, __reserved);
		return ret < 0 ? ret : hwpt_alloc(ctx, arg);
	case IOMMU_VFIO_IOAS:
		ret = CHECK(iommu_vfio_ioas, __reserved);
		return ret < 0 ? ret : vfio_ioas(ctx, arg);
	case IOMMU_GET_HW_INFO:
		ret = CHECK(iommu_hw_info, __reserved);
		return ret < 0 ? ret : hw_info(ctx, arg);
	/* IOMMU_IOAS_MAP_FILE and IOMMU_IOAS_CHANGE_PROCESS, which the library never calls with a whole
	 * argument. */
	case _IO(IOMMUFD_TYPE, 0x8f):
	case _IO(IOMMUFD_TYPE, 0x92):
		return model.map_file ? -EINVAL : -ENOTTY;
	default:
		return -ENOTTY;
	}
}

static int
device_ioctl(int fd, const struct model_file *file, unsigned long request, void *arg)
{
	struct model_device *const device = file->device;

	if (file->through != NULL)
		return request == VFIO_DEVICE_GET_INFO ? model_device_info(arg) : -ENOTTY;
	if (request == VFIO_DEVICE_BIND_IOMMUFD)
		return bind(fd, device, arg);
	if (device->bound_fd != fd)
		return -EINVAL;
	switch (request) {
	case VFIO_DEVICE_ATTACH_IOMMUFD_PT:
		return attach(device, arg);
	case VFIO_DEVICE_DETACH_IOMMUFD_PT:
		return detach(device, arg);
	case VFIO_DEVICE_GET_INFO:
		return model_device_info(arg);
	default:
		return -ENOTTY;
	}
}

static enum model_call
kind_of(unsigned long request)
{
	switch (request) {
	case IOMMU_IOAS_ALLOC:
		return MODEL_IOAS_ALLOC;
	case IOMMU_DESTROY:
		return MODEL_DESTROY;
	case IOMMU_IOAS_IOVA_RANGES:
		return MODEL_IOVA_RANGES;
	case IOMMU_IOAS_ALLOW_IOVAS:
		return MODEL_ALLOW_IOVAS;
	case IOMMU_IOAS_MAP:
		return MODEL_MAP;
	case IOMMU_IOAS_COPY:
		return MODEL_COPY;
	case IOMMU_IOAS_UNMAP:
		return MODEL_UNMAP;
	case IOMMU_HWPT_ALLOC:
		return MODEL_HWPT_ALLOC;
	case VFIO_DEVICE_BIND_IOMMUFD:
		return MODEL_BIND;
	case VFIO_DEVICE_ATTACH_IOMMUFD_PT:
		return MODEL_ATTACH;
	case VFIO_DEVICE_DETACH_IOMMUFD_PT:
		return MODEL_DETACH;
	case VFIO_DEVICE_GET_INFO:
		return MODEL_GET_INFO;
	case VFIO_GROUP_SET_CONTAINER:
		return MODEL_SET_CONTAINER;
	case VFIO_SET_IOMMU:
		return MODEL_SET_IOMMU;
	case VFIO_GROUP_GET_DEVICE_FD:
		return MODEL_DEVICE_FD;
	case VFIO_IOMMU_GET_INFO:
		return MODEL_IOVA_RANGES;
	/* The opposite call, and those that create and remove windows, have numbers that other files use for
	 * bind, attach and detach. */
	case VFIO_IOMMU_SPAPR_REGISTER_MEMORY:
		return MODEL_REGISTER;
	case VFIO_IOMMU_MAP_DMA:
		return MODEL_MAP;
	case VFIO_IOMMU_UNMAP_DMA:
		return MODEL_UNMAP;
	default:
		return MODEL_OTHER;
	}
}

/* Counts a call. Returns the error with which it must fail, or 0. */
int
model_count(enum model_call kind)
{
	model.calls[kind]++;
	if (model.fail_at == 0 ||
	    (model.fail_kinds != 0 && (model.fail_kinds & (1u << kind)) == 0) ||
	    --model.fail_at > 0)
		return 0;
	model.failed = kind;
	return model.fail_error;
}

int
model_new_file(struct model_file what)
{
	for (int i = 0; i < MAX_FILES; i++) {
		if (files[i].open)
			continue;
		files[i] = what;
		files[i].open = true;
		files[i].id = ++last_id;
		return FIRST_FD + i;
	}
	return -EMFILE;
}

static int
open_iommu(void)
{
	struct model_ctx *ctx;
	int fd = model_count(MODEL_OPEN_IOMMU);

	if (fd < 0)
		return fd;
	if (model.iommu_error != 0)
		return model.iommu_error;
	ctx = calloc(1, sizeof(*ctx));
	ctx->refs = 1;
	fd = model_new_file((struct model_file){ .ctx = ctx });
	if (fd < 0)
		free(ctx);
	return fd;
}

static int
open_cdev(const char *path)
{
	struct model_device *device = model_devices;
	int ret = model_count(MODEL_OPEN_CDEV);
	unsigned int index;
	char end;

	if (ret < 0)
		return ret;
	if (sscanf(path, "/dev/vfio/devices/vfio%u%c", &index, &end) != 1)
		return -ENOENT;
	while (device != NULL && device->index != index)
		device = device->next;
	if (device == NULL)
		return -ENOENT;
	return device->open_error != 0 ? device->open_error
				       : model_new_file((struct model_file){ .device = device });
}

static int
model_open(const char *path, int flags)
{
	unsigned int number;
	char end;
	int fd;

	(void)flags;
	pthread_mutex_lock(&lock);
	if (strcmp(path, "/dev/iommu") == 0)
		fd = open_iommu();
	else if (strcmp(path, "/dev/vfio/vfio") == 0)
		fd = model_open_container();
	else if (sscanf(path, "/dev/vfio/%u%c", &number, &end) == 1)
		fd = model_open_group(number);
	else
		fd = open_cdev(path);
	pthread_mutex_unlock(&lock);
	return fd;
}

static bool
has_duplicate(const struct model_file *file)
{
	for (int i = 0; i < MAX_FILES; i++)
		if (files[i].open && &files[i] != file && files[i].id == file->id)
			return true;
	return false;
}

/* The kernel's action when the last descriptor of a file is closed. */
static void
release(struct model_file *file)
{
	struct model_device *const device = file->device;

	if (file->through == NULL && device != NULL && device->bound_fd == file->id) {
		while (device->pasids > 0)
			detach_pasid(device, 0);
		model_detach_device(device);
		device->bound_fd = -1;
		model_put_ctx(device->ctx);
		device->ctx = NULL;
	}
	model_close_vfio(file);
	if (file->ctx != NULL)
		model_put_ctx(file->ctx);
}

static void
model_close(int fd)
{
	struct model_file *file;

	pthread_mutex_lock(&lock);
	file = model_file_of(fd);
	if (file == NULL) {
		fprintf(stderr, "model: close of %d, which is not open\n", fd);
		abort();
	}
	if (!has_duplicate(file))
		release(file);
	*file = (struct model_file){ 0 };
	pthread_mutex_unlock(&lock);
}

static int
model_duplicate(int fd)
{
	const struct model_file *file;
	int ret = -EBADF;

	pthread_mutex_lock(&lock);
	file = model_file_of(fd);
	if (file != NULL && model_count(MODEL_OTHER) < 0) {
		ret = model.fail_error;
	} else if (file != NULL) {
		ret = model_new_file(*file);
		if (ret >= 0)
			model_file_of(ret)->id = file->id;
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

/* The numbers in sysfs: see model_start() and model_device_add(). */
static int
model_number(int fd, uint64_t *number)
{
	const struct model_file *file;
	int ret = 0;

	pthread_mutex_lock(&lock);
	file = model_file_of(fd);
	if (file == NULL)
		ret = -EBADF;
	else if (file->ctx != NULL)
		*number = makedev(10, 124);
	else if (file->container != NULL)
		*number = makedev(10, 196);
	else if (file->group != NULL)
		*number = makedev(510, model_group_number(file->group));
	else
		*number = makedev(511, file->device->index);
	pthread_mutex_unlock(&lock);
	return ret;
}

static int
model_ioctl(int fd, unsigned long request, void *arg)
{
	const struct model_file *file;
	int ret;

	pthread_mutex_lock(&lock);
	file = model_file_of(fd);
	ret = model_count(kind_of(request));
	if (file == NULL)
		ret = -EBADF;
	else if (ret < 0)
		;
	else if (file->ctx != NULL)
		ret = iommu_ioctl(file->ctx, request, arg);
	else if (file->container != NULL)
		ret = model_container_ioctl(file->container, request, arg);
	else if (file->group != NULL)
		ret = model_group_ioctl(file->group, request, arg);
	else
		ret = device_ioctl(file->id, file, request, arg);
	pthread_mutex_unlock(&lock);
	return ret;
}

static char sysfs[80];

static int
counted(enum model_call kind)
{
	int ret;

	pthread_mutex_lock(&lock);
	ret = model_count(kind);
	pthread_mutex_unlock(&lock);
	return ret;
}

static uint64_t
model_huge_page(void)
{
	return model.max_alignment;
}

static int
model_memory_at(uint64_t va, struct ioas_memory *memory)
{
	*memory = (struct ioas_memory){ .mapping = { va, va }, .page = model.memory_page, .writable = true };
	return 0;
}

static void
add_address_space(uint64_t size)
{
	pthread_mutex_lock(&lock);
	address_space += size;
	pthread_mutex_unlock(&lock);
}

static void *
model_reserve(uint64_t size, int prot, int *error)
{
	const int ret = size > model.address_space ? -ENOMEM : counted(MODEL_RESERVE);
	void *p;

	if (ret < 0) {
		*error = ret;
		return NULL;
	}
	p = ioas_sys_linux.reserve(size, prot, error);
	if (p != NULL)
		add_address_space(size);
	return p;
}

static void
model_unreserve(void *start, uint64_t size)
{
	ioas_sys_linux.unreserve(start, size);
	add_address_space(-size);
}

static int
model_commit(void *start, uint64_t size)
{
	const int ret = counted(MODEL_COMMIT);

	return ret < 0 ? ret : ioas_sys_linux.commit(start, size);
}

/* The model's NUMA nodes need not exist on this machine. */
static int
model_bind(void *start, uint64_t size, int node)
{
	(void)start;
	(void)size;
	(void)node;
	return model.bind_error;
}

static int
model_memory_file(uint64_t size, int node)
{
	const int ret = model.no_memory_file ? -EPERM : counted(MODEL_SHARE);

	(void)node;
	return ret < 0 ? ret : ioas_sys_linux.memory_file(size, -1);
}

static int
model_write_file(int fd, const void *from, uint64_t size, uint64_t offset)
{
	const int ret = counted(MODEL_SHARE);

	return ret < 0 ? ret : ioas_sys_linux.write_file(fd, from, size, offset);
}

static int
model_map_file(void *start, uint64_t size, int fd, uint64_t offset)
{
	const int ret = counted(MODEL_SHARE);

	return ret < 0 ? ret : ioas_sys_linux.map_file(start, size, fd, offset);
}

static int
model_map_zeros(void *start, uint64_t size)
{
	const int ret = counted(MODEL_SHARE);

	return ret < 0 ? ret : ioas_sys_linux.map_zeros(start, size);
}

static int
model_process(int *pid)
{
	const int fd = sys_process(pid);

	if (!model.no_pidfd)
		return fd;
	close(fd);
	return -ENOSYS;
}

static int
model_watch_open(bool removals)
{
	return model.watch_error != 0 ? model.watch_error : sys_watch_open(removals);
}

/* The same on each machine, so that tests forget the same parts. */
static uint64_t
model_page(void)
{
	return 4096;
}

static const struct ioas_sys model_sys = {
	.open = model_open,
	.close = model_close,
	.duplicate = model_duplicate,
	.number = model_number,
	.ioctl = model_ioctl,
	.sysfs = sysfs,
	.page = model_page,
	.huge_page = model_huge_page,
	.memory_at = model_memory_at,
	.process = model_process,
	.has_ended = sys_has_ended,
	.mappings = sys_mappings,
	.watch_open = model_watch_open,
	.watch_add = sys_watch_add,
	.watch_read = sys_watch_read,
	.reserve = model_reserve,
	.unreserve = model_unreserve,
	.commit = model_commit,
	.bind = model_bind,
	.memory_file = model_memory_file,
	.write_file = model_write_file,
	.map_file = model_map_file,
	.map_zeros = model_map_zeros,
};

/* A path below the root, in one of a few buffers in turn. */
static const char *
below(const char *format, const char *a, const char *b)
{
	static char buffer[4][384];
	static unsigned int turn;
	char *const path = buffer[turn++ % 4];
	const int n = snprintf(path, sizeof(buffer[0]), "%s/", sysfs);

	snprintf(path + n, sizeof(buffer[0]) - n, format, a, b);
	return path;
}

static void
need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

/* mkdir -p */
static void
make_folder(const char *path)
{
	char part[256];

	for (const char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		const int n = slash == NULL ? (int)strlen(path) : (int)(slash - path);

		snprintf(part, sizeof(part), "%.*s", n, path);
		need(mkdir(part, 0755) == 0 || errno == EEXIST, part);
		if (slash == NULL)
			return;
	}
}

/* Creates a file "dev" in a folder, as sysfs has it for nodes. */
static void
write_number(const char *folder, const char *name, unsigned int major, unsigned int minor)
{
	char path[384];
	FILE *file;

	snprintf(path, sizeof(path), "%s", below(folder, name, NULL));
	make_folder(path);
	strcat(path, "/dev");
	file = fopen(path, "w");
	need(file != NULL, path);
	fprintf(file, "%u:%u\n", major, minor);
	fclose(file);
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void
model_start(void)
{
	const char *const folder = getenv("TMPDIR");

	snprintf(root, sizeof(root), "%s/ioas-model-XXXXXX", folder != NULL ? folder : "/tmp");
	need(mkdtemp(root) != NULL, root);
	snprintf(sysfs, sizeof(sysfs), "%s/sys", root);
	make_folder(below("bus/pci/devices", NULL, NULL));
	make_folder(below("kernel/iommu_groups", NULL, NULL));
	write_number("class/misc/iommu", NULL, 10, 124);
	write_number("class/misc/vfio", NULL, 10, 196);
	model = (struct model){
		.memlock = UINT64_MAX,
		.address_space = UINT64_MAX,
		.max_alignment = UINT64_C(1) << 21,
		.dma_entry_limit = 65535,
		.type1_version = 2,
		.windows = 2,
		.memory_page = UINT64_C(1) << 21,
		.failed = MODEL_CALLS,
	};
	ioas_sys = &model_sys;
}

void
model_stop(void)
{
	while (model_devices != NULL) {
		struct model_device *const device = model_devices;

		model_devices = device->next;
		if (device->bound_fd >= 0)
			model_put_ctx(device->ctx);
		free(device);
	}
	n_devices = 0;
	for (int i = 0; i < MAX_FILES; i++)
		if (files[i].open && files[i].ctx != NULL)
			model_put_ctx(files[i].ctx);
	memset(files, 0, sizeof(files));
	model_stop_vfio();
	pinned = 0;
	need(nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0, root);
	ioas_sys = &ioas_sys_linux;
}

struct model_device *
model_device_add(const char *name, const struct model_iommu *iommu)
{
	struct model_device *const device = calloc(1, sizeof(*device));
	char text[128];
	FILE *file;

	snprintf(device->name, sizeof(device->name), "%s", name);
	device->iommu = iommu;
	if (iommu->spapr != 0)
		model.spapr = iommu->spapr;
	device->index = n_devices++;
	device->group = device->index;
	device->bound_fd = -1;
	device->next = model_devices;
	model_devices = device;

	/* As in Linux, bus/pci/devices holds symbolic links to the devices' folders. */
	make_folder(below("devices/pci0000:00/%s", name, NULL));
	snprintf(text, sizeof(text), "../../../devices/pci0000:00/%s", name);
	need(symlink(text, below("bus/pci/devices/%s", name, NULL)) == 0, name);
	model_device_driver(device, "vfio-pci");

	snprintf(text, sizeof(text), "%u", device->group);
	make_folder(below("kernel/iommu_groups/%s", text, NULL));
	file = fopen(below("kernel/iommu_groups/%s/reserved_regions", text, NULL), "w");
	need(file != NULL, "reserved_regions");
	for (unsigned int i = 0; i < iommu->n_reserved; i++)
		fprintf(file, "0x%016llx 0x%016llx msi\n",
			(unsigned long long)iommu->reserved[i].first,
			(unsigned long long)iommu->reserved[i].last);
	fclose(file);
	snprintf(text, sizeof(text), "../../../kernel/iommu_groups/%u", device->group);
	need(symlink(text, below("bus/pci/devices/%s/iommu_group", name, NULL)) == 0, name);
	snprintf(text, sizeof(text), "%u", device->group);
	write_number("class/vfio/%s", text, 510, device->group);
	snprintf(text, sizeof(text), "vfio%u", device->index);
	write_number("class/vfio-dev/%s", text, 511, device->index);
	return device;
}

struct model_device *
model_device_find(const char *name)
{
	struct model_device *device = model_devices;

	while (device != NULL && strcmp(device->name, name) != 0)
		device = device->next;
	return device;
}

/* The entries that vfio_register_group_dev() creates and its opposite removes. */
static void
show_vfio_dev(const struct model_device *device, bool show)
{
	char number[16];
	FILE *file;

	snprintf(number, sizeof(number), "vfio%u", device->index);
	if (show) {
		make_folder(below("bus/pci/devices/%s/vfio-dev/%s", device->name, number));
		file = fopen(below("bus/pci/devices/%s/vfio-dev/%s/dev", device->name, number),
			     "w");
		need(file != NULL, number);
		fprintf(file, "511:%u\n", device->index);
		fclose(file);
	} else {
		unlink(below("bus/pci/devices/%s/vfio-dev/%s/dev", device->name, number));
		rmdir(below("bus/pci/devices/%s/vfio-dev/%s", device->name, number));
		rmdir(below("bus/pci/devices/%s/vfio-dev", device->name, NULL));
	}
}

void
model_device_driver(struct model_device *device, const char *driver)
{
	char target[128];

	unlink(below("bus/pci/devices/%s/driver", device->name, NULL));
	show_vfio_dev(device, driver != NULL && strncmp(driver, "vfio", 4) == 0);
	if (driver == NULL)
		return;
	snprintf(target, sizeof(target), "../../../bus/pci/drivers/%s", driver);
	make_folder(below("bus/pci/drivers/%s", driver, NULL));
	need(symlink(target, below("bus/pci/devices/%s/driver", device->name, NULL)) == 0, driver);
}

void
model_device_join(struct model_device *device, const struct model_device *other)
{
	char target[64];

	device->group = other->group;
	need(unlink(below("bus/pci/devices/%s/iommu_group", device->name, NULL)) == 0,
	     device->name);
	snprintf(target, sizeof(target), "../../../kernel/iommu_groups/%u", device->group);
	need(symlink(target, below("bus/pci/devices/%s/iommu_group", device->name, NULL)) == 0,
	     target);
}

void
model_device_demands(struct model_device *device, struct ioas_range region)
{
	char group[16];
	FILE *file;

	snprintf(group, sizeof(group), "%u", device->group);
	file = fopen(below("kernel/iommu_groups/%s/reserved_regions", group, NULL), "a");
	need(file != NULL, "reserved_regions");
	fprintf(file, "0x%016llx 0x%016llx direct\n", (unsigned long long)region.first,
		(unsigned long long)region.last);
	fclose(file);
	device->holder = MODEL_HELD_BY_FIRMWARE;
}

void
model_device_no_cdev(struct model_device *device)
{
	char number[16];

	snprintf(number, sizeof(number), "vfio%u", device->index);
	need(unlink(below("bus/pci/devices/%s/vfio-dev/%s/dev", device->name, number)) == 0,
	     number);
}

void
model_device_no_iommu(struct model_device *device)
{
	model_device_no_cdev(device);
	need(unlink(below("bus/pci/devices/%s/iommu_group", device->name, NULL)) == 0,
	     device->name);
}

void
model_device_vfio_no_iommu(struct model_device *device, bool cdev)
{
	char number[16], path[384];
	FILE *file;

	snprintf(number, sizeof(number), "vfio%u", device->index);
	if (!cdev) {
		model_device_no_cdev(device);
	} else {
		snprintf(path, sizeof(path), "%s/noiommu-%s",
			 below("bus/pci/devices/%s/vfio-dev", device->name, NULL), number);
		need(rename(below("bus/pci/devices/%s/vfio-dev/%s", device->name, number), path) == 0, path);
	}
	snprintf(number, sizeof(number), "%u", device->group);
	file = fopen(below("kernel/iommu_groups/%s/name", number, NULL), "w");
	need(file != NULL, "name");
	fputs("vfio-noiommu\n", file);
	fclose(file);
}

uint64_t
model_total_calls(void)
{
	uint64_t total = 0;

	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < MODEL_CALLS; i++)
		if (i != MODEL_RESERVE && i != MODEL_COMMIT && i != MODEL_SHARE)
			total += model.calls[i];
	pthread_mutex_unlock(&lock);
	return total;
}

void
model_forget(void)
{
	pthread_mutex_lock(&lock);
	memset(model.calls, 0, sizeof(model.calls));
	model.passed = 0;
	pthread_mutex_unlock(&lock);
}

void
model_fail(unsigned int n, uint32_t kinds, int error)
{
	pthread_mutex_lock(&lock);
	model.fail_at = n;
	model.fail_kinds = kinds;
	model.fail_error = error;
	model.failed = MODEL_CALLS;
	pthread_mutex_unlock(&lock);
}

unsigned int
model_open_files(void)
{
	unsigned int n = 0;

	pthread_mutex_lock(&lock);
	for (int i = 0; i < MAX_FILES; i++)
		n += files[i].open;
	pthread_mutex_unlock(&lock);
	return n;
}

/* Whether no earlier descriptor has the same context. */
static bool
is_first(int file)
{
	int i = 0;

	while (i < file && (!files[i].open || files[i].ctx != files[file].ctx))
		i++;
	return i == file;
}

uint64_t
model_areas(void)
{
	uint64_t n = 0;

	pthread_mutex_lock(&lock);
	for (int i = 0; i < MAX_FILES; i++)
		if (files[i].open && files[i].ctx != NULL && is_first(i))
			for (struct model_ioas *s = files[i].ctx->ioas; s != NULL; s = s->next)
				n += s->n_areas;
	n += model_container_areas();
	pthread_mutex_unlock(&lock);
	return n;
}

uint64_t
model_pinned(void)
{
	uint64_t bytes;

	pthread_mutex_lock(&lock);
	bytes = pinned;
	pthread_mutex_unlock(&lock);
	return bytes;
}

unsigned int
model_attached(void)
{
	unsigned int n = 0;

	pthread_mutex_lock(&lock);
	for (const struct model_device *d = model_devices; d != NULL; d = d->next)
		n += d->ioas != NULL;
	pthread_mutex_unlock(&lock);
	return n;
}

unsigned int
model_hwpts(void)
{
	unsigned int n;

	pthread_mutex_lock(&lock);
	n = hwpts;
	pthread_mutex_unlock(&lock);
	return n;
}

uint64_t
model_reserved(void)
{
	uint64_t bytes;

	pthread_mutex_lock(&lock);
	bytes = address_space;
	pthread_mutex_unlock(&lock);
	return bytes;
}

uint64_t
model_translate(const struct model_device *device, uint64_t iova)
{
	uint64_t va = UINT64_MAX;

	pthread_mutex_lock(&lock);
	if (device->ioas != NULL) {
		const struct model_ioas *const ioas = device->ioas;
		const size_t i = model_area_from(ioas, iova);

		if (i < ioas->n_areas && ioas->areas[i].first <= iova && !ioas->areas[i].limited)
			va = ioas->areas[i].va + (iova - ioas->areas[i].first);
	}
	pthread_mutex_unlock(&lock);
	return va;
}
