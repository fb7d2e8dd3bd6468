/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_BUS_H
#define IOAS_BUS_H

/*
 * What the files of the plugin share. The plugin replaces public functions of EAL (seams.c), found
 * and bound in one of the ways of bind_*.c; behind them are the devices (vfio.c) and the memory
 * (memory.c) of one address space of lib/ioas, or in a secondary process those of the primary
 * (processes.c).
 */

#include <rte_bus.h>
#include <rte_common.h>
#include <rte_dev.h>
#include <rte_log.h>
#include <rte_memory.h>
#include <rte_vfio.h>

#include "ioas.h"

extern int bus_ioas_logtype;

#define BUS_IOAS_LOG(level, ...) \
	rte_log(RTE_LOG_ ## level, bus_ioas_logtype, \
		RTE_FMT("IOAS: " RTE_FMT_HEAD(__VA_ARGS__,) "\n", RTE_FMT_TAIL(__VA_ARGS__,)))

/* How many descriptors can be handed in. */
#define BUS_IOAS_MAX_FDS 64

/* plugin.c: the options of the environment variable DPDK_IOAS. */
struct bus_ioas_options {
	const char *backend;      /* "auto" or a backend's name */
	enum rte_iova_mode iova;  /* RTE_IOVA_PA: chosen by the kernel; RTE_IOVA_VA: equal to VA;
				   * RTE_IOVA_DC: not named, chosen wherever that is right for all */
	struct ioas_range window; /* where chosen IOVAs may lie; zeroed: everywhere */
	bool isolate;             /* each device has a space of its own */
	uint64_t quarantine;      /* bytes that are not used again after they were freed */
	struct ioas_descriptor fds[BUS_IOAS_MAX_FDS]; /* handed in */
	unsigned int n_fds;
	char names[BUS_IOAS_MAX_FDS][96];             /* theirs */
};

/* What DPDK_IOAS holds; NULL: nothing, or the program must not be told by its environment. */
const char *bus_ioas_environment(void);
/* Fills the options; a wrong one is logged and gives -EINVAL. */
int bus_ioas_parse_options(const char *text, struct bus_ioas_options *options);
/* Lines of lib/ioas go to DPDK's log. */
void bus_ioas_log_line(enum ioas_log_level level, const char *line, void *arg);

/* load.c */
/* Whether the plugin works in this process. Decided by its constructor, or by the first call: another
 * library's constructor may start EAL before. */
bool bus_ioas_load(void);
/* How another process comes to the plugin, behind a line that says that it must. */
const char *bus_ioas_how_to_load(void);

/* release.c */
/* 0 if the plugin knows this release of DPDK (NULL: DPDK does not say); else logs and gives -ENOTSUP. */
int release_check(const char *version);
/* The release that runs, for log lines. */
const char *release_running(void);

/* vfio.c: the space, or NULL if no device is ours. Constant once EAL has memory. Where devices are
 * isolated, it has none of them, and the space of each follows it. */
extern struct ioas *bus_ioas_space;

/* After the buses were scanned: opens and attaches what EAL allows. 0, or -1 to stop EAL. */
int devices_take(const struct bus_ioas_options *options);
/* After the probe: gives back what no driver wanted. */
void devices_give_back(void);
/* The seams for devices of ours; 1 means "not ours". */
int devices_setup(const char *sysfs_base, const char *name, int *fd, struct vfio_device_info *info);
int devices_release(const char *sysfs_base, const char *name, int fd);
/* For a secondary process: a descriptor of the device, to be closed by the caller. 0, a negative
 * errno, or 1 for "not ours". */
int devices_share(const char *name, int *fd, struct vfio_device_info *info);
/* A secondary process has closed its descriptor. */
void devices_unshare(const char *name);
/* Whether memory is mapped at that IOVA, for that device ("": for all). */
bool devices_have_mapped(const char *name, uint64_t va, uint64_t length, rte_iova_t iova);
/* Whether a device of ours is in that IOMMU group, and its name. */
bool devices_in_group(int group, char name[RTE_DEV_NAME_MAX_LEN]);
/* Whether there was no device at the start, and IOVAs are chosen for those that come later. */
bool devices_are_awaited(void);
/* Ends that, and bus_ioas_space is NULL again, if EAL has another IOVA mode than it was asked for. */
void devices_check_mode(void);
/* How many devices are attached. */
unsigned int devices_count(void);
bool devices_are_isolated(void);
/* Warns if memory can grow by more pages than the kernel takes maps. */
void devices_check_room(void);
/* What this thread maps from now on is for that device alone, if devices are isolated; NULL: for all. */
void devices_aim(const char *name);
bool devices_are_aimed(void);
/* The space that this is mapped in; NULL if the device is not ours. */
struct ioas *devices_space(void);
/* The IOVA that an address has for a device alone; RTE_BAD_IOVA if it has none. */
rte_iova_t devices_lookup(const void *va);
/* Around fork(), in the parent and in the child. */
void devices_before_fork(void);
void devices_after_fork(void);
/* Explains an IOVA in the space of that device, which may be its own (isolated), or the common one. Returns
 * whether there is such a device. */
bool devices_explain(const char *name, uint64_t iova, struct ioas_explanation *explanation, bool *isolated);
/* Calls fn with the space of that device; with the common one if the name is NULL, or devices are not
 * isolated. 0, -ENODEV, or -ENOTSUP if no device is ours. */
int devices_with_space(const char *name, void (*fn)(struct ioas *space, void *arg), void *arg);
/* What is told of a device. */
struct bus_ioas_device {
	const char *name;
	const char *driver;  /* of DPDK; "": none, or not known because it came later */
	int error;           /* negative: it could not be attached; no driver has asked yet */
	int node;            /* NUMA; -1: not known */
	int group;           /* IOMMU; -1: it has none */
	bool isolated;
	bool in_use;
	unsigned int shares; /* secondary processes that use it */
};
/* Calls fn for each, the last to come first. */
void devices_walk(void (*fn)(const struct bus_ioas_device *device, void *arg), void *arg);
/* The drivers have probed: notes which has which device. */
void devices_note_drivers(void);

/* neighbours.c */
/* Whether there is something that takes IOVAs for something else than chosen ones, whatever EAL's mode is. */
bool neighbours_are_there(void);
/* Whether the plugin must not be in use, because something takes all IOVAs for physical addresses; then logs. */
bool neighbours_keep_out(void);
/* The mode in which IOVAs are right for all: PA (chosen ones), or VA after a log line. */
enum rte_iova_mode neighbours_mode(void);
/* Before each probe: whether EAL's mode is right for all. 0, or -1 after a log line. */
int neighbours_check(void);
/* Whether no IOMMU translates for a device that VFIO gives out, or for one of that group; then logs. */
bool neighbours_refuse_device(const char *sysfs_base, const char *name);
bool neighbours_refuse_group(int group);

/* policy.c */
/* What the drivers demand, as the buses say it: VA if one of them needs IOVAs equal to addresses. */
void policy_drivers_want(enum rte_iova_mode mode);
/* Whether such a driver is there, but IOVAs are chosen. */
bool policy_refuses_drivers(void);
/* Before memory is mapped, once EAL's mode is known: what was demanded until then. 0 or -1. */
int policy_start(void);
/* Whether IOVAs equal to these addresses can be had. 0, or -1 after a log line. */
int policy_check_va(uint64_t va, uint64_t length);
/* The seams for DMA masks; original is EAL's check. */
void policy_set_mask(uint8_t bits);
int policy_check_mask(uint8_t bits, int (*original)(uint8_t bits));

/* memory.c */
/* Before the first probe: maps what EAL has and follows its changes. 0 or -1. */
int memory_start(void);
bool memory_has_started(void);
/* The replica of the table for this thread, decided at its first lookup; NULL until then. The model
 * makes it one load; the default for a shared object is a call that costs more than the lookup. */
extern __thread const struct ioas_table *memory_table __attribute__((tls_model("initial-exec")));
/* The IOVA of an address; RTE_BAD_IOVA also where memory_iova() has not been asked yet. */
static inline rte_iova_t
memory_lookup(const void *va)
{
	return likely(memory_table != NULL) ? ioas_lookup(memory_table, va) : RTE_BAD_IOVA;
}
/* The IOVA of an address, mapped now if it was not; RTE_BAD_IOVA if that fails. */
rte_iova_t memory_iova(const void *va);
/* Maps memory at the IOVA that EAL's mode asks for. 0, or negative after a log line. */
int memory_map(void *va, uint64_t length);
/* Whether an address is memory of EAL's own. */
bool memory_is_eal(uint64_t va);

/* Whether [va, va + length) is mapped linearly at iova, in a space. */
bool memory_is_mapped_at(const struct ioas *space, uint64_t va, uint64_t length, rte_iova_t iova);

/* foreign.c: memory that EAL does not own */
/* Maps the page that an address lies in, for all devices. RTE_BAD_IOVA if that fails. */
rte_iova_t foreign_map_page(const void *va);
/* An application maps memory at an IOVA of its own choice, and takes that back. 0 or -1 with rte_errno. */
int foreign_map(struct ioas *space, uint64_t va, uint64_t iova, uint64_t length);
int foreign_unmap(struct ioas *space, uint64_t va, uint64_t iova, uint64_t length);
/* A device's own space is about to end. */
void foreign_end_space(const struct ioas *space);
/* Has the kernel tell when memory goes that is about to be mapped; what it cannot follow only the seams see. */
void foreign_watch(struct ioas *space, const void *start, uint64_t length);
/* Whether it has done so with any of these addresses. */
bool foreign_is_stated(const void *va, size_t length);
/* Any memory may be about to go, or to get other pages: around the call that decides. Allocators make such calls
 * with their locks held; these wait for none that is held over an allocation. errno stays as it is. */
unsigned int foreign_leaves(const void *va, size_t length);
void foreign_has_left(unsigned int token, const void *va, size_t length, bool gone);
/* How much of it is in one mapping, or all of it where none is mapped for DMA. Allocates nothing, as these two. */
size_t foreign_part(const void *va, size_t length);
/* Whether nothing is mapped there. */
bool foreign_is_empty(const void *va, size_t length);
/* Whether it is mapped, and shared memory, whose pages are the same when they come back. Allocates nothing. */
bool foreign_is_shared(const void *va, size_t length);
/* From an address to the end of its mapping, and the inode there; 0: nothing is mapped. */
uint64_t foreign_mapping_length(const void *va, uint64_t *inode);
/* Around fork(), in the parent and in the child. */
void foreign_before_fork(void);
void foreign_after_fork(void);

/* processes.c: in the primary process */
/* Memory is mapped: from now on secondary processes get answers. */
void processes_serve(void);
/* EAL's own VFIO stays off in this process: nobody else would answer what that of a secondary process
 * without the plugin asks. */
void processes_without_vfio(void);

/* processes.c: in a secondary process */
/* After the buses were scanned: finds out whether the primary process uses the plugin, and how. 0, or -1
 * to stop EAL. */
int processes_join(void);
/* Whether it does. Constant from the bus scan on; always false in the primary process. */
bool processes_joined(void);
/* The primary's IOVA mode. */
enum rte_iova_mode processes_mode(void);
/* Before the first probe: whether EAL's mode is the primary's. 0 or -1. */
int processes_start(void);
/* The IOVA of memory that the primary has mapped, else RTE_BAD_IOVA. */
rte_iova_t processes_iova(const void *va);
/* The seams for devices of the primary; 1 means "not ours". */
int processes_setup(const char *name, int *fd, struct vfio_device_info *info);
int processes_release(const char *name, int fd);
/* What this thread maps is for that device; NULL: for all. */
void processes_aim(const char *name);
/* Whether that is for devices of the primary. */
bool processes_map_here(int container_fd);
/* What the application maps must be mapped by the primary already. 0, or -1 with rte_errno. */
int processes_map(uint64_t va, uint64_t iova, uint64_t length);
int processes_unmap(uint64_t va);

/* bind_slots.c, bind_link.c */
/* Binds all seams or none. 0, or a negative errno after a log line. */
int seams_bind(void);
/* Binds what was loaded since, and what a thread has bound to the original meanwhile. */
void seams_bind_late(void);

/* seams.c */
/* How often an address was asked for that has no IOVA and cannot get one. */
uint64_t seams_misses(void);

/* telemetry.c */
/* From now on questions are answered. */
void telemetry_start(void);

#endif /* IOAS_BUS_H */
