/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The devices that are ours: those that EAL's options allow and that are bound to a VFIO driver, with
 * an IOMMU that translates for them.
 *
 * They are attached right after the bus scan, so that the aperture is known before memory is
 * mapped. A driver asks for its device later (rte_vfio_setup_device); what nobody has asked for
 * when the probe is over is given back. Failures are kept until a driver asks, because a device
 * that no driver wants is nobody's business.
 */

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/vfio.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_uuid.h>
#include <rte_version.h>

#include "addresses.h"
#include "common_space.h"
#include "devices.h"
#include "foreign.h"
#include "ioas_bus.h"
#include "neighbours.h"
#include "policy.h"
#include "seams.h"
#include "traced.h"

struct owned {
	struct owned *next;
	struct ioas *space;         /* of its own; NULL: the common one */
	struct ioas_device *device; /* NULL: could not be attached */
	bool in_use;                /* a driver has set it up */
	unsigned int shares;        /* secondary processes that have asked for it and not released it */
	int group;                  /* its IOMMU group; -1: it has none */
	int node;                   /* its NUMA node; -1: not known */
	char name[RTE_DEV_NAME_MAX_LEN];
	char path[PATH_MAX];        /* its folder in sysfs */
	char driver[64];            /* DPDK's; "": not known */
	char failure[640];          /* why it could not be attached */
	int error;                  /* and the errno, negative; else 0 */
};

/* There was no device at the start. */
static bool waits;
static enum rte_iova_mode mode_to_wait_in;

/* For which device this thread maps. */
static __thread struct {
	bool set;
	struct ioas *space; /* NULL: the device is not ours */
} aim;

/* Held by who changes the list or a device in it, and by all who read. */
static pthread_mutex_t devices_lock = PTHREAD_MUTEX_INITIALIZER;
static struct owned *devices;

static struct owned *
find(const char *name)
{
	struct owned *owned = devices;

	while (owned != NULL && strcmp(owned->name, name) != 0)
		owned = owned->next;
	return owned;
}

static void
drop(struct owned *owned)
{
	struct owned **link = &devices;

	while (*link != owned)
		link = &(*link)->next;
	*link = owned->next;
	if (owned->device != NULL)
		traced_detach(owned->name);
	ioas_detach(owned->device);
	if (owned->space != NULL)
		foreign_end_space(owned->space);
	ioas_destroy(owned->space);
	free(owned);
}

static int
find_group(const char *path, const char *name)
{
	char base[PATH_MAX];
	int group;

	snprintf(base, sizeof(base), "%.*s", (int)(strlen(path) - strlen(name) - 1), path);
	return rte_vfio_get_group_num(base, name, &group) > 0 ? group : -1;
}

static int
find_node(const char *path)
{
	char file[PATH_MAX + 16];
	int node = -1;
	FILE *f;

	snprintf(file, sizeof(file), "%s/numa_node", path);
	f = fopen(file, "re");
	if (f == NULL)
		return -1;
	if (fscanf(f, "%d", &node) != 1)
		node = -1;
	fclose(f);
	return node;
}

static void
log_no_memory(const char *what, const char *name)
{
	BUS_IOAS_LOG(ERR, "cannot %s%s: no memory: end other programs, or raise RLIMIT_AS (`ulimit -v`)",
		     what, name);
	rte_errno = ENOMEM;
}

/* Records the device with this sysfs folder. NULL, logged, if there is no memory. */
static struct owned *
record(const char *path, const char *name)
{
	struct owned *const owned = calloc(1, sizeof(*owned));

	if (owned == NULL) {
		log_no_memory("attach ", name);
		return NULL;
	}
	snprintf(owned->name, sizeof(owned->name), "%s", name);
	snprintf(owned->path, sizeof(owned->path), "%s", path);
	owned->group = find_group(path, name);
	owned->node = find_node(path);
	owned->next = devices;
	devices = owned;
	return owned;
}

/* Attaches a device; a failure is kept with it. */
static void *
attach(void *arg)
{
	struct owned *const owned = arg;
	struct ioas_attach_options options = { .size = sizeof(options) };
	struct ioas *space = NULL;
	rte_uuid_t token;

	rte_eal_vfio_get_vf_token(token);
	if (!rte_uuid_is_null(token))
		options.vf_token = token;
	common_space_keep_failures(owned->failure, sizeof(owned->failure));
	if (bus_ioas_isolated)
		owned->error = common_space_follow(&space);
	if (owned->error == 0) {
		owned->space = space;
		owned->error = ioas_attach(bus_ioas_isolated ? space : bus_ioas_space, owned->path, &options,
					   &owned->device);
	}
	common_space_keep_failures(NULL, 0);
	return NULL;
}

/* Whether a device is a physical function with virtual ones, which are gone while it is reset. */
static bool
has_virtual_functions(const struct owned *owned)
{
	char path[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/virtfn0", owned->path);
	return access(path, F_OK) == 0;
}

/*
 * Attaches devices, each in a thread of its own: most of the time the kernel waits for a reset. Isolated
 * ones come one after the other: of two that the IOMMU cannot tell apart the first is attached. So do
 * physical functions, before their virtual ones.
 */
static void
attach_together(struct owned **list, unsigned int count)
{
	enum { NOT_YET, IN_THREAD, DONE } state[count];
	pthread_t threads[count];
	pthread_attr_t small;

	for (unsigned int i = 0; i < count; i++) {
		state[i] = bus_ioas_isolated || has_virtual_functions(list[i]) ? DONE : NOT_YET;
		if (state[i] == DONE)
			attach(list[i]);
	}
	pthread_attr_init(&small);
	/* An application may lock all of its memory: not 8 MiB for each device. */
	pthread_attr_setstacksize(&small, 256 << 10);
	/* The first is this thread's. */
	for (unsigned int i = 1; i < count; i++)
		if (state[i] == NOT_YET && pthread_create(&threads[i], &small, attach, list[i]) == 0)
			state[i] = IN_THREAD;
	pthread_attr_destroy(&small);
	for (unsigned int i = 0; i < count; i++)
		if (state[i] == NOT_YET)
			attach(list[i]);
	for (unsigned int i = 1; i < count; i++)
		if (state[i] == IN_THREAD)
			pthread_join(threads[i], NULL);
	for (unsigned int i = 0; i < count; i++)
		traced_attach(list[i]->name, list[i]->error);
}

static int
any_bus(const struct rte_bus *bus __rte_unused, const void *data __rte_unused)
{
	return 0;
}

/* Calls fn for every device that the buses have found. */
static void
for_each_device(void (*fn)(const struct rte_device *dev, void *arg), void *arg)
{
	struct rte_dev_iterator it;
	struct rte_device *dev;
	struct rte_bus *bus = NULL;

	while ((bus = rte_bus_find(bus, any_bus, NULL)) != NULL) {
		char filter[64];

		snprintf(filter, sizeof(filter), "bus=%s", rte_bus_name(bus));
		RTE_DEV_FOREACH(dev, filter, &it)
			fn(dev, arg);
	}
}

static void
sysfs_path(const struct rte_device *dev, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "/sys/bus/%s/devices/%s", rte_bus_name(rte_dev_bus(dev)),
		 rte_dev_name(dev));
}

/* The devices that the library can attach. */
struct candidates {
	const struct rte_device **list;
	unsigned int count;
	bool no_memory;
};

static void
add_candidate(const struct rte_device *dev, void *arg)
{
	struct candidates *const candidates = arg;
	const struct rte_device **list;
	char path[PATH_MAX];

	sysfs_path(dev, path);
	if (!ioas_device_is_usable(path))
		return;
	list = realloc(candidates->list, (candidates->count + 1) * sizeof(*list));
	if (list == NULL) {
		candidates->no_memory = true;
		return;
	}
	list[candidates->count++] = dev;
	candidates->list = list;
}

static void
note_driver(const struct rte_device *dev, void *arg __rte_unused)
{
	const struct rte_driver *const driver = rte_dev_driver(dev);
	struct owned *owned;

	pthread_mutex_lock(&devices_lock);
	owned = find(rte_dev_name(dev));
	if (owned != NULL && driver != NULL)
		snprintf(owned->driver, sizeof(owned->driver), "%s", rte_driver_name(driver));
	pthread_mutex_unlock(&devices_lock);
}

/* Later, when devices come and go, the buses' lists cannot be walked by any thread but theirs. */
void
devices_note_drivers(void)
{
	for_each_device(note_driver, NULL);
}

/* Says why EAL goes on without us. */
static void
log_unused(void)
{
	BUS_IOAS_LOG(INFO, "no device for the plugin: none that EAL's options allow is bound to a VFIO "
		     "driver and has an IOMMU (bind it with `dpdk-devbind.py -b vfio-pci ADDRESS`, switch "
		     "the IOMMU on); DPDK runs as it does without it, %s", rte_version());
}

/* Whether the command line names an IOVA mode: EAL does not tell. */
static bool
mode_is_named(void)
{
	FILE *const file = fopen("/proc/self/cmdline", "re");
	char *word = NULL;
	size_t size = 0;
	bool named = false;

	if (file == NULL)
		return true;
	while (!named && getdelim(&word, &size, '\0', file) > 0)
		named = strncmp(word, "--iov", strlen("--iov")) == 0;
	free(word);
	fclose(file);
	return named;
}

/* Whether IOVAs can be chosen for a device that comes later: one can come, the machine has an IOMMU, and
 * no bus that is there asks for a mode of its own, above all not for physical addresses. */
static bool
can_wait(void)
{
	glob_t groups;

	if (rte_eal_has_pci() == 0 || rte_eal_has_hugepages() == 0 || mode_is_named() ||
	    neighbours_are_there() ||
	    seam_original.rte_bus_get_iommu_class() != RTE_IOVA_DC ||
	    seam_original.rte_vfio_noiommu_is_enabled() == 1 ||
	    glob("/sys/kernel/iommu_groups/[0-9]*", 0, NULL, &groups) != 0)
		return false;
	globfree(&groups);
	return true;
}

/* A space without a device. What devices will be able to use is not known: these IOVAs all IOMMUs have,
 * and what x86 and Arm reserve lies below. On POWER devices bring the space. */
static bool
start_waiting(const struct ioas_options *options, enum rte_iova_mode mode, bool isolated)
{
	static const struct ioas_range common = { UINT64_C(1) << 32, (UINT64_C(1) << 39) - 1 };
	struct ioas_options with = *options;
	struct ioas_info info;

	if (with.window.last == 0 && mode == RTE_IOVA_PA)
		with.window = common;
	if (common_space_try(&with, isolated) < 0)
		return false;
	ioas_get_info(bus_ioas_space, &info);
	mode_to_wait_in = mode;
	if (strcmp(info.backend, "spapr") != 0)
		return true;
	common_space_destroy();
	return false;
}

void
devices_check_mode(void)
{
	if (!waits || rte_eal_iova_mode() == mode_to_wait_in)
		return;
	waits = false;
	common_space_destroy();
	log_unused();
}

/* Without one attached device there is nothing to do: says so and gives all back. Stock EAL would put
 * them all into one container. */
static int
give_up(void)
{
	for (struct owned *owned = devices; owned != NULL; owned = owned->next)
		BUS_IOAS_LOG(ERR, "%s", owned->failure);
	while (devices != NULL)
		drop(devices);
	common_space_destroy();
	BUS_IOAS_LOG(ERR, "no device could be attached; DPDK %s", bus_ioas_isolated
		     ? "does not run without isolate=device" : "runs as it does without the plugin");
	return bus_ioas_isolated ? -1 : 0;
}

/* The number of huge pages of all sizes; ULONG_MAX where that cannot be read. */
static unsigned long
count_hugepages(const char *pattern)
{
	unsigned long pages = 0, n;
	glob_t found;

	if (glob(pattern, 0, NULL, &found) != 0)
		return ULONG_MAX;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		FILE *const file = fopen(found.gl_pathv[i], "re");

		if (file == NULL)
			continue;
		if (fscanf(file, "%lu", &n) == 1)
			pages += n;
		fclose(file);
	}
	globfree(&found);
	return pages;
}

/* EAL's own message does not say what to do. It also takes pages that the kernel makes when they are wanted
 * (nr_overcommit_hugepages). */
static void
check_hugepages(void)
{
	if (rte_eal_has_hugepages() != 0 &&
	    count_hugepages("/sys/kernel/mm/hugepages/*/nr_*hugepages") == 0)
		BUS_IOAS_LOG(WARNING, "no hugepages are reserved: run `dpdk-hugepages.py --setup "
			     "1G`, or start with --no-huge");
}

/* The NUMA nodes that lcores (service lcores too) are on. Returns how many. */
static unsigned int
lcore_nodes(int nodes[RTE_MAX_NUMA_NODES])
{
	unsigned int n = 0;

	for (unsigned int lcore = 0; lcore < RTE_MAX_LCORE; lcore++) {
		const int node = rte_lcore_to_socket_id(lcore);
		unsigned int i = 0;

		if (rte_eal_lcore_role(lcore) == ROLE_OFF)
			continue;
		while (i < n && nodes[i] != node)
			i++;
		if (i == n && n < RTE_MAX_NUMA_NODES)
			nodes[n++] = node;
	}
	return n;
}

/* What the user has asked for and cannot be had stops EAL: devices must not share a space then. */
static int
check_isolation(void)
{
	struct ioas *own;

	if (!bus_ioas_isolated)
		return 0;
	if (common_space_follow(&own) < 0) {
		BUS_IOAS_LOG(ERR, "isolate=device cannot be had");
		common_space_destroy();
		return -1;
	}
	ioas_destroy(own);
	return 0;
}

static void
take_together(const struct candidates *candidates)
{
	struct owned *list[candidates->count];
	unsigned int count = 0;

	for (unsigned int i = 0; i < candidates->count; i++) {
		char path[PATH_MAX];

		sysfs_path(candidates->list[i], path);
		list[count] = record(path, rte_dev_name(candidates->list[i]));
		if (list[count] != NULL)
			count++;
	}
	if (count > 0)
		attach_together(list, count);
}

static int
take_candidates(const struct ioas_options *ioas_options, const struct bus_ioas_options *options,
		const struct candidates *candidates)
{
	if (candidates->count == 0) {
		waits = can_wait() && start_waiting(ioas_options, options->iova == RTE_IOVA_VA
						    ? RTE_IOVA_VA : RTE_IOVA_PA, options->isolate);
		if (!waits) {
			log_unused();
			return 0;
		}
		return check_isolation();
	}
	if (neighbours_keep_out()) {
		if (options->isolate)
			BUS_IOAS_LOG(ERR, "isolate=device cannot be had");
		return options->isolate ? -1 : 0;
	}
	if (common_space_create(ioas_options, options->isolate) < 0) {
		if (strcmp(options->backend, "auto") != 0 || options->isolate)
			return -1;
		BUS_IOAS_LOG(ERR, "DPDK runs as it does without the plugin");
		return 0;
	}
	if (check_isolation() < 0)
		return -1;
	take_together(candidates);
	if (devices_count() == 0)
		return give_up();
	check_hugepages();
	return 0;
}

int
devices_take(const struct bus_ioas_options *options)
{
	int nodes[RTE_MAX_NUMA_NODES];
	const struct ioas_options ioas_options = {
		.size = sizeof(ioas_options),
		.backend = options->backend,
		.window = options->window,
		.quarantine = options->quarantine,
		.nodes = nodes,
		.n_nodes = lcore_nodes(nodes),
		.descriptors = options->fds,
		.n_descriptors = options->n_fds,
	};
	struct candidates candidates = { 0 };
	int ret = -1;

	for_each_device(add_candidate, &candidates);
	if (candidates.no_memory)
		log_no_memory("list the devices", "");
	else
		ret = take_candidates(&ioas_options, options, &candidates);
	free(candidates.list);
	return ret;
}

bool
devices_are_awaited(void)
{
	return waits;
}

unsigned int
devices_count(void)
{
	unsigned int n = 0;

	pthread_mutex_lock(&devices_lock);
	for (const struct owned *owned = devices; owned != NULL; owned = owned->next)
		n += owned->device != NULL;
	pthread_mutex_unlock(&devices_lock);
	return n;
}

void
devices_check_room(void)
{
	const uint64_t room = ioas_room(bus_ioas_space);
	unsigned long pages;

	if (room == UINT64_MAX)
		return;
	pages = count_hugepages("/sys/kernel/mm/hugepages/*/free_hugepages");
	if (pages != ULONG_MAX && room < pages)
		BUS_IOAS_LOG(WARNING, "the kernel takes %" PRIu64 " more maps, and %lu huge pages are "
			     "free: a page that is added later is a map, one that is there from the "
			     "start (-m) is none of its own; or raise "
			     "vfio_iommu_type1.dma_entry_limit", room, pages);
}

void
devices_aim(const char *name)
{
	const struct owned *owned;

	if (!bus_ioas_isolated || bus_ioas_space == NULL)
		return;
	aim.set = name != NULL;
	if (name == NULL)
		return;
	pthread_mutex_lock(&devices_lock);
	owned = find(name);
	aim.space = owned == NULL ? NULL : owned->space;
	pthread_mutex_unlock(&devices_lock);
}

bool
devices_are_aimed(void)
{
	return aim.set;
}

struct ioas *
devices_space(void)
{
	return aim.set ? aim.space : bus_ioas_space;
}

rte_iova_t
devices_lookup(const void *va)
{
	rte_iova_t iova = RTE_BAD_IOVA;

	if (!bus_ioas_isolated)
		return iova;
	pthread_mutex_lock(&devices_lock);
	for (const struct owned *owned = devices; owned != NULL && iova == RTE_BAD_IOVA;
	     owned = owned->next)
		if (owned->space != NULL)
			iova = ioas_lookup_or_wait(owned->space, va);
	pthread_mutex_unlock(&devices_lock);
	return iova;
}

void
devices_before_fork(void)
{
	pthread_mutex_lock(&devices_lock);
}

void
devices_after_fork(void)
{
	pthread_mutex_unlock(&devices_lock);
}

int
devices_with_space(const char *name, void (*fn)(struct ioas *space, void *arg), void *arg)
{
	const struct owned *owned;
	int ret = -ENODEV;

	if (bus_ioas_space == NULL)
		return -ENOTSUP;
	pthread_mutex_lock(&devices_lock);
	owned = name == NULL ? NULL : find(name);
	if (name == NULL || owned != NULL) {
		fn(owned != NULL && owned->space != NULL ? owned->space : bus_ioas_space, arg);
		ret = 0;
	}
	pthread_mutex_unlock(&devices_lock);
	return ret;
}

void
devices_walk(void (*fn)(const struct bus_ioas_device *device, void *arg), void *arg)
{
	pthread_mutex_lock(&devices_lock);
	for (const struct owned *owned = devices; owned != NULL; owned = owned->next) {
		const struct bus_ioas_device device = {
			.name = owned->name,
			.driver = owned->driver,
			.error = owned->error,
			.node = owned->node,
			.group = owned->group,
			.isolated = owned->space != NULL,
			.in_use = owned->in_use,
			.shares = owned->shares,
		};

		fn(&device, arg);
	}
	pthread_mutex_unlock(&devices_lock);
}

bool
devices_explain(const char *name, uint64_t iova, struct ioas_explanation *explanation, bool *isolated)
{
	const struct owned *owned;

	pthread_mutex_lock(&devices_lock);
	owned = name == NULL ? NULL : find(name);
	*isolated = owned != NULL && owned->space != NULL;
	ioas_explain(*isolated ? owned->space : bus_ioas_space, iova, explanation);
	pthread_mutex_unlock(&devices_lock);
	return owned != NULL;
}

void
devices_give_back(void)
{
	struct owned *owned, *next;

	pthread_mutex_lock(&devices_lock);
	for (owned = devices; owned != NULL; owned = next) {
		next = owned->next;
		if (!owned->in_use) {
			if (policy_refuses_drivers())
				BUS_IOAS_LOG(WARNING, "%s: no driver took it, or its driver was "
					     "refused because it demands IOVAs equal to addresses: "
					     "DPDK_IOAS=iova=va serves that one", owned->name);
			else
				BUS_IOAS_LOG(DEBUG, "no driver wanted %s", owned->name);
			drop(owned);
		}
	}
	pthread_mutex_unlock(&devices_lock);
}

static int
get_info(const struct ioas_device *device, struct vfio_device_info *info)
{
	const int ret = ioas_device_info(device, info);

	if (ret == 0)
		return 0;
	BUS_IOAS_LOG(ERR, "%s: cannot get device info: %s", ioas_device_name(device),
		     strerror(-ret));
	rte_errno = -ret;
	return -1;
}

int
devices_setup(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info)
{
	char path[PATH_MAX];
	struct owned *owned;
	int ret = -1;

	if (bus_ioas_space == NULL)
		return 1;
	snprintf(path, sizeof(path), "%s/%s", sysfs_base, name);
	pthread_mutex_lock(&devices_lock);
	owned = find(name);
	if (owned == NULL) {
		if (!ioas_device_is_usable(path)) {
			ret = 1;
			goto out_unlock;
		}
		owned = record(path, name);
		if (owned == NULL)
			goto out_unlock;
		attach_together(&owned, 1);
	}
	if (owned->device == NULL) {
		BUS_IOAS_LOG(ERR, "%s", owned->failure);
		drop(owned);
		goto out_unlock;
	}
	ret = get_info(owned->device, info);
	if (ret == 0) {
		*fd = ioas_device_fd(owned->device);
		owned->in_use = true;
		BUS_IOAS_LOG(INFO, "%s: %s%s", owned->name, rte_eal_iova_mode() == RTE_IOVA_VA
			     ? "fixed IOVA=VA" : "chosen IOVAs", owned->space != NULL
			     ? ", an I/O address space of its own" : "");
	}
out_unlock:
	pthread_mutex_unlock(&devices_lock);
	return ret;
}

int
devices_release(const char *sysfs_base __rte_unused, const char *name, int fd)
{
	struct owned *owned;
	int ret = 1;

	pthread_mutex_lock(&devices_lock);
	owned = find(name);
	if (owned != NULL && owned->device != NULL && ioas_device_fd(owned->device) == fd) {
		if (owned->shares > 0)
			BUS_IOAS_LOG(WARNING, "%s: given back while a secondary process may still use it",
				     owned->name);
		drop(owned);
		ret = 0;
	}
	pthread_mutex_unlock(&devices_lock);
	return ret;
}

int
devices_share(const char *name, int *fd, struct vfio_device_info *info)
{
	struct owned *owned;
	int ret = 1;

	pthread_mutex_lock(&devices_lock);
	owned = find(name);
	if (owned != NULL && owned->device != NULL) {
		*info = (struct vfio_device_info){ .argsz = sizeof(*info) };
		ret = ioas_device_info(owned->device, info);
		if (ret == 0) {
			*fd = fcntl(ioas_device_fd(owned->device), F_DUPFD_CLOEXEC, 0);
			ret = *fd < 0 ? -errno : 0;
		}
		if (ret == 0)
			owned->shares++;
	}
	pthread_mutex_unlock(&devices_lock);
	return ret;
}

void
devices_unshare(const char *name)
{
	struct owned *owned;

	pthread_mutex_lock(&devices_lock);
	owned = find(name);
	if (owned != NULL && owned->shares > 0)
		owned->shares--;
	pthread_mutex_unlock(&devices_lock);
}

bool
devices_have_mapped(const char *name, uint64_t va, uint64_t length, rte_iova_t iova)
{
	const struct owned *owned;
	bool mapped = false;

	pthread_mutex_lock(&devices_lock);
	owned = find(name);
	if (owned != NULL && owned->space != NULL)
		mapped = addresses_are_mapped_at(owned->space, va, length, iova);
	else if (!bus_ioas_isolated || name[0] == '\0')
		mapped = addresses_are_mapped_at(bus_ioas_space, va, length, iova);
	pthread_mutex_unlock(&devices_lock);
	return mapped;
}

bool
devices_in_group(int group, char name[RTE_DEV_NAME_MAX_LEN])
{
	bool found = false;

	pthread_mutex_lock(&devices_lock);
	for (const struct owned *owned = devices; owned != NULL && !found; owned = owned->next) {
		found = owned->device != NULL && owned->group == group;
		if (found)
			snprintf(name, RTE_DEV_NAME_MAX_LEN, "%s", owned->name);
	}
	pthread_mutex_unlock(&devices_lock);
	return found;
}
