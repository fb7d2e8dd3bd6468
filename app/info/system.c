/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/*
 * The kernel and the user: limits, privileges, working backends and kernel features. For the backends
 * lib/ioas creates an empty space with each.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "info.h"
#include "machine.h"
#include "privilege.h"

/* Whether RLIMIT_MEMLOCK has no effect. */
static bool
may_lock(void)
{
	char path[256], line[256], namespace[64];
	uint64_t capabilities = 0;
	FILE *file;

	sys_path(path, sizeof(path), "/proc/self/status");
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "CapEff: %" SCNx64, &capabilities) == 1)
			break;
	fclose(file);
	sys_link(namespace, sizeof(namespace), "/proc/self/ns/user");
	return is_free_of_memlock(capabilities, namespace);
}

void
look_at_system(struct info *info)
{
	struct utsname name;

	uname(&name);
	if (!sys_text(info->kernel, sizeof(info->kernel), "/proc/sys/kernel/osrelease"))
		snprintf(info->kernel, sizeof(info->kernel), "%.63s", name.release);
	if (!sys_text(info->machine, sizeof(info->machine), "/proc/sys/kernel/arch"))
		snprintf(info->machine, sizeof(info->machine), "%.63s", name.machine);
	snprintf(info->user, sizeof(info->user), "%s", info_sys->user());
	info->sudo = info_sys->is_root() ? "" : "sudo ";
	info->may_lock = may_lock();
	info_sys->memlock(&info->memlock, &info->memlock_hard);
}

/* Stores the error line: cause, colon, remedy. */
static void
keep_reason(enum ioas_log_level level, const char *line, void *arg)
{
	struct info_backend *const backend = arg;
	const char *const colon = strstr(line, ": ");

	if (level != IOAS_LOG_ERR)
		return;
	snprintf(backend->reason, sizeof(backend->reason), "%.*s",
		 colon != NULL ? (int)(colon - line) : (int)strlen(line), line);
	snprintf(backend->remedy, sizeof(backend->remedy), "%s", colon != NULL ? colon + 2 : "");
}

/* VFIO has device numbers for character devices if it was configured with them. */
static bool
has_cdevs(void)
{
	char path[256], line[128], name[64];
	bool found = false;
	FILE *file;

	sys_path(path, sizeof(path), "/proc/devices");
	file = fopen(path, "re");
	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		found = sscanf(line, "%*u %63s", name) == 1 && strcmp(name, "vfio-dev") == 0;
	if (file != NULL)
		fclose(file);
	return found;
}

void
look_at_features(struct info *info, struct ioas *space, bool attached)
{
	const unsigned int features = space != NULL ? ioas_features(space) : 0;
	const struct info_feature all[] = {
		{ "cdevs", "VFIO character devices", true, has_cdevs() },
		{ "map_file", "IOMMU_IOAS_MAP_FILE", space != NULL,
		  (features & IOAS_FEATURE_MAP_FILE) != 0 },
		{ "change_process", "IOMMU_IOAS_CHANGE_PROCESS", space != NULL,
		  (features & IOAS_FEATURE_CHANGE_PROCESS) != 0 },
		{ "dirty_tracking", "dirty tracking", attached,
		  (features & IOAS_FEATURE_DIRTY_TRACKING) != 0 },
		{ "userfaultfd", "userfaultfd, which follows memory that EAL does not own", true,
		  info_sys->userfaultfd() == 0 },
	};

	memcpy(info->features, all, sizeof(all));
}

/* Creates an empty space with each backend. */
void
look_at_backends(struct info *info)
{
	static const char *const names[] = { "iommufd", "spapr", "type1" };

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct info_backend *const backend = &info->backends[i];
		const struct ioas_options options = {
			.size = sizeof(options),
			.backend = names[i],
			.log = keep_reason,
			.log_arg = backend,
		};
		struct ioas *space;

		backend->name = names[i];
		backend->works = ioas_create(&options, &space) == 0;
		if (i == 0)
			look_at_features(info, backend->works ? space : NULL, false);
		if (!backend->works)
			continue;
		ioas_destroy(space);
		if (info->backend == NULL)
			info->backend = backend;
	}
	if (!sys_number(&info->dma_entry_limit, 10,
			"/sys/module/vfio_iommu_type1/parameters/dma_entry_limit"))
		info->dma_entry_limit = 65535;
}
