/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Performs operations, queries the plugin's telemetry about them, and compares. Prints a line for each check.
 *
 *	telemetry EAL-OPTIONS -- [isolated]
 *
 * EAL has 64 MiB on each node, and unmapped memory goes into quarantine. "isolated": each device has its own
 * space.
 */

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_memory.h>
#include <rte_version.h>

#include "telemetry.h"

#define PAGE ((size_t)4096)
/* More than fit into an answer. */
#define PAGES 250
#define AT UINT64_C(0x40000000)

static int failures, fd;
static bool isolated;
static struct rte_device *dev;

static void
check(bool ok, const char *what)
{
	printf("%s %s\n", ok ? "ok" : "not ok", what);
	failures += !ok;
}

/* An answer with its command, which stays valid. */
static json_t *
ask(const char *command, const char *parameters)
{
	char question[256], *text;
	json_t *answer;

	snprintf(question, sizeof(question), "%s%s", command, parameters);
	answer = telemetry_ask(fd, question);
	text = json_dumps(answer, JSON_COMPACT | JSON_ENCODE_ANY);
	printf("%s: %s\n", question, text);
	free(text);
	return answer;
}

/* A number, or one in a string. */
static uint64_t
number(const json_t *object, const char *name)
{
	const json_t *const value = json_object_get(object, name);

	if (value == NULL)
		return UINT64_MAX;
	return json_is_string(value) ? strtoull(json_string_value(value), NULL, 0)
				     : (uint64_t)json_integer_value(value);
}

static const char *
text_of(const json_t *object, const char *name)
{
	const char *const text = json_string_value(json_object_get(object, name));

	return text != NULL ? text : "";
}

/* The sum of all numbers of an object. */
static uint64_t
total(json_t *object)
{
	uint64_t sum = 0;
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
		sum += number(object, name);
	return sum;
}

/* The reported data of the space in which the program maps. */
static const char *
device(void)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s%s", isolated ? "," : "", isolated ? rte_dev_name(dev) : "");
	return text;
}

static json_t *
stats(void)
{
	return ask("/ioas/stats", device());
}

/* The runs of a listing, from all its answers. */
struct runs {
	uint64_t n, areas, bytes, fixed, without_address;
	unsigned int answers;
	bool ascending;
};

static void
add_run(struct runs *runs, const json_t *run, uint64_t *end)
{
	const uint64_t iova = number(run, "iova"), length = number(run, "length");

	runs->ascending = runs->ascending && iova >= *end;
	*end = iova + length;
	runs->n++;
	runs->areas += number(run, "areas");
	runs->bytes += length;
	runs->fixed += number(run, "fixed");
	runs->without_address += json_object_get(run, "address") == NULL;
}

static struct runs
list(const char *what)
{
	struct runs runs = { .ascending = true };
	uint64_t from = 0, end = 0;
	char command[32];

	snprintf(command, sizeof(command), "/ioas/%s", what);
	while (from != UINT64_MAX && runs.answers < 10) {
		char parameters[160];
		json_t *answer, *run;
		const char *name;

		snprintf(parameters, sizeof(parameters), ",0x%" PRIx64 "%s", from, device());
		answer = ask(command, parameters);
		json_object_foreach(json_object_get(answer, what), name, run)
			add_run(&runs, run, &end);
		from = number(answer, "next");
		runs.answers++;
	}
	return runs;
}

/* At least the mapped bytes are in use. */
static void
check_memlock(const json_t *of, uint64_t bytes)
{
	const uint64_t used = number(of, "memlock_used");
	struct rlimit limit;

	getrlimit(RLIMIT_MEMLOCK, &limit);
	check(used >= bytes && used != UINT64_MAX, "memory in use");
	if (limit.rlim_cur == RLIM_INFINITY || geteuid() == 0)
		check(strcmp(text_of(of, "memlock_limit"), "unlimited") == 0 &&
		      json_object_get(of, "memlock_free") == NULL, "no limit");
	else
		check(number(of, "memlock_limit") == limit.rlim_cur &&
		      number(of, "memlock_free") == limit.rlim_cur - used, "limit");
}

static void
check_features(const json_t *info)
{
	const json_t *const features = json_object_get(info, "features");
	unsigned int major = 0, minor = 0;
	struct utsname kernel;
	bool newer;

	uname(&kernel);
	sscanf(kernel.release, "%u.%u", &major, &minor);
	newer = (major > 6 || (major == 6 && minor >= 13)) && strcmp(text_of(info, "backend"), "iommufd") == 0;
	check(number(features, "map_file") == newer, "info: maps of files");
	check(number(features, "change_process") == newer, "info: changes of the process");
	check(number(features, "dirty_tracking") == 0, "info: QEMU's IOMMUs track nothing");
}

static void
check_info(void)
{
	const json_t *const info = ask("/ioas/info", ""), *const ranges = ask("/ioas/ranges", device());
	const json_t *const first = json_object_get(json_object_get(ranges, "ranges"), "0");

	check(strcmp(text_of(info, "release"), rte_version()) == 0, "info: release");
	check(number(info, "devices") == 2, "info: devices");
	check(number(info, "isolated") == isolated, "info: isolated");
	check_memlock(info, number(info, "bytes"));
	check_features(info);
	check(number(first, "first") == number(info, "aperture_first") &&
	      number(first, "last") < number(info, "aperture_last"), "ranges");
}

static void
check_devices(void)
{
	const json_t *const devices = json_object_get(ask("/ioas/devices", ""), "devices");
	const json_t *found = NULL;

	for (unsigned int i = 0; i < json_object_size(devices); i++) {
		char key[16];
		const json_t *item;

		snprintf(key, sizeof(key), "%u", i);
		item = json_object_get(devices, key);
		if (strcmp(text_of(item, "device"), rte_dev_name(dev)) == 0)
			found = item;
	}
	check(json_object_size(devices) == 2 && found != NULL, "devices: all are there");
	check(strcmp(text_of(found, "driver"), rte_driver_name(rte_dev_driver(dev))) == 0,
	      "devices: driver");
	check((int)number(found, "numa_node") == rte_dev_numa_node(dev), "devices: node");
	check(number(found, "iommu_group") < 1000, "devices: group");
	check(number(found, "isolated") == isolated, "devices: isolated");
	check(number(found, "in_use") == 1, "devices: in use");
	check(json_object_size(json_object_get(ask("/ioas/devices", ",1"), "devices")) == 1,
	      "devices: from the second on");
}

static void
check_latency(const json_t *of, const char *name, uint64_t calls)
{
	const json_t *const latency = json_object_get(of, name);

	check(number(latency, "calls") == calls &&
	      total(json_object_get(latency, "below_ns")) == calls &&
	      number(latency, "max_ns") > 0 &&
	      number(latency, "max_ns") <= number(latency, "total_ns"), name);
}

static void
check_stats(const json_t *of)
{
	json_t *const nodes = json_object_get(of, "bytes_by_node");
	const json_t *const entries = json_object_get(of, "entries");
	uint64_t unknown = number(entries, "unknown_bytes");

	check_memlock(of, isolated ? 0 : number(of, "bytes_now"));
	check(total(nodes) == number(of, "bytes_now"), "stats: bytes by node");
	for (unsigned int i = 0; i < rte_socket_count(); i++) {
		char node[16];

		snprintf(node, sizeof(node), "%d", rte_socket_id_by_idx(i));
		check(number(nodes, node) == 64 << 20, "stats: bytes of a node");
	}
	if (unknown == UINT64_MAX)
		unknown = 0;
	check(number(entries, "2M") * (2 << 20) + number(entries, "4K") * PAGE + unknown ==
	      number(of, "bytes_now"), "stats: IOMMU entries");
}

/* Every other page of memory of the application, at fixed IOVAs with equal gaps, and then two with adjacent
 * IOVAs, but without adjacent addresses. */
static bool
map_pages(char *memory, int (*map)(struct rte_device *dev, void *addr, uint64_t iova, size_t len))
{
	bool good = true;

	for (unsigned int i = 0; i < PAGES; i++)
		good = map(dev, memory + 2 * i * PAGE, AT + 2 * i * PAGE, PAGE) == 0 && good;
	good = map(dev, memory + 3 * PAGE, AT + 2 * PAGES * PAGE, PAGE) == 0 && good;
	return map(dev, memory + PAGE, AT + (2 * PAGES + 1) * PAGE, PAGE) == 0 && good;
}

static void
check_maps(void)
{
	char *const memory = mmap(NULL, 2 * PAGES * PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	const json_t *const before = stats(), *now;
	const struct runs at_first = list("maps");
	const uint64_t maps = number(before, "maps"), calls = maps - (isolated ? at_first.areas : 0);
	struct runs runs;

	check_stats(before);
	check(at_first.areas == number(before, "maps_now") && at_first.answers == 1 &&
	      at_first.bytes == number(before, "bytes_now") && at_first.fixed == 0, "maps: EAL's");
	check(number(json_object_get(before, "entries"), "4K") == 0, "stats: only large entries");
	check(rte_extmem_register(memory, 2 * PAGES * PAGE, NULL, 0, PAGE) == 0, "registered");
	check(map_pages(memory, rte_dev_dma_map), "mapped");
	runs = list("maps");
	check(runs.n == at_first.n + PAGES + 1 && runs.areas == at_first.areas + PAGES + 2,
	      "maps: all areas");
	check(runs.answers == 3 && runs.ascending, "maps: three answers");
	check(runs.fixed == PAGES + 1, "maps: at stated IOVAs");
	check(runs.without_address == 1, "maps: one without an address");
	now = stats();
	check_stats(now);
	check(number(now, "maps") == maps + PAGES + 2, "stats: maps");
	check(number(json_object_get(now, "entries"), "4K") == PAGES + 2, "stats: small entries");
	check_latency(now, "map_latency", calls + PAGES + 2);
	check(map_pages(memory, rte_dev_dma_unmap), "unmapped");
	now = stats();
	check(number(now, "unmaps") == number(before, "unmaps") + PAGES + 2, "stats: unmaps");
	check(number(now, "bytes_max") == number(before, "bytes_now") + (PAGES + 2) * PAGE &&
	      number(now, "bytes_now") == number(before, "bytes_now"), "stats: bytes at most");
	check_latency(now, "unmap_latency", PAGES + 2);
	runs = list("quarantine");
	check(runs.areas == PAGES + 2 && runs.bytes == (PAGES + 2) * PAGE && runs.answers == 3,
	      "quarantine");
	rte_extmem_unregister(memory, 2 * PAGES * PAGE);
	munmap(memory, 2 * PAGES * PAGE);
}

/* Only the kernel knows its pages and nodes. */
static void
check_unknown(void)
{
	char *const memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	const json_t *now;

	check(rte_mem_virt2iova(memory) != RTE_BAD_IOVA, "an IOVA is asked for");
	now = stats();
	check_stats(now);
	check(number(json_object_get(now, "entries"), "unknown_bytes") == PAGE &&
	      number(json_object_get(now, "bytes_by_node"), "unknown") == PAGE,
	      "stats: memory that EAL does not know");
	munmap(memory, PAGE);
}

static void
check_failures(void)
{
	char *const memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	const uint64_t misses = number(stats(), "misses");
	const json_t *now;

	check(rte_extmem_register(memory, PAGE, NULL, 0, PAGE) == 0, "registered");
	check(rte_dev_dma_map(dev, memory, 0xfee00000, PAGE) < 0, "a reserved IOVA is refused");
	check(rte_dev_dma_map(dev, memory, AT + 1, PAGE) < 0, "and so is one that is not aligned");
	rte_extmem_unregister(memory, PAGE);
	munmap(memory, PAGE);
	check(rte_mem_virt2iova(memory) == RTE_BAD_IOVA, "no memory");
	now = stats();
	check(number(json_object_get(now, "map_failures"), "EINVAL") == 2 &&
	      total(json_object_get(now, "map_failures")) == 2, "stats: failures");
	check(total(json_object_get(now, "unmap_failures")) == 0, "stats: no failed unmap");
	check(number(now, "misses") == misses + 1, "stats: a miss");
}

static void
check_questions(void)
{
	check(ask("/ioas/maps", ",here") == NULL, "maps: no IOVA");
	check(ask("/ioas/maps", ",0,nobody") == NULL, "maps: no device");
	check(ask("/ioas/ranges", ",nobody") == NULL, "ranges: no device");
	check(ask("/ioas/stats", ",nobody") == NULL, "stats: no device");
	check(ask("/ioas/devices", ",some") == NULL, "devices: no number");
}

static void
check_removal(void)
{
	check(rte_dev_remove(dev) == 0, "removed");
	check(json_object_size(json_object_get(ask("/ioas/devices", ""), "devices")) == 1,
	      "devices: one is left");
}

int
main(int argc, char **argv)
{
	const int options = rte_eal_init(argc, argv);
	struct rte_eth_dev_info info;
	char path[256], tried[256];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (options < 0 || rte_eth_dev_info_get(0, &info) != 0) {
		printf("not ok port 0\n");
		return EXIT_FAILURE;
	}
	dev = info.device;
	isolated = options + 1 < argc && strcmp(argv[options + 1], "isolated") == 0;
	snprintf(path, sizeof(path), "%s/dpdk_telemetry.v2", rte_eal_get_runtime_dir());
	fd = telemetry_connect(path, NULL, tried, sizeof(tried));
	if (fd < 0) {
		printf("not ok %s: %s\n", tried, strerror(-fd));
		return EXIT_FAILURE;
	}
	check_info();
	check_devices();
	check_maps();
	check_unknown();
	check_failures();
	check_questions();
	check_removal();
	printf("%s\n", failures == 0 ? "PASSED" : "FAILED");
	rte_eal_cleanup();
	return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
