/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A DPDK application that queries the IOVA of the same memory by every function of DPDK. It compares the
 * results with each other, with the rules for IOVAs, with physical memory, and with the IOMMU's page tables
 * as the kernel shows them (Intel VT-d).
 *
 * The program does not know dpdk-ioas: EAL loads the plugin with -d. It prints one line for each check, "ok
 * NAME: what was checked" or "not ok NAME: what is wrong". The status is 0 only if all were ok. --break
 * falsifies one address before its check, to prove that the check detects it.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_memory.h>
#include <rte_mempool.h>
#include <rte_memzone.h>

#define KB (UINT64_C(1) << 10)
#define MB (UINT64_C(1) << 20)
#define GB (UINT64_C(1) << 30)
#define SMALL_PAGE (4 * KB)
#define MAX_RANGES 64
#define MAX_DEVICES 8

struct range {
	uint64_t first, last;
};

/* A memory segment of EAL as the walk saw it. */
struct seg {
	uint64_t va, iova, length, page;
};

/* An entry of the IOMMU's page tables that leads to memory. */
struct leaf {
	uint64_t iova, phys, length;
};

struct segs {
	struct seg *seg;
	unsigned int n, size;
};

static struct range ranges[MAX_RANGES], reserved[MAX_RANGES];
static unsigned int n_ranges, n_reserved;
static const char *devices[MAX_DEVICES];
static unsigned int n_devices;
static const char *to_break = "";
static bool need_phys, need_kernel, expect_1g, expect_grown;
static int pagemap = -1;
static unsigned int failures;

/* ---- reports ---- */

/* A check stores its first error and counts further ones. */
struct check {
	const char *name;
	uint64_t looked_at;
	uint64_t wrong;
	char first[400];
};

static void __attribute__((format(printf, 2, 3)))
complain(struct check *check, const char *format, ...)
{
	va_list ap;

	if (check->wrong++ == 0) {
		va_start(ap, format);
		vsnprintf(check->first, sizeof(check->first), format, ap);
		va_end(ap);
	}
}

static void
report(const struct check *check, const char *what)
{
	if (check->wrong != 0) {
		printf("not ok %s: %s (%" PRIu64 " wrong, %" PRIu64 " %s looked at)\n", check->name,
		       check->first, check->wrong, check->looked_at, what);
		failures++;
	} else if (check->looked_at == 0) {
		printf("not ok %s: no %s to look at\n", check->name, what);
		failures++;
	} else {
		printf("ok %s: %" PRIu64 " %s\n", check->name, check->looked_at, what);
	}
}

static void __attribute__((format(printf, 3, 4)))
expect(const char *name, bool good, const char *format, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	printf("%s %s: %s\n", good ? "ok" : "not ok", name, text);
	if (!good)
		failures++;
}

static bool
breaks(const char *what)
{
	return strcmp(to_break, what) == 0;
}

/* ---- the data to compare with ---- */

/* 0 if it is not known: no permission, or not in memory. */
static uint64_t
physical(uint64_t va)
{
	uint64_t entry;

	if (pagemap < 0 || pread(pagemap, &entry, sizeof(entry), (off_t)(va / SMALL_PAGE * 8)) != 8)
		return 0;
	if ((entry >> 63) == 0 || (entry & ((UINT64_C(1) << 55) - 1)) == 0)
		return 0;
	return (entry & ((UINT64_C(1) << 55) - 1)) * SMALL_PAGE + va % SMALL_PAGE;
}

static void
parse_ranges(const char *text)
{
	uint64_t first, last;
	int used;

	while (n_ranges < MAX_RANGES &&
	       sscanf(text, "%" SCNx64 "-%" SCNx64 "%n", &first, &last, &used) == 2) {
		ranges[n_ranges++] = (struct range){first, last};
		text += used;
		if (*text == '\0')
			return;
		if (*text++ != ',')
			break;
	}
	rte_exit(2, "--ranges takes FIRST-LAST,... in hexadecimal\n");
}

/* The IOVAs that a device's group cannot use, from the kernel. */
static void
read_reserved(const char *device)
{
	char path[200], kind[64];
	uint64_t first, last;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group/reserved_regions", device);
	file = fopen(path, "re");
	if (file == NULL)
		rte_exit(2, "%s: %s\n", path, strerror(errno));
	while (n_reserved < MAX_RANGES &&
	       fscanf(file, "%" SCNx64 " %" SCNx64 " %63s", &first, &last, kind) == 3)
		if (strcmp(kind, "direct-relaxable") != 0)
			reserved[n_reserved++] = (struct range){first, last};
	fclose(file);
}

/* The leaves of a device's page table, in ascending order; NULL if the kernel does not show it. */
static struct leaf *
read_leaves(const char *device, unsigned int *n)
{
	unsigned int size = 0;
	struct leaf *leaf = NULL;
	uint64_t pfn, entry[5];
	char path[200], line[400];
	FILE *file;
	int found;

	*n = 0;
	/* Linux 6.6 and newer has a file for each device, older ones one file for all. */
	snprintf(path, sizeof(path), "/sys/kernel/debug/iommu/intel/%s/domain_translation_struct",
		 device);
	file = fopen(path, "re");
	if (file == NULL)
		return NULL;
	while (fgets(line, sizeof(line), file) != NULL) {
		found = sscanf(line, "%" SCNx64 " | %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64
			       " %" SCNx64, &pfn, &entry[0], &entry[1], &entry[2], &entry[3],
			       &entry[4]);
		if (found < 4)
			continue;
		if (*n == size) {
			size = size == 0 ? 4096 : 2 * size;
			leaf = realloc(leaf, size * sizeof(*leaf));
			if (leaf == NULL)
				rte_exit(2, "no memory\n");
		}
		/* PML5E PML4E PDPE [PDE [PTE]]: the last one in the line is the leaf. */
		leaf[*n].length = found == 4 ? GB : found == 5 ? 2 * MB : SMALL_PAGE;
		leaf[*n].iova = pfn * SMALL_PAGE;
		leaf[*n].phys = entry[found - 2] & ((UINT64_C(1) << 52) - 1) &
				~(leaf[*n].length - 1);
		(*n)++;
	}
	fclose(file);
	return leaf;
}

static const struct leaf *
find_leaf(const struct leaf *leaf, unsigned int n, uint64_t iova)
{
	unsigned int low = 0, high = n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (leaf[middle].iova + leaf[middle].length <= iova)
			low = middle + 1;
		else
			high = middle;
	}
	return low < n && leaf[low].iova <= iova ? &leaf[low] : NULL;
}

/* The largest page that all IOMMUs can use, from the capability registers. */
static uint64_t
iommu_page(void)
{
	uint64_t cap, page = GB;
	struct dirent *entry;
	char path[400];
	FILE *file;
	DIR *dir = opendir("/sys/class/iommu");

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "/sys/class/iommu/%s/intel-iommu/cap", entry->d_name);
		file = fopen(path, "re");
		if (file == NULL)
			continue;
		if (fscanf(file, "%" SCNx64, &cap) != 1)
			cap = 0;
		fclose(file);
		if ((cap >> 35 & 1) == 0 && page > 2 * MB)
			page = 2 * MB;
		if ((cap >> 34 & 1) == 0)
			page = SMALL_PAGE;
	}
	if (dir != NULL)
		closedir(dir);
	return page;
}

/* ---- EAL's memory ---- */

static int
collect_seg(const struct rte_memseg_list *msl, const struct rte_memseg *ms, void *arg)
{
	struct segs *segs = arg;

	if (msl->external)
		return 0;
	if (segs->n == segs->size)
		return -1;
	segs->seg[segs->n++] = (struct seg){ms->addr_64, ms->iova, ms->len, ms->hugepage_sz};
	return 0;
}

static int
by_va(const void *a, const void *b)
{
	const struct seg *x = a, *y = b;

	return x->va < y->va ? -1 : x->va > y->va;
}

static struct segs
collect_segs(void)
{
	struct segs segs = {NULL, 0, 2048};

	do {
		/* rte_exit() must not be called in the walk, because it would wait for the walk's lock. */
		free(segs.seg);
		segs.n = 0;
		segs.size *= 2;
		segs.seg = calloc(segs.size, sizeof(struct seg));
		if (segs.seg == NULL)
			rte_exit(2, "no memory\n");
	} while (rte_memseg_walk(collect_seg, &segs) != 0);
	qsort(segs.seg, segs.n, sizeof(*segs.seg), by_va);
	return segs;
}

static bool
overlap(uint64_t first, uint64_t last, const struct range *range)
{
	return first <= range->last && last >= range->first;
}

/* Whether length bytes from here on may be IOVAs. */
static void
check_value(struct check *check, const char *what, uint64_t va, uint64_t iova, uint64_t length)
{
	const uint64_t last = iova + length - 1;
	bool inside = n_ranges == 0;
	uint64_t phys;
	unsigned int i;

	if (iova == RTE_BAD_IOVA) {
		complain(check, "%s at 0x%" PRIx64 " has no IOVA", what, va);
		return;
	}
	if (iova == 0 || last < iova)
		complain(check, "%s at 0x%" PRIx64 " has IOVA 0x%" PRIx64, what, va, iova);
	if (iova == va)
		complain(check, "%s at 0x%" PRIx64 ": the IOVA is the virtual address", what, va);
	phys = physical(va);
	if (phys != 0 && iova == phys)
		complain(check, "%s at 0x%" PRIx64 ": IOVA 0x%" PRIx64 " is the physical address",
			 what, va, iova);
	for (i = 0; i < n_ranges; i++)
		if (iova >= ranges[i].first && last <= ranges[i].last)
			inside = true;
	if (!inside)
		complain(check, "%s at 0x%" PRIx64 ": IOVA 0x%" PRIx64 " is outside the ranges that "
			 "the device can use", what, va, iova);
	for (i = 0; i < n_reserved; i++)
		if (overlap(iova, last, &reserved[i]))
			complain(check, "%s at 0x%" PRIx64 ": IOVA 0x%" PRIx64 " is in a reserved "
				 "region", what, va, iova);
}

/* The IOVA according to the collected segments (in the order of their addresses). */
static uint64_t
segs_iova(const struct segs *segs, uint64_t va)
{
	unsigned int low = 0, high = segs->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (segs->seg[middle].va + segs->seg[middle].length <= va)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == segs->n || segs->seg[low].va > va)
		return RTE_BAD_IOVA;
	return segs->seg[low].iova + (va - segs->seg[low].va);
}

/* Compares an IOVA from another source with rte_mem_virt2iova, rte_mem_virt2phy and the segments. */
static void
check_same(struct check *check, const struct segs *segs, const char *what, uint64_t va,
	   uint64_t stated)
{
	const uint64_t asked = rte_mem_virt2iova((const void *)(uintptr_t)va);
	const uint64_t physical = rte_mem_virt2phy((const void *)(uintptr_t)va);
	const uint64_t segment = segs_iova(segs, va);

	if (stated != asked)
		complain(check, "%s at 0x%" PRIx64 ": 0x%" PRIx64 ", rte_mem_virt2iova says 0x%"
			 PRIx64, what, va, stated, asked);
	if (stated != physical)
		complain(check, "%s at 0x%" PRIx64 ": 0x%" PRIx64 ", rte_mem_virt2phy says 0x%" PRIx64, what,
			 va, stated, physical);
	if (stated != segment)
		complain(check, "%s at 0x%" PRIx64 ": 0x%" PRIx64 ", its segment says 0x%" PRIx64,
			 what, va, stated, segment);
}

static int
by_iova(const void *a, const void *b)
{
	const struct seg *x = a, *y = b;

	return x->iova < y->iova ? -1 : x->iova > y->iova;
}

static void
check_segs(const char *when)
{
	struct check value = {.name = "memseg-iova"}, same = {.name = "memseg-same"};
	struct check alone = {.name = "memseg-alone"};
	struct segs segs = collect_segs();
	unsigned int i, j;
	uint64_t offset;
	struct seg *seg;

	if (breaks("memseg") && segs.n != 0)
		segs.seg[segs.n - 1].iova += 2 * MB;
	if (breaks("overlap") && segs.n > 1)
		segs.seg[0].iova = segs.seg[1].iova + SMALL_PAGE;
	for (i = 0; i < segs.n; i++) {
		seg = &segs.seg[i];
		value.looked_at++;
		check_value(&value, "segment", seg->va, seg->iova, seg->length);
		for (j = 0; j < 4; j++) {
			offset = j == 0 ? 0 : j == 1 ? 0x123 : j == 2 ? seg->length / 2 + 1
				: seg->length - 1;
			same.looked_at++;
			check_same(&same, &segs, "segment", seg->va + offset, seg->iova + offset);
		}
	}
	qsort(segs.seg, segs.n, sizeof(*segs.seg), by_iova);
	for (i = 0; i < segs.n; i++) {
		alone.looked_at++;
		if (i != 0 && segs.seg[i].iova < segs.seg[i - 1].iova + segs.seg[i - 1].length)
			complain(&alone, "segments at 0x%" PRIx64 " and 0x%" PRIx64
				 " share IOVA 0x%" PRIx64, segs.seg[i - 1].va, segs.seg[i].va,
				 segs.seg[i].iova);
	}
	printf("# %s: %u segments\n", when, segs.n);
	report(&value, "segments");
	report(&same, "addresses in segments");
	report(&alone, "segments");
	free(segs.seg);
}

struct zone_walk {
	struct check check;
	const struct segs *segs;
};

static void
check_zone(const struct rte_memzone *mz, void *arg)
{
	struct zone_walk *walk = arg;
	uint64_t iova = mz->iova;

	if (breaks("memzone") && walk->check.looked_at == 0)
		iova += SMALL_PAGE;
	walk->check.looked_at++;
	check_value(&walk->check, mz->name, mz->addr_64, iova, 1);
	check_same(&walk->check, walk->segs, mz->name, mz->addr_64, iova);
	if (rte_malloc_virt2iova(mz->addr) != iova)
		complain(&walk->check, "%s: 0x%" PRIx64 ", rte_malloc_virt2iova says 0x%" PRIx64,
			 mz->name, iova, rte_malloc_virt2iova(mz->addr));
}

static void
check_zones(void)
{
	struct zone_walk walk = {.check.name = "memzone-iova"};
	struct segs segs = collect_segs();

	walk.segs = &segs;
	rte_memzone_walk(check_zone, &walk);
	report(&walk.check, "memzones");
	free(segs.seg);
}

/* ---- the kernel's page tables ---- */

/* Every segment's IOVA leads to its memory, and no IOVA leads anywhere else. */
static void
check_kernel(bool at_end)
{
	struct check memory = {.name = "kernel-memory"}, only = {.name = "kernel-nothing-else"};
	struct check large = {.name = "kernel-large-pages"};
	const uint64_t page = iommu_page();
	struct segs segs = collect_segs();
	uint64_t at, phys, expected, kinds[3] = {0};
	const struct leaf *hit;
	struct leaf *leaf;
	unsigned int d, i, s, n;
	struct seg *seg;
	char name[300];

	if (pagemap < 0 || n_devices == 0) {
		printf("# the IOMMU's page tables are not looked at: not root, or no --device\n");
		goto out;
	}
	for (d = 0; d < n_devices; d++) {
		leaf = read_leaves(devices[d], &n);
		if (leaf == NULL) {
			snprintf(name, sizeof(name), "the kernel shows no page table of %s",
				 devices[d]);
			if (need_kernel)
				complain(&memory, "%s", name);
			else
				printf("# %s\n", name);
			continue;
		}
		if (breaks("kernel") && n != 0)
			leaf[n / 2].phys ^= 4 * MB;
		if (breaks("stale") && n != 0) {
			leaf = realloc(leaf, (n + 1) * sizeof(*leaf));
			if (leaf == NULL)
				rte_exit(2, "no memory\n");
			leaf[n] = (struct leaf){leaf[n - 1].iova + 16 * GB, 0x1000, SMALL_PAGE};
			n++;
		}
		for (i = 0; i < segs.n; i++) {
			seg = &segs.seg[i];
			/* One address in each 2 MiB, not always the same one. */
			for (at = 0; at < seg->length; at += RTE_MIN(seg->page, 2 * MB)) {
				const uint64_t offset = at + (at / MB * 4242 * SMALL_PAGE + 0x40) %
							RTE_MIN(seg->page, 2 * MB);

				phys = physical(seg->va + offset);
				hit = find_leaf(leaf, n, seg->iova + offset);
				memory.looked_at++;
				if (hit == NULL)
					complain(&memory, "%s: IOVA 0x%" PRIx64 " of 0x%" PRIx64
						 " is not mapped", devices[d], seg->iova + offset,
						 seg->va + offset);
				else if (phys == 0)
					complain(&memory, "0x%" PRIx64 " has no physical page",
						 seg->va + offset);
				else if (hit->phys + (seg->iova + offset - hit->iova) != phys)
					complain(&memory, "%s: IOVA 0x%" PRIx64 " of 0x%" PRIx64
						 " leads to 0x%" PRIx64 ", not to 0x%" PRIx64,
						 devices[d], seg->iova + offset, seg->va + offset,
						 hit->phys + (seg->iova + offset - hit->iova), phys);
			}
			/* As large an entry as the memory's page and the IOMMU allow. */
			expected = RTE_MIN(seg->page, page);
			hit = find_leaf(leaf, n, seg->iova);
			if (hit == NULL)
				continue;
			kinds[hit->length == GB ? 2 : hit->length == 2 * MB ? 1 : 0]++;
			large.looked_at++;
			if (hit->length < expected)
				complain(&large, "IOVA 0x%" PRIx64 " of a page of %" PRIu64
					 " KiB has an entry of %" PRIu64 " KiB", seg->iova,
					 seg->page / KB, hit->length / KB);
		}
		/* Devices must not be able to access a freed page. */
		qsort(segs.seg, segs.n, sizeof(*segs.seg), by_iova);
		for (i = 0, s = 0; i < n; i++) {
			/* Both are in the order of their IOVAs. */
			while (s < segs.n && segs.seg[s].iova + segs.seg[s].length <= leaf[i].iova)
				s++;
			only.looked_at++;
			if (s == segs.n || segs.seg[s].iova > leaf[i].iova)
				complain(&only, "%s: IOVA 0x%" PRIx64 " leads to 0x%" PRIx64
					 ", which EAL does not have", devices[d], leaf[i].iova,
					 leaf[i].phys);
		}
		free(leaf);
	}
	if (memory.looked_at == 0 && !need_kernel)
		goto out;
	report(&memory, "addresses in the IOMMU's page tables");
	report(&only, "entries of the IOMMU's page tables");
	report(&large, "segments");
	printf("# IOMMU entries at the start of segments: %" PRIu64 " of 4 KiB, %" PRIu64
	       " of 2 MiB, %" PRIu64 " of 1 GiB; the IOMMU's largest page is %" PRIu64 " KiB\n",
	       kinds[0], kinds[1], kinds[2], page / KB);
	if (expect_1g && at_end && page < GB)
		printf("# this IOMMU has no pages of 1 GiB\n");
	else if (expect_1g && at_end)
		expect("kernel-1g", kinds[2] != 0, "%" PRIu64 " segments with an entry of 1 GiB",
		       kinds[2]);
out:
	free(segs.seg);
}

/* ---- memory for the application ---- */

static const size_t sizes[] = {64, 5000, 100 * KB, 2 * MB, 5 * MB, 33 * MB};

#define N_SIZES RTE_DIM(sizes)
#define N_OBJECTS (N_SIZES * RTE_MAX_NUMA_NODES)

static void
check_object(struct check *check, const struct segs *segs, void *object, size_t size)
{
	uint64_t iova = rte_malloc_virt2iova(object);
	const uint64_t va = (uintptr_t)object;
	uint64_t at;

	if (breaks("malloc") && check->looked_at == 3)
		iova += 64;
	check->looked_at++;
	check_value(check, "object", va, iova, 1);
	check_same(check, segs, "object", va, iova);
	for (at = 0; at < size; at += 512 * KB)
		check_same(check, segs, "part of an object", va + at,
			   rte_mem_virt2iova((const void *)(uintptr_t)(va + at)));
}

static void
allocate(void **object, unsigned int *n)
{
	unsigned int i, s;

	*n = 0;
	for (s = 0; s < rte_socket_count(); s++) {
		for (i = 0; i < N_SIZES; i++) {
			object[*n] = rte_malloc_socket(NULL, sizes[i], 0, rte_socket_id_by_idx(s));
			if (object[*n] == NULL) {
				printf("not ok malloc: %zu bytes on socket %d: %s\n", sizes[i],
				       rte_socket_id_by_idx(s), rte_strerror(rte_errno));
				failures++;
			}
			(*n)++;
		}
	}
}

static void
check_objects(const char *name, void **object, unsigned int n)
{
	struct check check = {.name = name};
	struct segs segs = collect_segs();
	unsigned int i;

	for (i = 0; i < n; i++)
		if (object[i] != NULL)
			check_object(&check, &segs, object[i], sizes[i % N_SIZES]);
	report(&check, "objects");
	free(segs.seg);
}

static void
free_objects(void **object, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		rte_free(object[i]);
}

/* RTE_MEMZONE_IOVA_CONTIG has its effect. */
static void
check_contiguous(size_t size)
{
	const struct rte_memzone *mz;
	struct check check = {0};
	struct segs segs;
	char name[32];
	uint64_t at;

	snprintf(name, sizeof(name), "contiguous-%zu-MiB", size / MB);
	check.name = name;
	mz = rte_memzone_reserve(name, size, SOCKET_ID_ANY, RTE_MEMZONE_IOVA_CONTIG);
	if (mz == NULL) {
		printf("not ok %s: %s\n", name, rte_strerror(rte_errno));
		failures++;
		return;
	}
	segs = collect_segs();
	check_value(&check, name, mz->addr_64, mz->iova, size);
	for (at = 0; at < size; at += 64 * KB) {
		const uint64_t wrong = breaks("contiguous") && at == 10 * MB ? 2 * MB : 0;

		check.looked_at++;
		check_same(&check, &segs, name, mz->addr_64 + at, mz->iova + at + wrong);
	}
	report(&check, "addresses");
	free(segs.seg);
}

struct pool_walk {
	struct check check, chunk, mbuf;
	const struct segs *segs;
};

static void
check_chunk(struct rte_mempool *mp, void *opaque, struct rte_mempool_memhdr *memhdr,
	    unsigned int index)
{
	struct pool_walk *walk = opaque;
	uint64_t at;

	RTE_SET_USED(mp);
	RTE_SET_USED(index);
	check_value(&walk->chunk, "chunk", (uintptr_t)memhdr->addr, memhdr->iova, memhdr->len);
	for (at = 0; at < memhdr->len; at += SMALL_PAGE) {
		walk->chunk.looked_at++;
		check_same(&walk->chunk, walk->segs, "chunk", (uintptr_t)memhdr->addr + at,
			   memhdr->iova + at);
	}
}

static void
check_element(struct rte_mempool *mp, void *opaque, void *object, unsigned int index)
{
	struct pool_walk *walk = opaque;
	uint64_t iova = rte_mempool_virt2iova(object);

	if (breaks("object") && index == 17)
		iova += 64;
	walk->check.looked_at++;
	check_value(&walk->check, "object", (uintptr_t)object, iova, mp->elt_size);
	check_same(&walk->check, walk->segs, "object", (uintptr_t)object, iova);
}

static void
check_mbuf(struct rte_mempool *mp, void *opaque, void *object, unsigned int index)
{
	struct pool_walk *walk = opaque;
	struct rte_mbuf *m = object;
	uint64_t iova = rte_mbuf_iova_get(m);

	RTE_SET_USED(mp);
	if (breaks("mbuf") && index == 17)
		iova += 64;
	walk->mbuf.looked_at++;
	check_value(&walk->mbuf, "mbuf", (uintptr_t)m->buf_addr, iova, m->buf_len);
	check_same(&walk->mbuf, walk->segs, "mbuf", (uintptr_t)m->buf_addr, iova);
	check_same(&walk->mbuf, walk->segs, "mbuf's end", (uintptr_t)m->buf_addr + m->buf_len - 1,
		   iova + m->buf_len - 1);
	if (rte_mbuf_data_iova_default(m) != rte_mbuf_iova_get(m) + RTE_PKTMBUF_HEADROOM)
		complain(&walk->mbuf, "mbuf at %p: rte_mbuf_data_iova_default differs", object);
}

static void
check_pool(const char *what, struct rte_mempool *mp, bool mbufs)
{
	struct pool_walk walk = {.check.name = "mempool-object", .chunk.name = "mempool-chunk",
				 .mbuf.name = "mbuf"};
	struct segs segs = collect_segs();
	unsigned int n;

	if (mp == NULL) {
		printf("not ok mempool: %s: %s\n", what, rte_strerror(rte_errno));
		failures++;
		free(segs.seg);
		return;
	}
	walk.segs = &segs;
	rte_mempool_mem_iter(mp, check_chunk, &walk);
	n = rte_mempool_obj_iter(mp, check_element, &walk);
	if (n != mp->size)
		complain(&walk.check, "%u objects instead of %u", n, mp->size);
	if (mbufs)
		rte_mempool_obj_iter(mp, check_mbuf, &walk);
	printf("# %s: %u chunks\n", what, mp->nb_mem_chunks);
	report(&walk.chunk, "addresses in chunks");
	report(&walk.check, "objects");
	if (mbufs)
		report(&walk.mbuf, "mbufs");
	free(segs.seg);
}

static void
check_pools(void)
{
	struct rte_mempool *mp[2 * RTE_MAX_NUMA_NODES];
	unsigned int s, n = 0;
	char name[32];

	for (s = 0; s < rte_socket_count(); s++) {
		const int socket = rte_socket_id_by_idx(s);

		snprintf(name, sizeof(name), "mbufs on socket %d", socket);
		mp[n] = rte_pktmbuf_pool_create(name, 8191, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
						socket);
		check_pool(name, mp[n++], true);
		snprintf(name, sizeof(name), "objects on socket %d", socket);
		mp[n] = rte_mempool_create(name, 5000, 100, 0, 0, NULL, NULL, NULL, NULL, socket, 0);
		check_pool(name, mp[n++], false);
	}
	while (n-- > 0)
		rte_mempool_free(mp[n]);
}

/* ---- an allocation that cannot be mapped ---- */

static long
free_hugepages(void)
{
	long total = 0, n;
	struct dirent *entry;
	char path[400];
	FILE *file;
	DIR *dir = opendir("/sys/kernel/mm/hugepages");

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/%s/free_hugepages",
			 entry->d_name);
		file = fopen(path, "re");
		if (file == NULL)
			continue;
		if (fscanf(file, "%ld", &n) == 1)
			total += n;
		fclose(file);
	}
	if (dir != NULL)
		closedir(dir);
	return total;
}

static void
check_memlock(void)
{
	const struct rte_memzone *mz;
	struct rlimit limit, small;
	struct segs before, after;
	void *object;
	long pages;

	getrlimit(RLIMIT_MEMLOCK, &limit);
	before = collect_segs();
	pages = free_hugepages();
	small = (struct rlimit){.rlim_cur = 64 * KB, .rlim_max = limit.rlim_max};
	if (setrlimit(RLIMIT_MEMLOCK, &small) != 0)
		rte_exit(2, "RLIMIT_MEMLOCK: %s\n", strerror(errno));
	object = rte_malloc(NULL, 64 * MB, 0);
	expect("memlock-malloc", object == NULL, "rte_malloc of 64 MiB beyond the limit gives %s",
	       object == NULL ? "NULL" : "memory");
	rte_free(object);
	mz = rte_memzone_reserve("beyond", 64 * MB, SOCKET_ID_ANY, RTE_MEMZONE_IOVA_CONTIG);
	expect("memlock-memzone", mz == NULL, "rte_memzone_reserve of 64 MiB beyond the limit gives "
	       "%s", mz == NULL ? "NULL" : "memory");
	rte_memzone_free(mz);
	after = collect_segs();
	expect("memlock-segments", after.n == before.n &&
	       memcmp(after.seg, before.seg, before.n * sizeof(*before.seg)) == 0,
	       "%u segments before, %u after", before.n, after.n);
	expect("memlock-hugepages", free_hugepages() == pages, "%ld free before, %ld after", pages,
	       free_hugepages());
	check_segs("after allocations that cannot be mapped");
	setrlimit(RLIMIT_MEMLOCK, &limit);
	object = rte_malloc(NULL, 64 * MB, 0);
	expect("memlock-again", object != NULL, "rte_malloc of 64 MiB with the limit raised again "
	       "gives %s", object == NULL ? "NULL" : "memory");
	check_segs("with the limit raised again");
	rte_free(object);
	free(before.seg);
	free(after.seg);
}

/* ---- */

static void
parse_options(int argc, char **argv, bool *memlock)
{
	static const struct option options[] = {
		{"ranges", required_argument, NULL, 'r'},
		{"device", required_argument, NULL, 'd'},
		{"phys", no_argument, NULL, 'p'},
		{"kernel", no_argument, NULL, 'k'},
		{"expect-1g", no_argument, NULL, '1'},
		{"expect-growth", no_argument, NULL, 'g'},
		{"memlock", no_argument, NULL, 'm'},
		{"break", required_argument, NULL, 'b'},
		{NULL, 0, NULL, 0},
	};
	int opt;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'r': parse_ranges(optarg); break;
		case 'd':
			if (n_devices == MAX_DEVICES)
				rte_exit(2, "too many devices\n");
			devices[n_devices++] = optarg;
			read_reserved(optarg);
			break;
		case 'p': need_phys = true; break;
		case 'k': need_kernel = true; break;
		case '1': expect_1g = true; break;
		case 'g': expect_grown = true; break;
		case 'm': *memlock = true; break;
		case 'b': to_break = optarg; break;
		default:
			rte_exit(2, "usage: iova_check EAL OPTIONS -- [--ranges FIRST-LAST,...] "
				 "[--device BDF]... [--phys] [--kernel] [--expect-1g] "
				 "[--expect-growth] [--memlock] [--break memseg|overlap|memzone|"
				 "malloc|contiguous|object|mbuf|kernel|stale]\n");
		}
	}
}

static void
check_all(void)
{
	void *object[N_OBJECTS], *more[N_OBJECTS];
	struct segs before = collect_segs(), grown, shrunk;
	unsigned int n, n_more;

	/* EAL's buses refuse devices of uio then. */
	expect("no-physical", rte_eal_using_phys_addrs() == 0, "whether EAL says that it uses physical addresses");
	check_segs("at start");
	check_zones();
	check_kernel(false);

	allocate(object, &n);
	allocate(more, &n_more);
	grown = collect_segs();
	expect("growth", !expect_grown || grown.n > before.n, "%u segments at start, %u after "
	       "allocations", before.n, grown.n);
	check_segs("after allocations");
	check_objects("malloc-iova", object, n);
	check_objects("malloc-iova-more", more, n_more);
	check_kernel(false);

	/* Every other one is freed: the rest keeps its addresses. */
	free_objects(object, n);
	shrunk = collect_segs();
	expect("shrinkage", !expect_grown || shrunk.n < grown.n, "%u segments after half was given "
	       "back", shrunk.n);
	check_segs("after half was given back");
	check_objects("malloc-iova-kept", more, n_more);
	check_kernel(false);

	allocate(object, &n);
	check_segs("after allocations again");
	check_objects("malloc-iova-again", object, n);
	check_objects("malloc-iova-kept", more, n_more);
	check_kernel(false);
	free_objects(object, n);
	free_objects(more, n_more);

	check_contiguous(64 * MB);
	check_contiguous(300 * MB);
	check_pools();
	check_segs("at the end");
	check_zones();
	check_kernel(true);
	free(before.seg);
	free(grown.seg);
	free(shrunk.seg);
}

int
main(int argc, char **argv)
{
	bool memlock = false;
	int used;

	setvbuf(stdout, NULL, _IOLBF, 0);
	used = rte_eal_init(argc, argv);
	if (used < 0)
		rte_exit(2, "rte_eal_init: %s\n", rte_strerror(rte_errno));
	parse_options(argc - used, argv + used, &memlock);

	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (physical((uintptr_t)&memlock) == 0) {
		/* The kernel hides physical addresses from ordinary users. */
		if (pagemap >= 0)
			close(pagemap);
		pagemap = -1;
		expect("physical", !need_phys, "physical addresses are not known to this user");
	}
	if (memlock)
		check_memlock();
	else
		check_all();
	rte_eal_cleanup();
	printf("%s: %u checks failed\n", failures == 0 ? "PASSED" : "FAILED", failures);
	return failures == 0 ? 0 : 1;
}
