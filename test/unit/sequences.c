/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Sequences of calls that must get the same answers from the model of the kernel and from a kernel.
 *
 *	ioas-sequences                          the model, as Intel VT-d with 39 bits
 *	ioas-sequences --preset amd             the model, as another IOMMU
 *	ioas-sequences --ranges 0-0xfedfffff,…  the model, with these usable ranges
 *	ioas-sequences --map-file               the model, with the calls of Linux 6.13
 *	ioas-sequences --device 0000:00:02.0    the kernel, with a device that is bound to vfio-pci
 *	ioas-sequences --backend type1 …        through another backend; the sequences of the library
 *	                                        must get the same answers from each
 *
 * The transcript on standard output is the same for the same usable ranges: compare the two with diff. Data
 * that may differ between machines (addresses of memory, names, descriptors) is not printed.
 *
 * Answers that every kernel must give are checked here too: the exit status is the number of failed checks.
 * No CUnit, because this runs in a guest that only has libc.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "ioas.h"
#include "kernel_model.h"
#include "sys.h"
#include <linux/iommufd.h>
#include <linux/vfio.h>

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define PAGE UINT64_C(4096)

/* In pages of the CPU, because memory is registered in them on POWER. Elsewhere they have 4 KiB. */
#define PAGES(n) ((uint64_t)(n) * sysconf(_SC_PAGESIZE))

/* The memory that every sequence maps: 64 MiB at the same address in every run, in the part of the address
 * space that the address and thread sanitizers leave to the program. */
#define MEMORY_SIZE MIB(64)
#define MEMORY_AT UINT64_C(0x7e9040000000)

static const char *bdf;
static const char *backend = "iommufd";
static char cdev[PATH_MAX];
static uint64_t memory;
static unsigned int failures;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
}

/* The name of an error, which is the same on every architecture, unlike its number. */
static const char *
answer(int ret)
{
	static char number[4][16];
	static unsigned int turn;
	char *text;

	if (ret < 0)
		return strerrorname_np(-ret);
	text = number[turn++ % 4];
	snprintf(text, sizeof(number[0]), "%d", ret);
	return text;
}

static bool
check(bool ok, const char *what)
{
	if (!ok) {
		say("FAILED: %s", what);
		failures++;
	}
	return ok;
}

#define CHECK(condition) check(condition, #condition)

/* Prints the answer and checks it. */
static void
expect(const char *what, int ret, int expected)
{
	say("%s: %s", what, answer(ret));
	if (ret != expected) {
		say("FAILED: %s: expected %s", what, answer(expected));
		failures++;
	}
}

static void *
at(uint64_t offset)
{
	return (void *)(uintptr_t)(memory + offset);
}

/* --- The kernel's rules, by direct calls through the seam --- */

static int iommu, device;
static uint32_t ioas_id, device_id;

static int
call(int fd, unsigned long request, void *arg)
{
	const int ret = ioas_sys->ioctl(fd, request, arg);

	return ret < 0 ? ret : 0;
}

static int
raw_map(uint64_t va, uint64_t length, bool fixed, uint64_t *iova)
{
	struct iommu_ioas_map arg = {
		.size = sizeof(arg),
		.flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE |
			 (fixed ? IOMMU_IOAS_MAP_FIXED_IOVA : 0),
		.ioas_id = ioas_id,
		.user_va = va,
		.length = length,
		.iova = *iova,
	};
	const int ret = call(iommu, IOMMU_IOAS_MAP, &arg);

	*iova = arg.iova;
	return ret;
}

static int
raw_fixed(uint64_t va, uint64_t length, uint64_t iova)
{
	return raw_map(va, length, true, &iova);
}

static void
raw_chosen(const char *what, uint64_t va, uint64_t length)
{
	uint64_t iova = 0;
	const int ret = raw_map(va, length, false, &iova);

	if (ret == 0)
		say("%s: at 0x%" PRIx64, what, iova);
	else
		say("%s: %s", what, answer(ret));
}

static int
raw_unmap(uint64_t iova, uint64_t length)
{
	struct iommu_ioas_unmap arg = {
		.size = sizeof(arg),
		.ioas_id = ioas_id,
		.iova = iova,
		.length = length,
	};
	const int ret = call(iommu, IOMMU_IOAS_UNMAP, &arg);

	if (ret == 0)
		say("unmapped 0x%" PRIx64 " bytes", (uint64_t)arg.length);
	return ret;
}

static int
raw_allow(const struct iommu_iova_range *ranges, uint32_t n)
{
	struct iommu_ioas_allow_iovas arg = {
		.size = sizeof(arg),
		.ioas_id = ioas_id,
		.num_iovas = n,
		.allowed_iovas = (uintptr_t)ranges,
	};

	return call(iommu, IOMMU_IOAS_ALLOW_IOVAS, &arg);
}

static int
raw_allow_one(uint64_t first, uint64_t last)
{
	const struct iommu_iova_range range = { first, last };

	return raw_allow(&range, 1);
}

static int
raw_ranges(struct iommu_iova_range *ranges, uint32_t *n, uint64_t *alignment)
{
	struct iommu_ioas_iova_ranges arg = {
		.size = sizeof(arg),
		.ioas_id = ioas_id,
		.num_iovas = *n,
		.allowed_iovas = (uintptr_t)ranges,
	};
	const int ret = call(iommu, IOMMU_IOAS_IOVA_RANGES, &arg);

	*n = arg.num_iovas;
	*alignment = arg.out_iova_alignment;
	return ret;
}

static int
raw_bind(int fd, int to)
{
	struct vfio_device_bind_iommufd arg = { .argsz = sizeof(arg), .iommufd = to };
	const int ret = call(fd, VFIO_DEVICE_BIND_IOMMUFD, &arg);

	device_id = arg.out_devid;
	return ret;
}

static int
raw_attach(uint32_t to)
{
	struct vfio_device_attach_iommufd_pt arg = { .argsz = sizeof(arg), .pt_id = to };

	return call(device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &arg);
}

static int
raw_detach(void)
{
	struct vfio_device_detach_iommufd_pt arg = { .argsz = sizeof(arg) };

	return call(device, VFIO_DEVICE_DETACH_IOMMUFD_PT, &arg);
}

static int
raw_destroy(uint32_t id)
{
	struct iommu_destroy arg = { .size = sizeof(arg), .id = id };

	return call(iommu, IOMMU_DESTROY, &arg);
}

/* Opens both, binds, and attaches on request. */
static bool
raw_open(bool attached)
{
	struct iommu_ioas_alloc arg = { .size = sizeof(arg) };

	iommu = ioas_sys->open("/dev/iommu", O_RDWR | O_CLOEXEC);
	device = ioas_sys->open(cdev, O_RDWR | O_CLOEXEC);
	if (!CHECK(iommu >= 0) || !CHECK(device >= 0) ||
	    !CHECK(call(iommu, IOMMU_IOAS_ALLOC, &arg) == 0))
		return false;
	ioas_id = arg.out_ioas_id;
	return CHECK(raw_bind(device, iommu) == 0) &&
	       (!attached || CHECK(raw_attach(ioas_id) == 0));
}

static void
raw_close(void)
{
	if (device >= 0)
		ioas_sys->close(device);
	if (iommu >= 0)
		ioas_sys->close(iommu);
}

static void
say_ranges(const char *when)
{
	struct iommu_iova_range ranges[16] = { 0 };
	uint64_t alignment = 0;
	uint32_t n = 0;
	int ret;

	ret = raw_ranges(NULL, &n, &alignment);
	say("%s, no room: %s, %u ranges, alignment %" PRIu64, when, answer(ret), n, alignment);
	n = 1;
	ret = raw_ranges(ranges, &n, &alignment);
	say("%s, room for one: %s, %u ranges, the first 0x%" PRIx64 "-0x%" PRIx64, when,
	    answer(ret), n, (uint64_t)ranges[0].start, (uint64_t)ranges[0].last);
	n = 16;
	ret = raw_ranges(ranges, &n, &alignment);
	say("%s, room for 16: %s, %u ranges", when, answer(ret), n);
	for (uint32_t i = 0; ret == 0 && i < n && i < 16; i++)
		say("  0x%" PRIx64 "-0x%" PRIx64, (uint64_t)ranges[i].start,
		    (uint64_t)ranges[i].last);
}

static void
kernel_ranges(void)
{
	if (!raw_open(false))
		return;
	say_ranges("before an attach");
	expect("attach", raw_attach(ioas_id), 0);
	say_ranges("attached");
	expect("detach", raw_detach(), 0);
	say_ranges("detached");
}

static void
kernel_sizes(void)
{
	struct {
		struct iommu_ioas_alloc arg;
		uint32_t beyond;
	} alloc = { .arg = { .size = sizeof(alloc) } };
	struct iommu_ioas_map map = { .size = offsetof(struct iommu_ioas_map, iova) };

	if (!raw_open(true))
		return;
	expect("larger, zero beyond", call(iommu, IOMMU_IOAS_ALLOC, &alloc), 0);
	alloc.beyond = 1;
	expect("larger, not zero beyond", call(iommu, IOMMU_IOAS_ALLOC, &alloc), -E2BIG);
	alloc.arg.size = 8;
	expect("too small", call(iommu, IOMMU_IOAS_ALLOC, &alloc), -EINVAL);
	alloc.arg.size = sizeof(alloc.arg);
	alloc.arg.flags = 1;
	expect("unknown flag", call(iommu, IOMMU_IOAS_ALLOC, &alloc), -EOPNOTSUPP);
	expect("map: too small", call(iommu, IOMMU_IOAS_MAP, &map), -EINVAL);
	map.size = sizeof(map);
	map.flags = 1u << 31;
	expect("map: unknown flag", call(iommu, IOMMU_IOAS_MAP, &map), -EOPNOTSUPP);
	map.flags = 0;
	expect("map: neither read nor write", call(iommu, IOMMU_IOAS_MAP, &map), -EINVAL);
	map.flags = IOMMU_IOAS_MAP_READABLE;
	map.ioas_id = 1000;
	map.length = PAGE;
	expect("map: no such ioas", call(iommu, IOMMU_IOAS_MAP, &map), -ENOENT);
	expect("destroy: no such ioas", raw_destroy(1000), -ENOENT);
	expect("destroy: attached", raw_destroy(ioas_id), -EBUSY);
}

static void
kernel_unmap(void)
{
	if (!raw_open(true))
		return;
	for (unsigned int i = 0; i < 8; i++)
		expect("fixed", raw_fixed(memory + i * KIB(8), KIB(8), MIB(16) + i * KIB(8)), 0);
	expect("length 0", raw_unmap(MIB(16), 0), -EINVAL);
	expect("wraps", raw_unmap(UINT64_MAX - PAGE + 1, KIB(8)), -EOVERFLOW);
	expect("first half of the first", raw_unmap(MIB(16), PAGE), -ENOENT);
	expect("starts in the middle of the first", raw_unmap(MIB(16) + PAGE, KIB(28)), -ENOENT);
	expect("that removed nothing", raw_fixed(memory, PAGE, MIB(16) + KIB(8)), -EEXIST);
	expect("ends in the middle of the third", raw_unmap(MIB(16), KIB(20)), -ENOENT);
	expect("that removed the first", raw_fixed(memory, KIB(8), MIB(16)), 0);
	expect("and the second", raw_fixed(memory, KIB(8), MIB(16) + KIB(8)), 0);
	expect("but not the third", raw_fixed(memory, KIB(8), MIB(16) + KIB(16)), -EEXIST);
	expect("two whole ones", raw_unmap(MIB(16), KIB(16)), 0);
	expect("a hole", raw_unmap(MIB(16), KIB(16)), -ENOENT);
	expect("a hole and one", raw_unmap(MIB(16), KIB(24)), 0);
	expect("never mapped", raw_unmap(MIB(512), MIB(1)), -ENOENT);
	expect("all", raw_unmap(0, UINT64_MAX), 0);
	expect("all, with nothing left", raw_unmap(0, UINT64_MAX), 0);
}

static void
kernel_fixed(void)
{
	struct iommu_iova_range ranges[16];
	uint64_t alignment;
	uint32_t n = 16;

	if (!raw_open(true) || !CHECK(raw_ranges(ranges, &n, &alignment) == 0))
		return;
	expect("0", raw_fixed(memory, PAGE, 0), 0);
	expect("1 MiB", raw_fixed(memory, KIB(16), MIB(1)), 0);
	expect("the same memory elsewhere", raw_fixed(memory, KIB(16), MIB(2)), 0);
	expect("onto the first byte of it", raw_fixed(memory, KIB(8), MIB(1) - PAGE), -EEXIST);
	expect("onto the last byte of it", raw_fixed(memory, PAGE, MIB(1) + KIB(12)), -EEXIST);
	expect("right before", raw_fixed(memory, PAGE, MIB(1) - PAGE), 0);
	expect("right behind", raw_fixed(memory, PAGE, MIB(1) + KIB(16)), 0);
	expect("misaligned iova", raw_fixed(memory, PAGE, MIB(4) + 1), -EINVAL);
	expect("misaligned length", raw_fixed(memory, PAGE + 1, MIB(4)), -EINVAL);
	expect("misaligned address", raw_fixed(memory + 1, PAGE, MIB(4)), -EINVAL);
	expect("length 0", raw_fixed(memory, 0, MIB(4)), -EINVAL);
	expect("address wraps", raw_fixed(UINT64_MAX - PAGE + 1, KIB(8), MIB(4)), -EOVERFLOW);
	expect("iova wraps", raw_fixed(memory, KIB(8), UINT64_MAX - PAGE + 1), -EOVERFLOW);
	for (uint32_t i = 0; i < n; i++) {
		const uint64_t last = ranges[i].last;

		if (last == UINT64_MAX)
			continue;
		expect("the last page of a range", raw_fixed(memory, PAGE, last - PAGE + 1), 0);
		expect("one beyond", raw_fixed(memory, PAGE, last + 1), -EINVAL);
		expect("across its end", raw_fixed(memory, KIB(8), last - PAGE + 1), -EINVAL);
	}
}

static void
kernel_chosen(void)
{
	if (!raw_open(true))
		return;
	raw_chosen("a page", memory + PAGE, PAGE);
	raw_chosen("three pages of an address of 1 GiB", memory, KIB(12));
	raw_chosen("three pages of an address of 4 KiB", memory + PAGE, KIB(12));
	raw_chosen("2 MiB", memory, MIB(2));
	raw_chosen("2 MiB again", memory, MIB(2));
	raw_chosen("2 MiB and a page", memory, MIB(2) + PAGE);
	raw_chosen("8 MiB", memory, MIB(8));
	raw_chosen("another page", memory + PAGE, PAGE);
	expect("unmap the first page", raw_unmap(PAGE, PAGE), 0);
	raw_chosen("a page goes to the hole", memory + PAGE, PAGE);
	expect("allow a window", raw_allow_one(MIB(64), MIB(64) + KIB(32) - 1), 0);
	raw_chosen("a page", memory + PAGE, PAGE);
	raw_chosen("12 KiB", memory, KIB(12));
	raw_chosen("12 KiB", memory, KIB(12));
	raw_chosen("a page", memory + PAGE, PAGE);
	expect("a window that does not start at 16 KiB", raw_allow_one(MIB(65) + KIB(8),
								      MIB(65) + KIB(20) - 1), 0);
	raw_chosen("12 KiB of an aligned address", memory, KIB(12));
	raw_chosen("12 KiB of one that is not", memory + KIB(8), KIB(12));
	expect("a window of one GiB", raw_allow_one(MIB(1024), MIB(1024) + MEMORY_SIZE - 1), 0);
	raw_chosen("all of the memory", memory, MEMORY_SIZE);
	raw_chosen("one page more", memory, PAGE);
	expect("fixed, outside the window", raw_fixed(memory, PAGE, MIB(96)), 0);
	expect("allow everything", raw_allow(NULL, 0), 0);
	raw_chosen("one page more", memory, PAGE);
}

static void
kernel_allow(void)
{
	struct iommu_iova_range ranges[16], pair[2];
	uint64_t alignment;
	uint32_t n = 16;

	if (!raw_open(true) || !CHECK(raw_ranges(ranges, &n, &alignment) == 0))
		return;
	for (uint32_t i = 0; i < n; i++) {
		if (ranges[i].last == UINT64_MAX)
			continue;
		expect("up to the end of a range", raw_allow_one(ranges[i].last - MIB(1) + 1,
								 ranges[i].last), 0);
		expect("one byte into what is reserved",
		       raw_allow_one(ranges[i].last - MIB(1) + 1, ranges[i].last + 1),
		       -EADDRINUSE);
	}
	expect("one byte", raw_allow_one(MIB(1), MIB(1)), -EINVAL);
	expect("upside down", raw_allow_one(MIB(2), MIB(1)), -EINVAL);
	pair[0] = (struct iommu_iova_range){ MIB(1), MIB(2) };
	pair[1] = (struct iommu_iova_range){ MIB(2), MIB(3) };
	expect("two that overlap", raw_allow(pair, 2), -EINVAL);
	pair[0] = (struct iommu_iova_range){ MIB(2), MIB(3) - 1 };
	pair[1] = (struct iommu_iova_range){ MIB(1), MIB(1) + KIB(8) - 1 };
	expect("two, not in order", raw_allow(pair, 2), 0);
	raw_chosen("the lower one first", memory + PAGE, PAGE);
	raw_chosen("and again", memory + PAGE, PAGE);
	raw_chosen("then the upper one", memory + PAGE, PAGE);
	expect("detach", raw_detach(), 0);
	expect("across what was reserved", raw_allow_one(ranges[0].last - PAGE + 1,
							 ranges[0].last + PAGE), 0);
	expect("an attach that would take it away", raw_attach(ioas_id), -EADDRINUSE);
	expect("allow everything", raw_allow(NULL, 0), 0);
	expect("attach", raw_attach(ioas_id), 0);
}

static void
kernel_bind(void)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_device_bind_iommufd small = { .argsz = 8 };
	int second;

	iommu = ioas_sys->open("/dev/iommu", O_RDWR | O_CLOEXEC);
	device = ioas_sys->open(cdev, O_RDWR | O_CLOEXEC);
	second = ioas_sys->open(cdev, O_RDWR | O_CLOEXEC);
	if (!CHECK(iommu >= 0) || !CHECK(device >= 0) || !CHECK(second >= 0))
		return;
	small.iommufd = iommu;
	expect("info before the bind", call(device, VFIO_DEVICE_GET_INFO, &info), -EINVAL);
	expect("attach before the bind", raw_attach(1), -EINVAL);
	expect("bind: too small", call(device, VFIO_DEVICE_BIND_IOMMUFD, &small), -EINVAL);
	expect("bind to -1", raw_bind(device, -1), -EINVAL);
	expect("bind to no descriptor", raw_bind(device, 999), -EBADF);
	expect("bind to itself", raw_bind(device, device), -EBADFD);
	expect("bind", raw_bind(device, iommu), 0);
	expect("bind again", raw_bind(device, iommu), -EINVAL);
	expect("bind a second descriptor", raw_bind(second, iommu), -EINVAL);
	expect("attach to nothing", raw_attach(1000), -ENOENT);
	expect("detach what is not attached", raw_detach(), 0);
	expect("info", call(device, VFIO_DEVICE_GET_INFO, &info), 0);
	ioas_sys->close(device);
	expect("bind the second after the first has gone", raw_bind(second, iommu), 0);
	device = second;
}

static void
kernel_attach(void)
{
	struct iommu_iova_range ranges[16];
	uint64_t alignment, lost;
	uint32_t n = 16;

	if (!raw_open(true) || !CHECK(raw_ranges(ranges, &n, &alignment) == 0))
		return;
	lost = ranges[0].last + 1;
	expect("map", raw_fixed(memory, MIB(2), MIB(2)), 0);
	expect("detach", raw_detach(), 0);
	expect("the area is still there", raw_fixed(memory, PAGE, MIB(3)), -EEXIST);
	expect("attach", raw_attach(ioas_id), 0);
	expect("attach again", raw_attach(ioas_id), 0);
	expect("detach", raw_detach(), 0);
	expect("map what will be reserved", raw_fixed(memory, PAGE, lost), 0);
	expect("attach", raw_attach(ioas_id), -EADDRINUSE);
	expect("unmap it", raw_unmap(lost, PAGE), 0);
	expect("attach", raw_attach(ioas_id), 0);
	expect("detach", raw_detach(), 0);
	expect("map less than a page", raw_fixed(memory, 512, MIB(8)), 0);
	expect("attach", raw_attach(ioas_id), -EADDRINUSE);
	expect("unmap it", raw_unmap(MIB(8), 512), 0);
	expect("attach", raw_attach(ioas_id), 0);
	expect("destroy", raw_destroy(ioas_id), -EBUSY);
	expect("detach", raw_detach(), 0);
	expect("destroy with an area", raw_destroy(ioas_id), 0);
}

static int
raw_copy(uint32_t from, uint64_t src, uint64_t length, uint64_t dst)
{
	struct iommu_ioas_copy arg = {
		.size = sizeof(arg),
		.flags = IOMMU_IOAS_MAP_READABLE | IOMMU_IOAS_MAP_WRITEABLE |
			 IOMMU_IOAS_MAP_FIXED_IOVA,
		.dst_ioas_id = ioas_id,
		.src_ioas_id = from,
		.length = length,
		.dst_iova = dst,
		.src_iova = src,
	};

	return call(iommu, IOMMU_IOAS_COPY, &arg);
}

/* From an IOAS without a device into the one with the device. */
static void
kernel_copy(void)
{
	struct iommu_ioas_alloc alloc = { .size = sizeof(alloc) };
	struct iommu_iova_range ranges[16];
	const uint64_t bad = memory + MIB(32);
	uint64_t alignment;
	uint32_t with_device, n = 16;

	if (!raw_open(true) || !CHECK(call(iommu, IOMMU_IOAS_ALLOC, &alloc) == 0) ||
	    !CHECK(raw_ranges(ranges, &n, &alignment) == 0))
		return;
	CHECK(mprotect(at(MIB(32)), MIB(1), PROT_NONE) == 0);
	with_device = ioas_id;
	ioas_id = alloc.out_ioas_id;
	expect("map 2 MiB", raw_fixed(memory, MIB(2), MIB(8)), 0);
	expect("map 16 KiB", raw_fixed(memory + MIB(4), KIB(16), MIB(12)), 0);
	expect("map no memory, no device", raw_fixed(bad, PAGE, MIB(16)), 0);
	ioas_id = with_device;
	expect("copy to the same IOVA", raw_copy(alloc.out_ioas_id, MIB(8), MIB(2), MIB(8)), 0);
	expect("again", raw_copy(alloc.out_ioas_id, MIB(8), MIB(2), MIB(8)), -EEXIST);
	expect("to its last page", raw_copy(alloc.out_ioas_id, MIB(12), KIB(16), MIB(10) - PAGE),
	       -EEXIST);
	expect("to another IOVA", raw_copy(alloc.out_ioas_id, MIB(8), MIB(2), MIB(10)), 0);
	expect("nothing", raw_copy(alloc.out_ioas_id, MIB(8), 0, MIB(20)), -EINVAL);
	expect("what is not mapped", raw_copy(alloc.out_ioas_id, MIB(14), MIB(2), MIB(20)), -ENOENT);
	expect("more than is mapped", raw_copy(alloc.out_ioas_id, MIB(12), KIB(20), MIB(20)),
	       -ENOENT);
	expect("from no IOAS", raw_copy(with_device + 100, MIB(8), MIB(2), MIB(20)), -ENOENT);
	expect("misaligned", raw_copy(alloc.out_ioas_id, MIB(12), KIB(16), MIB(20) + 512), -EINVAL);
	expect("no memory", raw_copy(alloc.out_ioas_id, MIB(16), PAGE, MIB(20)), -EFAULT);
	if (n > 1)
		expect("to what is reserved",
		       raw_copy(alloc.out_ioas_id, MIB(12), KIB(16), ranges[0].last + 1), -EINVAL);
	expect("inside of one IOAS", raw_copy(with_device, MIB(8), MIB(2), MIB(20)), 0);
	ioas_id = alloc.out_ioas_id;
	expect("unmap the origin", raw_unmap(MIB(8), MIB(2)), 0);
	ioas_id = with_device;
	expect("the copy is still there", raw_fixed(memory, PAGE, MIB(8)), -EEXIST);
	expect("unmap it", raw_unmap(MIB(8), MIB(2)), 0);
	expect("and the other", raw_unmap(MIB(10), MIB(2)), 0);
	expect("destroy the first", raw_destroy(alloc.out_ioas_id), 0);
	CHECK(mprotect(at(MIB(32)), MIB(1), PROT_READ | PROT_WRITE) == 0);
}

static int
raw_hwpt(uint32_t dev_id, uint32_t of, uint32_t flags, uint32_t *hwpt)
{
	struct iommu_hwpt_alloc arg = {
		.size = sizeof(arg),
		.flags = flags,
		.dev_id = dev_id,
		.pt_id = of,
	};
	const int ret = call(iommu, IOMMU_HWPT_ALLOC, &arg);

	*hwpt = arg.out_hwpt_id;
	return ret;
}

/* An explicit page table has its IOAS and the areas in it, as a device would. */
static void
kernel_page_tables(void)
{
	const uint64_t bad = memory + MIB(32);
	uint32_t hwpt = 0, second = 0;

	CHECK(mprotect(at(MIB(32)), MIB(1), PROT_NONE) == 0);
	if (!raw_open(false))
		return;
	expect("no such device", raw_hwpt(1000, ioas_id, 0, &hwpt), -ENOENT);
	expect("no such IOAS", raw_hwpt(device_id, 1000, 0, &hwpt), -EINVAL);
	expect("unknown flag", raw_hwpt(device_id, ioas_id, 1u << 31, &hwpt), -EOPNOTSUPP);
	expect("map no memory", raw_fixed(bad, PAGE, MIB(8)), 0);
	say("a page table: %s", answer(raw_hwpt(device_id, ioas_id, 0, &hwpt)));
	expect("unmap it", raw_unmap(MIB(8), PAGE), 0);
	expect("a page table", raw_hwpt(device_id, ioas_id, 0, &hwpt), 0);
	say_ranges("with a page table");
	say("map: %s", answer(raw_fixed(memory, PAGE, MIB(8))));
	say("map no memory: %s", answer(raw_fixed(bad, PAGE, MIB(9))));
	say("a second page table: %s", answer(raw_hwpt(device_id, ioas_id, 0, &second)));
	expect("destroy the IOAS", raw_destroy(ioas_id), -EBUSY);
	say("attach: %s", answer(raw_attach(hwpt)));
	say_ranges("attached");
	say("destroy the page table: %s", answer(raw_destroy(hwpt)));
	expect("detach", raw_detach(), 0);
	say_ranges("detached");
	expect("destroy the IOAS", raw_destroy(ioas_id), -EBUSY);
	say("destroy the page table: %s", answer(raw_destroy(hwpt)));
	say("and the second: %s", answer(raw_destroy(second)));
	say_ranges("without");
	expect("map no memory", raw_fixed(bad, PAGE, MIB(9)), 0);
	expect("destroy the IOAS", raw_destroy(ioas_id), 0);
	CHECK(mprotect(at(MIB(32)), MIB(1), PROT_READ | PROT_WRITE) == 0);
}

static int
raw_vfio_ioas(uint32_t op, uint32_t *id)
{
	struct iommu_vfio_ioas arg = { .size = sizeof(arg), .ioas_id = *id, .op = op };
	const int ret = call(iommu, IOMMU_VFIO_IOAS, &arg);

	*id = arg.ioas_id;
	return ret;
}

/* The IOAS for devices of groups. */
static void
kernel_vfio_ioas(void)
{
	uint32_t id = 0;

	if (!raw_open(false))
		return;
	expect("none", raw_vfio_ioas(IOMMU_VFIO_IOAS_GET, &id), -ENODEV);
	id = 1000;
	expect("no such IOAS", raw_vfio_ioas(IOMMU_VFIO_IOAS_SET, &id), -ENOENT);
	id = ioas_id;
	expect("name one", raw_vfio_ioas(IOMMU_VFIO_IOAS_SET, &id), 0);
	id = 0;
	expect("which", raw_vfio_ioas(IOMMU_VFIO_IOAS_GET, &id), 0);
	CHECK(id == ioas_id);
	expect("name none", raw_vfio_ioas(IOMMU_VFIO_IOAS_CLEAR, &id), 0);
	expect("none", raw_vfio_ioas(IOMMU_VFIO_IOAS_GET, &id), -ENODEV);
	id = ioas_id;
	expect("name it again", raw_vfio_ioas(IOMMU_VFIO_IOAS_SET, &id), 0);
	expect("destroy it", raw_destroy(ioas_id), 0);
	expect("none", raw_vfio_ioas(IOMMU_VFIO_IOAS_GET, &id), -ENODEV);
}

static void
kernel_bad_memory(void)
{
	const uint64_t bad = memory + MIB(32);

	CHECK(mprotect(at(MIB(32)), MIB(1), PROT_NONE) == 0);
	if (raw_open(true)) {
		expect("no memory", raw_fixed(bad, PAGE, MIB(1)), -EFAULT);
		expect("the end is no memory", raw_fixed(bad - MIB(1), MIB(1) + PAGE, MIB(1)),
		       -EFAULT);
		expect("nothing was left behind", raw_fixed(memory, MIB(2), MIB(1)), 0);
		expect("detach", raw_detach(), 0);
		expect("no memory, no device", raw_fixed(bad, PAGE, MIB(8)), 0);
		expect("attach", raw_attach(ioas_id), -EFAULT);
		expect("unmap it", raw_unmap(MIB(8), PAGE), 0);
		expect("attach", raw_attach(ioas_id), 0);
	}
	CHECK(mprotect(at(MIB(32)), MIB(1), PROT_READ | PROT_WRITE) == 0);
}

/* --- The library --- */

static const struct ioas_range everywhere;
static struct ioas *space;
static struct ioas_device *handle;

static bool quiet;

static void
log_line(enum ioas_log_level level, const char *line, void *arg)
{
	(void)arg;
	if (level <= IOAS_LOG_WARNING && !quiet)
		fprintf(stderr, "# %s\n", line);
}

static int
lib_create(struct ioas_range window, struct ioas **out)
{
	const struct ioas_options options = {
		.size = sizeof(options),
		.backend = backend,
		.window = window,
		.log = log_line,
	};

	return ioas_create(&options, out);
}

static bool
lib_open(struct ioas_range window, bool attached)
{
	struct ioas_info info;

	handle = NULL;
	if (!CHECK(lib_create(window, &space) == 0))
		return false;
	ioas_get_info(space, &info);
	return CHECK(strcmp(info.backend, backend) == 0) &&
	       (!attached || CHECK(ioas_attach(space, bdf, NULL, &handle) == 0));
}

/* Whether every page of an area leads to its IOVA and back. */
static bool
translates(uint64_t va, uint64_t length, uint64_t iova)
{
	const struct ioas_table *const table = ioas_table(space);

	for (uint64_t at_byte = 0; at_byte < length; at_byte += PAGE / 2 + 1)
		if (ioas_lookup(table, (void *)(uintptr_t)(va + at_byte)) != iova + at_byte ||
		    ioas_lookup_iova(space, iova + at_byte, NULL) !=
			    (void *)(uintptr_t)(va + at_byte))
			return false;
	return true;
}

static bool
unmapped_in(struct ioas *in, uint64_t offset)
{
	return ioas_lookup(ioas_table(in), at(offset)) == IOAS_BAD_IOVA;
}

/* Whether an area lies in one of the usable ranges. */
static bool
in_range(uint64_t iova, uint64_t length)
{
	struct ioas_range ranges[16];
	const unsigned int n = ioas_ranges(space, ranges, 16);

	for (unsigned int i = 0; i < n && i < 16; i++)
		if (iova >= ranges[i].first && iova + (length - 1) <= ranges[i].last)
			return true;
	return false;
}

static uint64_t
lib_map(const char *what, uint64_t offset, uint64_t length)
{
	uint64_t iova = IOAS_BAD_IOVA, align = UINT64_C(1) << 30;
	const int ret = ioas_map(space, at(offset), length, &iova);

	if (ret < 0) {
		say("%s: %s", what, answer(ret));
		return IOAS_BAD_IOVA;
	}
	while (align > length)
		align >>= 1;
	say("%s: at 0x%" PRIx64 ", in range %d, congruent %d, translates %d", what, iova,
	    in_range(iova, length), (iova & (align - 1)) == ((memory + offset) & (align - 1)),
	    translates(memory + offset, length, iova));
	CHECK(iova != 0 && in_range(iova, length) && translates(memory + offset, length, iova));
	return iova;
}

static void
lib_info(const char *when)
{
	struct ioas_range ranges[16];
	const unsigned int n = ioas_ranges(space, ranges, 16);
	struct ioas_info info;

	ioas_get_info(space, &info);
	say("%s: %u devices, %" PRIu64 " maps, %" PRIu64 " bytes, alignment %" PRIu64
	    ", aperture 0x%" PRIx64 "-0x%" PRIx64 ", %u ranges", when, info.devices, info.maps,
	    info.bytes, info.alignment, info.aperture.first, info.aperture.last, n);
	for (unsigned int i = 0; i < n && i < 16; i++)
		say("  0x%" PRIx64 "-0x%" PRIx64, ranges[i].first, ranges[i].last);
}

static void
lib_space(void)
{
	struct ioas_device *again = NULL;
	struct ioas *other = NULL;
	struct vfio_device_info info = { .argsz = sizeof(info) };

	if (!lib_open(everywhere, false))
		return;
	lib_info("empty");
	expect("no such device", ioas_attach(space, "ffff:ff:1f.7", NULL, &again), -ENODEV);
	expect("attach", ioas_attach(space, bdf, NULL, &handle), 0);
	lib_info("attached");
	expect("attach again", ioas_attach(space, bdf, NULL, &again), -EEXIST);
	expect("info", ioas_device_info(handle, &info), 0);
	say("%u regions, %u interrupts", info.num_regions, info.num_irqs);
	CHECK(ioas_device_find(space, bdf) == handle);
	CHECK(ioas_device_find(space, "ffff:ff:1f.7") == NULL);
	CHECK(ioas_device_fd(handle) >= 0);
	CHECK(strcmp(ioas_device_name(handle), bdf) == 0);
	if (CHECK(lib_create(everywhere, &other) == 0)) {
		expect("attach to a second space", ioas_attach(other, bdf, NULL, &again), -EBUSY);
		ioas_destroy(other);
	}
	ioas_detach(handle);
	lib_info("detached");
	CHECK(ioas_device_find(space, bdf) == NULL);
	expect("attach once more", ioas_attach(space, bdf, NULL, &handle), 0);
}

/* Features of iommufd for devices with a character device. */
static void
lib_hwpt(void)
{
	struct ioas_attach_options options = { .size = sizeof(options), .hwpt = true };
	int ret;

	if (!lib_open(everywhere, false))
		return;
	lib_map("before the attach", 0, MIB(2));
	ret = ioas_attach(space, bdf, &options, &handle);
	say("attach through a page table of its own: %s", answer(ret));
	if (ret < 0) {
		/* The driver of virtio-iommu creates one only during an attach. */
		ioas_destroy(space);
		space = NULL;
		return;
	}
	lib_info("attached");
	lib_map("attached", MIB(2), MIB(2));
	expect("a PASID", ioas_attach_pasid(handle, 1), -EOPNOTSUPP);
	ioas_detach(handle);
	options.hwpt_flags = 1u << 31;
	expect("flags that no kernel knows", ioas_attach(space, bdf, &options, &handle), -EOPNOTSUPP);
	options.hwpt_flags = 0;
	expect("attach again", ioas_attach(space, bdf, &options, &handle), 0);
	expect("unmap", ioas_unmap(space, at(0), MIB(4)), 2);
	ioas_destroy(space);
	space = NULL;
}

/* Whether the kernel has features that the library does not need. */
static void
lib_features(void)
{
	if (!lib_open(everywhere, false))
		return;
	say("features without a device: %u", ioas_features(space));
	expect("attach", ioas_attach(space, bdf, NULL, &handle), 0);
	say("features: %u", ioas_features(space));
	ioas_destroy(space);
	space = NULL;
}

/* A space without devices, and one that follows it. */
static void
lib_follow(void)
{
	struct ioas_options options = { .size = sizeof(options), .log = log_line };
	struct ioas *follower;
	uint64_t iova, own;

	if (!lib_open(everywhere, false))
		return;
	iova = lib_map("before it is followed", 0, MIB(2));
	options.follow = space;
	if (!CHECK(ioas_create(&options, &follower) == 0))
		return;
	CHECK(ioas_lookup(ioas_table(follower), at(0)) == IOAS_BAD_IOVA);
	expect("attach", ioas_attach(follower, bdf, NULL, &handle), 0);
	lib_info("the aperture is that of the device");
	say("the same IOVA: %d", ioas_lookup(ioas_table(follower), at(0)) == iova);
	iova = lib_map("for all", MIB(4) + PAGE, MIB(4));
	say("the same IOVA: %d", ioas_lookup(ioas_table(follower), at(MIB(4) + PAGE)) == iova);
	expect("for one", ioas_map(follower, at(MIB(16)), MIB(2), &own), 0);
	say("at 0x%" PRIx64 ", known to all: %d", own, !unmapped_in(space, MIB(16)));
	expect("for all, where the one has it", ioas_map_fixed(space, at(MIB(20)), PAGE, own), 0);
	say("the same IOVA: %d", ioas_lookup(ioas_table(follower), at(MIB(20))) == own);
	expect("unmap what is not its own", ioas_unmap(follower, at(0), MIB(12)), 0);
	expect("unmap", ioas_unmap(space, at(0), MIB(12)), 2);
	say("still there: %d", !unmapped_in(follower, 0));
	expect("unmap its own", ioas_unmap(follower, at(MIB(16)), MIB(2)), 1);
	ioas_destroy(follower);
	lib_info("it is gone");
	ioas_destroy(space);
	space = NULL;
}

static void
lib_maps(void)
{
	uint64_t a, b;

	if (!lib_open(everywhere, true))
		return;
	lib_map("a page", MIB(16) + PAGES(1), PAGES(1));
	lib_map("3 pages of an address of 4", MIB(16) + PAGES(4), PAGES(3));
	lib_map("3 pages of an address of 2", MIB(16) + PAGES(10), PAGES(3));
	lib_map("5 pages", MIB(16) + PAGES(16), PAGES(5));
	lib_map("1.5 MiB", MIB(12), MIB(1) + KIB(512));
	a = lib_map("2 MiB", MIB(2), MIB(2));
	b = lib_map("2 MiB behind", MIB(4), MIB(2));
	say("contiguous %d", b == a + MIB(2));
	a = lib_map("3 pages at the end of 2 MiB", MIB(6), PAGES(3));
	b = lib_map("a page behind", MIB(6) + PAGES(3), PAGES(1));
	say("contiguous %d", b == a + PAGES(3));
	lib_map("32 MiB", MIB(32), MIB(32));
	lib_map("part of it again", MIB(34), MIB(2));
	lib_map("misaligned", MIB(8) + 1, PAGES(1));
	lib_map("empty", MIB(8), 0);
	expect("misaligned length", ioas_map(space, at(MIB(8)), 100, NULL), -EINVAL);
	lib_info("mapped");
	expect("unmap a part", ioas_unmap(space, at(MIB(32)), MIB(2)), -EBUSY);
	expect("unmap 2 of 4 MiB", ioas_unmap(space, at(MIB(2)), MIB(2)), 1);
	lib_map("2 MiB again", MIB(2), MIB(2));
	expect("unmap all", ioas_unmap(space, at(0), MEMORY_SIZE), 10);
	expect("unmap nothing", ioas_unmap(space, at(0), MEMORY_SIZE), 0);
	lib_info("empty");
}

static void
lib_fixed(void)
{
	struct ioas_range ranges[16];
	unsigned int n;

	if (!lib_open(everywhere, true))
		return;
	n = ioas_ranges(space, ranges, 16);
	expect("fixed", ioas_map_fixed(space, at(0), MIB(2), MIB(64)), 0);
	CHECK(translates(memory, MIB(2), MIB(64)));
	expect("an alias", ioas_map_fixed(space, at(0), MIB(2), MIB(68)), 0);
	CHECK(translates(memory, MIB(2), MIB(64)));
	CHECK(ioas_lookup_iova(space, MIB(68) + 5, NULL) == at(5));
	expect("taken", ioas_map_fixed(space, at(MIB(2)), MIB(2), MIB(65)), -EEXIST);
	expect("0", ioas_map_fixed(space, at(MIB(2)), MIB(2), 0), -EINVAL);
	expect("misaligned", ioas_map_fixed(space, at(MIB(2)), MIB(2), 1), -EINVAL);
	for (unsigned int i = 0; i < n && i < 16; i++) {
		const uint64_t last = ranges[i].last;

		if (last == UINT64_MAX)
			continue;
		expect("the last page", ioas_map_fixed(space, at(MIB(2) + i * PAGES(1)), PAGES(1),
						       last - PAGES(1) + 1), 0);
		expect("beyond", ioas_map_fixed(space, at(MIB(4)), PAGES(1), last + 1), -EINVAL);
		expect("across", ioas_map_fixed(space, at(MIB(4)), PAGES(2), last - PAGES(1) + 1),
		       -EINVAL);
	}
	lib_map("a chosen one beside them", MIB(8), MIB(2));
	expect("unmap both", ioas_unmap(space, at(0), MIB(2)), 2);
	CHECK(ioas_lookup(ioas_table(space), at(0)) == IOAS_BAD_IOVA);
	CHECK(ioas_lookup_iova(space, MIB(68), NULL) == NULL);
}

/* Runs near a reserved region lie below it or above it, never across it. */
static void
lib_crossing(void)
{
	struct ioas_range ranges[16], window;
	unsigned int n, before = 0, behind = 0;
	uint64_t iova;

	if (!lib_open(everywhere, true))
		return;
	n = ioas_ranges(space, ranges, 16);
	if (n < 2) {
		say("nothing is reserved between ranges");
		return;
	}
	window = (struct ioas_range){ ranges[0].last + 1 - MIB(8), ranges[1].first + MIB(8) - 1 };
	ioas_destroy(space);
	space = NULL;
	if (!lib_open(window, true))
		return;
	lib_map("longer than what is left on either side", 0, MIB(10));
	CHECK(ioas_reserve(space, at(0), MIB(10)) == -ENOSPC);
	for (unsigned int i = 0; i < 5; i++) {
		iova = lib_map("3 MiB", i * MIB(4), MIB(3));
		before += iova < ranges[0].last;
		behind += iova != IOAS_BAD_IOVA && iova > ranges[0].last;
	}
	say("%u before, %u behind", before, behind);
	CHECK(before > 0 && behind > 0);
	expect("fixed, across", ioas_map_fixed(space, at(MIB(32)), ranges[1].first - ranges[0].last +
					       PAGES(2) - 1, ranges[0].last - PAGES(1) + 1), -EINVAL);
	expect("unmap all", ioas_unmap(space, at(0), MEMORY_SIZE), before + behind);
	/* Each right behind the previous one: contiguous except for the reserved region. */
	for (unsigned int i = 0; i < 8; i++)
		lib_map("2 MiB", i * MIB(2), MIB(2));
}

static void
lib_window(void)
{
	const struct ioas_range window = { MIB(64), MIB(64) + PAGES(16) - 1 };
	unsigned int n = 0;

	if (!lib_open(window, true))
		return;
	while (lib_map("a page", n * PAGES(2), PAGES(1)) != IOAS_BAD_IOVA)
		n++;
	CHECK(n == 16);
	for (unsigned int i = 1; i < n; i += 2)
		expect("unmap", ioas_unmap(space, at(i * PAGES(2)), PAGES(1)), 1);
	for (unsigned int i = 0; i < 9; i++)
		lib_map("into the holes", MIB(16) + i * PAGES(2), PAGES(1));
	expect("fixed, outside", ioas_map_fixed(space, at(MIB(60)), PAGES(1), MIB(80)), 0);
}

static void
lib_hot_attach(void)
{
	uint64_t iova;

	if (!lib_open(everywhere, false))
		return;
	iova = lib_map("before any attach", MIB(2), MIB(2));
	lib_map("a page", MIB(8) + PAGES(1), PAGES(1));
	expect("attach", ioas_attach(space, bdf, NULL, &handle), 0);
	CHECK(translates(memory + MIB(2), MIB(2), iova));
	lib_map("attached", MIB(4), MIB(2));
	ioas_detach(handle);
	lib_map("detached", MIB(10), MIB(2));
	lib_info("detached");
	expect("attach", ioas_attach(space, bdf, NULL, &handle), 0);
	lib_info("attached");
	expect("unmap", ioas_unmap(space, at(0), MEMORY_SIZE), 4);
}

static void
lib_hot_attach_fails(void)
{
	struct ioas_range ranges[16];
	uint64_t lost;

	if (!lib_open(everywhere, true))
		return;
	ioas_ranges(space, ranges, 16);
	lost = ranges[0].last + 1;
	/* A space remembers the ranges of its last device. A new space has none. */
	ioas_destroy(space);
	space = NULL;
	if (!lib_open(everywhere, false))
		return;
	if (!in_range(lost, PAGES(1))) {
		say("no device: no more IOVAs than with one");
		return;
	}
	expect("map what will be reserved", ioas_map_fixed(space, at(0), PAGES(1), lost), 0);
	lib_map("and something else", MIB(2), MIB(2));
	expect("attach", ioas_attach(space, bdf, NULL, &handle), -EADDRINUSE);
	lib_info("as before");
	expect("unmap it", ioas_unmap_iova(space, lost, PAGES(1)), 1);
	expect("attach", ioas_attach(space, bdf, NULL, &handle), 0);
}

static void
lib_bad_memory(void)
{
	CHECK(mprotect(at(MIB(32)), MIB(1), PROT_NONE) == 0);
	if (lib_open(everywhere, true)) {
		lib_map("no memory", MIB(32), PAGES(1));
		CHECK(ioas_lookup(ioas_table(space), at(MIB(32))) == IOAS_BAD_IOVA);
		expect("fixed", ioas_map_fixed(space, at(MIB(32)), PAGES(1), MIB(8)), -EFAULT);
		lib_info("as before");
	}
	CHECK(mprotect(at(MIB(32)), MIB(1), PROT_READ | PROT_WRITE) == 0);
}

/* Many random calls. The transcript has a hash of all answers, and the state from time to time. */
static void
lib_random(void)
{
	uint64_t hash = 14695981039346656037u, random = 88172645463325252u;

	if (!lib_open(everywhere, true))
		return;
	quiet = true;
	for (unsigned int step = 1; step <= 4000; step++) {
		uint64_t iova = 0, offset, length;
		int ret;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		offset = (random >> 8) % (MEMORY_SIZE / PAGES(4)) * PAGES(4);
		length = (1 + (random >> 40) % 12) * ((random >> 50 & 7) == 0 ? KIB(512) : PAGES(1));
		if (offset + length > MEMORY_SIZE)
			length = PAGES(4);
		if ((random & 3) != 0) {
			ret = ioas_map(space, at(offset), length, &iova);
			CHECK(ret < 0 || translates(memory + offset, length, iova));
		} else {
			ret = ioas_unmap(space, at(offset), MIB(1));
		}
		hash = (hash ^ (uint64_t)ret ^ iova << 16) * 1099511628211u;
		if (step % 500 == 0) {
			say("step %u: 0x%016" PRIx64, step, hash);
			lib_info("now");
		}
	}
	quiet = false;
}

static const struct {
	const char *name;
	void (*run)(void);
	bool raw;
} sequences[] = {
	{ "kernel: ranges", kernel_ranges, true },
	{ "kernel: sizes", kernel_sizes, true },
	{ "kernel: unmap", kernel_unmap, true },
	{ "kernel: fixed", kernel_fixed, true },
	{ "kernel: chosen", kernel_chosen, true },
	{ "kernel: allow", kernel_allow, true },
	{ "kernel: bind", kernel_bind, true },
	{ "kernel: attach", kernel_attach, true },
	{ "kernel: bad memory", kernel_bad_memory, true },
	{ "kernel: copy", kernel_copy, true },
	{ "kernel: page tables", kernel_page_tables, true },
	{ "kernel: the IOAS for groups", kernel_vfio_ioas, true },
	{ "page tables", lib_hwpt, true },
	{ "follow", lib_follow, true },
	{ "features", lib_features, true },
	{ "space", lib_space, false },
	{ "maps", lib_maps, false },
	{ "fixed", lib_fixed, false },
	{ "window", lib_window, false },
	{ "crossing what is reserved", lib_crossing, false },
	{ "hot attach", lib_hot_attach, false },
	{ "hot attach that fails", lib_hot_attach_fails, false },
	{ "bad memory", lib_bad_memory, false },
	{ "random", lib_random, false },
};

static const struct model_iommu *const presets[] = {
	&model_intel39, &model_intel48, &model_amd, &model_smmuv3, &model_virtio,
	&model_pseries, &model_powernv9,
};

static const struct model_iommu *
find_preset(const char *name)
{
	for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
		if (strcmp(name, presets[i]->name) == 0)
			return presets[i];
	return NULL;
}

/* "0-0xfedfffff,0xfef00000-0x7fffffffff": the holes between are reserved. */
static const struct model_iommu *
parse_ranges(const char *text)
{
	static struct model_iommu given = { .name = "given", .page = PAGE };

	for (bool more = false;; more = true) {
		const uint64_t before = given.aperture.last;
		uint64_t first;
		char *end;

		first = strtoull(text, &end, 0);
		if (end == text || *end != '-')
			return NULL;
		text = end + 1;
		given.aperture.last = strtoull(text, &end, 0);
		if (end == text || given.aperture.last < first || (more && first <= before) ||
		    (more && given.n_reserved == 4))
			return NULL;
		if (more)
			given.reserved[given.n_reserved++] =
				(struct ioas_range){ before + 1, first - 1 };
		else
			given.aperture.first = first;
		if (*end == '\0')
			return &given;
		if (*end != ',')
			return NULL;
		text = end + 1;
	}
}

static void
usage(void)
{
	fprintf(stderr, "usage: ioas-sequences [--model | --device BDF] [--preset intel-39 | "
			"intel-48 | amd | smmuv3 | virtio-iommu | pseries | powernv9] "
			"[--ranges FIRST-LAST,...] [--backend NAME] [--no-cdev] [--map-file] [--only NAME]\n");
	exit(2);
}

static void
get_memory(void)
{
	void *const hint = (void *)(uintptr_t)MEMORY_AT;
	void *const p = mmap(hint, MEMORY_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
			     -1, 0);

	if (p != hint) {
		fprintf(stderr, "no memory at %p\n", hint);
		exit(2);
	}
	memory = MEMORY_AT;
}

static void
run(unsigned int i)
{
	say("== %s", sequences[i].name);
	iommu = device = -1;
	space = NULL;
	sequences[i].run();
	if (sequences[i].raw) {
		raw_close();
	} else {
		ioas_destroy(space);
		space = NULL;
	}
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	const struct model_iommu *iommu_model = &model_intel39;
	const struct ioas_log no_log = { 0 };
	struct ioas_device found = { 0 };
	struct model_device *nic;
	const char *only = NULL;
	bool with_model = true, no_cdev = false, map_file = false, raw;

	for (int i = 1; i < argc; i++) {
		const char *const value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--model") == 0)
			continue;
		if (strcmp(argv[i], "--no-cdev") == 0) {
			no_cdev = true;
			continue;
		}
		if (strcmp(argv[i], "--map-file") == 0) {
			map_file = true;
			continue;
		}
		if (value == NULL)
			usage();
		if (strcmp(argv[i], "--device") == 0) {
			bdf = value;
			with_model = false;
		} else if (strcmp(argv[i], "--preset") == 0) {
			iommu_model = find_preset(value);
		} else if (strcmp(argv[i], "--ranges") == 0) {
			iommu_model = parse_ranges(value);
		} else if (strcmp(argv[i], "--only") == 0) {
			only = value;
		} else if (strcmp(argv[i], "--backend") == 0) {
			backend = value;
		} else {
			usage();
		}
		if (iommu_model == NULL)
			usage();
		i++;
	}
	get_memory();
	if (with_model) {
		model_start();
		model.check_memory = true;
		model.map_file = map_file;
		nic = model_device_add("0000:00:02.0", iommu_model);
		if (no_cdev)
			model_device_no_cdev(nic);
		bdf = nic->name;
	}
	if (device_resolve(&found, bdf, &no_log) < 0) {
		fprintf(stderr, "%s is not bound to vfio-pci, or there is no IOMMU\n", bdf);
		if (with_model)
			model_stop();
		return 2;
	}
	snprintf(cdev, sizeof(cdev), "%s", found.cdev);
	raw = cdev[0] != '\0' && strcmp(backend, "iommufd") == 0;
	for (unsigned int i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
		if ((!sequences[i].raw || raw) &&
		    (only == NULL || strcmp(only, sequences[i].name) == 0))
			run(i);
	if (with_model) {
		CHECK(model_open_files() == 0);
		model_stop();
	}
	say("%u checks failed", failures);
	return failures > 100 ? 100 : failures;
}
