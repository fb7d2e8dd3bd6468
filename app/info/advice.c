/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/*
 * Finds what this machine lacks for the plugin, each with the command that provides it. config.c checks the
 * requested configuration.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "info.h"
#include "machine.h"

/* Whether the kernel's command line contains a text. */
static bool
booted_with(const char *option)
{
	char line[4096];

	sys_text(line, sizeof(line), "/proc/cmdline");
	for (const char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " "))
		if (strcmp(word, option) == 0)
			return true;
	return false;
}

static bool
has(const char *file)
{
	char path[128];

	sys_path(path, sizeof(path), "%s", file);
	return info_sys->exists(path);
}

static void
advise_iommu(struct info *info)
{
	static const char *const off[] = { "intel_iommu=off", "amd_iommu=off", "iommu=off" };
	struct info_problem *wrong;

	if (info->n_iommus > 0 || info->groups > 0)
		return;
	for (unsigned int i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
		if (!booted_with(off[i]))
			continue;
		wrong = problem(info, true, "no IOMMU: it is switched off with %s", off[i]);
		remedy(wrong, "take %s from the kernel's command line (/etc/default/grub, then "
		       "`%supdate-grub`), and reboot", off[i], info->sudo);
		return;
	}
	if (has("/sys/firmware/acpi/tables/DMAR")) {
		wrong = problem(info, true,
				"no IOMMU: the firmware has a VT-d, but the kernel does not use it");
		remedy(wrong, "add intel_iommu=on to the kernel's command line (GRUB_CMDLINE_LINUX in "
		       "/etc/default/grub, then `%supdate-grub`), and reboot", info->sudo);
		return;
	}
	wrong = problem(info, true, "no IOMMU");
	remedy(wrong, "switch VT-d, AMD-Vi or SMMU on in the firmware's setup (for a virtual machine: in "
	       "its definition); with Intel also intel_iommu=on on the kernel's command line");
}

/* Whether the kernel was configured without an option, if /boot has the configuration. */
static bool
is_configured_without(const struct info *info, const char *option)
{
	char path[256], line[256], wanted[96];
	bool found = false;
	FILE *file;

	sys_path(path, sizeof(path), "/boot/config-%s", info->kernel);
	snprintf(wanted, sizeof(wanted), "# %s is not set\n", option);
	file = fopen(path, "re");
	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		found = strcmp(line, wanted) == 0;
	if (file != NULL)
		fclose(file);
	return found;
}

/* The group to which the package's udev rules give the nodes. */
#define GROUP "vfio"

/* How a user gets access to a node, for now and permanently. */
static void
remedy_access(struct info_problem *wrong, const struct info *info, const char *node,
	      const char *rule)
{
	if (!info_sys->may_join(GROUP)) {
		remedy(wrong, "`%schown %s %s`; for good a udev rule: %s, OWNER=\"%s\"", info->sudo,
		       info->user, node, rule, info->user);
		return;
	}
	remedy(wrong, "`%susermod -aG " GROUP " %s`, then log in again", info->sudo, info->user);
	if (!info_sys->is_of_group(node, GROUP))
		info_append(&wrong->remedy, "; `%schown :" GROUP " %s && %schmod 660 %s`; for good a "
			    "udev rule: %s, GROUP=\"" GROUP "\", MODE=\"0660\"", info->sudo, node,
			    info->sudo, node, rule);
}

/* Reports why a backend does not work, with the remedy for its node. */
static void
advise_backend(struct info *info, const struct info_backend *backend, const char *node,
	       const char *option, const char *module)
{
	struct info_problem *const wrong = problem(info, info->backend == NULL, "backend %s: %s",
						   backend->name, backend->reason);

	remedy(wrong, "%s", backend->remedy);
	if (info_sys->exists(node) && !info_sys->may_use(node))
		remedy_access(wrong, info, node, strcmp(node, "/dev/iommu") == 0
						 ? "KERNEL==\"iommu\", SUBSYSTEM==\"misc\""
						 : "KERNEL==\"vfio\", SUBSYSTEM==\"misc\"");
	else if (!info_sys->exists(node) && is_configured_without(info, option))
		remedy(wrong, "a kernel with %s (/boot/config-%s is without)", option, info->kernel);
	else if (!info_sys->exists(node))
		remedy(wrong, "`%smodprobe %s`", info->sudo, module);
}

static void
advise_backends(struct info *info)
{
	const struct info_backend *const iommufd = &info->backends[0], *const type1 = &info->backends[2];

	if (info->backend != NULL && strcmp(info->backend->name, "type1") != 0)
		return;
	advise_backend(info, iommufd, "/dev/iommu", "CONFIG_IOMMUFD", "iommufd");
	if (info->backend == NULL)
		advise_backend(info, type1, "/dev/vfio/vfio", "CONFIG_VFIO", "vfio-pci");
}

/* The command that takes a device from its kernel driver. */
static void
remedy_bind(struct info_problem *wrong, const struct info *info, const struct info_device *device,
	    const char *remark)
{
	const bool loaded = has("/sys/bus/pci/drivers/vfio-pci");

	remedy(wrong, "`%s%s%sdpdk-devbind.py -b vfio-pci %s`%s", loaded ? "" : info->sudo,
	       loaded ? "" : "modprobe vfio-pci && ", info->sudo, device->address, remark);
	if (device->interfaces != NULL)
		info_append(&wrong->remedy, ", which ends the interface %s", device->interfaces);
}

static void
advise_no_device(struct info *info)
{
	struct info_problem *const wrong =
		problem(info, true, "no device is bound to a VFIO driver");
	const struct info_device *example = NULL;

	/* Prefers a device without a kernel interface, because the user may be connected through an
	 * interface. */
	for (unsigned int i = 0; i < info->n_devices; i++) {
		const struct info_device *const device = &info->devices[i];

		if (!device_is_vfio(device) &&
		    (example == NULL || (example->interfaces != NULL && device->interfaces == NULL)))
			example = device;
	}
	if (example == NULL) {
		remedy(wrong, "`dpdk-devbind.py --status` shows which there are");
		return;
	}
	remedy_bind(wrong, info, example, ", for example");
}

static void
advise_device(struct info *info, const struct info_device *device)
{
	struct info_problem *wrong;
	char node[128];

	if (!device->exists) {
		remedy(problem(info, true, "%s: there is no such device", device->address),
		       "`dpdk-devbind.py --status` shows which there are");
		return;
	}
	if (!device_is_vfio(device)) {
		wrong = problem(info, true, "%s: bound to %s, not to a VFIO driver", device->address,
				device->driver[0] != '\0' ? device->driver : "no driver");
		remedy_bind(wrong, info, device, "");
		return;
	}
	if (!device_is_translated(device)) {
		remedy(problem(info, true, "%s: no IOMMU translates for it", device->address),
		       "see what is said of the IOMMU, or use another slot");
		return;
	}
	if (!device_is_viable(device))
		remedy(problem(info, true, "%s: its IOMMU group %d is not viable: it has %s",
			       device->address, device->group, device->neighbours),
		       "`%sdpdk-devbind.py -b vfio-pci %s`, or `%sdpdk-devbind.py -u %s`", info->sudo,
		       device->unbind, info->sudo, device->unbind);
	device_node(info, device, node);
	if (node[0] != '\0' && !info_sys->may_use(node))
		remedy_access(problem(info, true, "%s: %s may not open %s", device->address, info->user,
				      node), info, node, strcmp(node, device->cdev) == 0
		       ? "SUBSYSTEM==\"vfio-dev\"" : "SUBSYSTEM==\"vfio\"");
}

static void
advise_devices(struct info *info)
{
	bool chosen = false, cdevs = false;

	for (unsigned int i = 0; i < info->n_devices; i++) {
		const struct info_device *const device = &info->devices[i];

		if (!device_is_chosen(info, device))
			continue;
		chosen = true;
		cdevs = cdevs || device->cdev[0] != '\0' || !device_is_vfio(device);
		advise_device(info, device);
	}
	if (!chosen)
		advise_no_device(info);
	else if (!cdevs && info->backend != NULL && strcmp(info->backend->name, "iommufd") == 0)
		remedy(problem(info, false, "devices have no character devices: they are opened through "
			       "their groups"),
		       "a kernel with CONFIG_VFIO_DEVICE_CDEV (Linux 6.6), if devices are to be given to "
		       "users one by one");
}

/* Pages exist, but this user may not use them. */
static void
advise_mount(struct info *info, const struct info_hugepages *pages)
{
	struct info_problem *const wrong =
		problem(info, true, "no hugetlbfs is mounted that %s may write to", info->user);
	char size[SIZE_TEXT], unused[SIZE_TEXT];

	name_size(pages->size, size, unused);
	if (pages->barred[0] != '\0')
		remedy(wrong, "`%schmod 1777 %s`; for good mode=1777 among the options of its mount",
		       info->sudo, pages->barred);
	else
		remedy(wrong, "`%smkdir -p /dev/hugepages-%s && %smount -t hugetlbfs -o "
		       "pagesize=%s,mode=1777 nodev /dev/hugepages-%s`, or `%shugeadm "
		       "--create-user-mounts=%s`", info->sudo, size, info->sudo, size, size, info->sudo,
		       info->user);
	info_append(&wrong->remedy, "; DPDK's --in-memory does without");
}

static void
advise_hugepages(struct info *info)
{
	uint64_t total = 0, free = 0, usable = 0;
	const struct info_hugepages *reserved = NULL;
	char text[BYTES_TEXT];

	for (unsigned int i = 0; i < info->n_hugepages; i++) {
		const struct info_hugepages *const pages = &info->hugepages[i];

		for (unsigned int k = 0; k < pages->n_nodes; k++) {
			total += pages->nodes[k].total * pages->size;
			free += pages->nodes[k].free * pages->size;
			usable += pages->mount[0] != '\0' ? pages->nodes[k].total * pages->size : 0;
			if (reserved == NULL && pages->nodes[k].total > 0)
				reserved = pages;
		}
	}
	if (info->n_hugepages == 0) {
		remedy(problem(info, true, "the kernel has no hugepages"),
		       "a kernel with CONFIG_HUGETLBFS; DPDK's --no-huge does without");
		return;
	}
	if (total == 0 && info->config.bytes > 0)
		return; /* advise_config() knows the number of pages */
	if (reserved == NULL) {
		remedy(problem(info, true, "no hugepages are reserved"), "`%sdpdk-hugepages.py -r 1G` on each "
		       "node, or `%shugeadm --pool-pages-min DEFAULT:1G` on all together", info->sudo,
		       info->sudo);
		return;
	}
	if (usable == 0)
		advise_mount(info, reserved);
	if (!info->may_lock && info->memlock < free && !info->config.given)
		remedy(problem(info, false, "RLIMIT_MEMLOCK lets %s map %s, of %" PRIu64 " MiB of free "
			       "hugepages", info->user, bytes_exact(info->memlock, text), free >> 20),
		       "`" INFO_NAME " -m MB` says how to raise it for an application of so many MB");
}

void
advise(struct info *info)
{
	advise_iommu(info);
	advise_backends(info);
	advise_devices(info);
	advise_hugepages(info);
}
