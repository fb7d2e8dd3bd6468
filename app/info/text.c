/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* The report for people, on standard output. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "colour.h"
#include "info.h"

/* The left column, or blanks below it. */
static void
heading(FILE *out, const char *text)
{
	fprintf(out, "%s%-13s%s", colour(out, BOLD), text, colour(out, PLAIN));
}

static void
show_system(const struct info *info, FILE *out)
{
	char text[BYTES_TEXT];

	heading(out, "Machine");
	fprintf(out, "Linux %s, %s, user %s\n", info->kernel, info->machine, info->user);
	heading(out, "Memlock");
	if (info->may_lock)
		fprintf(out, "no limit for this user (CAP_IPC_LOCK)\n");
	else if (info->memlock == UINT64_MAX)
		fprintf(out, "no limit\n");
	else
		fprintf(out, "%s\n", bytes_exact(info->memlock, text));
}

static void
show_iommus(const struct info *info, FILE *out)
{
	heading(out, "IOMMU");
	if (info->n_iommus == 0)
		fprintf(out, "%s%s%s\n", info->groups == 0 ? colour(out, RED) : "",
			info->groups == 0 ? "none" : "of the platform (the kernel does not name it)",
			colour(out, PLAIN));
	for (unsigned int i = 0; i < info->n_iommus; i++) {
		const struct info_iommu *const iommu = &info->iommus[i];

		if (i > 0)
			heading(out, "");
		fprintf(out, "%s: %s, ", iommu->name, iommu->model);
		if (iommu->bits > 0)
			fprintf(out, "%u bits", iommu->bits);
		else
			fprintf(out, "its bits show with a device attached (--try)");
		fprintf(out, ", %u device%s\n", iommu->devices, iommu->devices == 1 ? "" : "s");
	}
}

static void
show_backends(const struct info *info, FILE *out)
{
	for (unsigned int i = 0; i < 3; i++) {
		const struct info_backend *const backend = &info->backends[i];

		heading(out, i == 0 ? "Backends" : "");
		fprintf(out, "%-8s %s%s%s%s\n", backend->name, colour(out, backend->works ? GREEN : GREY),
			backend->works ? "works" : "no: ", backend->works ? "" : backend->reason,
			colour(out, PLAIN));
	}
	heading(out, "");
	fprintf(out, "the plugin takes %s\n", info->backend != NULL ? info->backend->name : "none");
}

static void
show_features(const struct info *info, FILE *out)
{
	for (unsigned int i = 0; i < INFO_FEATURES; i++) {
		const struct info_feature *const feature = &info->features[i];

		heading(out, i == 0 ? "Features" : "");
		fprintf(out, "%s: ", feature->text);
		if (feature->known)
			fprintf(out, "%s\n", feature->there ? "yes" : "no");
		else if (info->backends[0].works)
			fprintf(out, "shows with a device attached (--try)\n");
		else
			fprintf(out, "not known without iommufd\n");
	}
}

static void
show_hugepages(const struct info *info, FILE *out)
{
	heading(out, "Hugepages");
	if (info->n_hugepages == 0)
		fprintf(out, "the kernel has none\n");
	for (unsigned int i = 0; i < info->n_hugepages; i++) {
		const struct info_hugepages *const pages = &info->hugepages[i];
		char text[BYTES_TEXT];

		if (i > 0)
			heading(out, "");
		fprintf(out, "%-8s", bytes_exact(pages->size, text));
		for (unsigned int k = 0; k < pages->n_nodes; k++)
			fprintf(out, "%s node %d: %" PRIu64 " free of %" PRIu64, k > 0 ? "," : "",
				pages->nodes[k].node, pages->nodes[k].free, pages->nodes[k].total);
		fprintf(out, "; %s%s\n", pages->mount[0] != '\0' ? "mounted at " : "no mount for this user",
			pages->mount);
	}
}

static const char *
class_name(uint32_t class)
{
	static const struct {
		uint32_t class, mask;
		const char *name;
	} names[] = {
		{ 0x020000, 0xff0000, "network" }, { 0x100000, 0xff0000, "crypto" },
		{ 0x0b4000, 0xffff00, "coprocessor" }, { 0x080100, 0xffff00, "DMA" },
		{ 0x120000, 0xff0000, "accelerator" }, { 0x010000, 0xff0000, "storage" },
		{ 0x060000, 0xff0000, "bridge" },
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((class & names[i].mask) == names[i].class)
			return names[i].name;
	return "other";
}

static void
show_group(const struct info_device *device, FILE *out)
{
	if (device->group < 0) {
		fprintf(out, ", no IOMMU group");
		return;
	}
	fprintf(out, ", group %d%s%s", device->group,
		device_is_viable(device) ? "" : " not viable: ",
		device_is_viable(device) ? "" : device->neighbours);
	if (device->iommu[0] != '\0')
		fprintf(out, ", %s", device->iommu);
}

static void
show_ranges(const struct ioas_range *ranges, unsigned int n, FILE *out)
{
	for (unsigned int i = 0; i < n; i++)
		fprintf(out, "%s 0x%" PRIx64 "-0x%" PRIx64, i > 0 ? "," : "", ranges[i].first,
			ranges[i].last);
	fprintf(out, "\n");
}

static void
show_usable(const struct info *info, const struct info_device *device, FILE *out)
{
	unsigned int n;
	struct ioas_range *const ranges = device_ranges(info, device, &n);

	if (n > 0) {
		heading(out, "");
		fprintf(out, "  usable");
		show_ranges(ranges, n, out);
	}
	free(ranges);
}

static void
show_device(const struct info *info, const struct info_device *device, FILE *out)
{
	char node[128];

	fprintf(out, "%s%s%s %04x:%04x %s, ",
		colour(out, device_is_vfio(device) && device_is_translated(device) ? GREEN : PLAIN),
		device->address, colour(out, PLAIN), device->vendor, device->device,
		class_name(device->class));
	if (!device->exists) {
		fprintf(out, "not there\n");
		return;
	}
	fprintf(out, "%s", device->driver[0] != '\0' ? device->driver : "no driver");
	if (device->interfaces != NULL)
		fprintf(out, " (%s)", device->interfaces);
	if (device->node >= 0)
		fprintf(out, ", node %d", device->node);
	show_group(device, out);
	device_node(info, device, node);
	if (node[0] != '\0')
		fprintf(out, ", %s", node);
	if (device->cdev[0] != '\0' && strcmp(device->cdev, node) != 0)
		fprintf(out, ", cdev %s", device->cdev);
	fprintf(out, "\n");
	for (unsigned int i = 0; i < device->n_reserved; i++) {
		const struct info_reserved *const reserved = &device->reserved[i];

		heading(out, "");
		fprintf(out, "  reserved 0x%" PRIx64 "-0x%" PRIx64 " (%s)\n", reserved->range.first,
			reserved->range.last, reserved->type);
	}
	show_usable(info, device, out);
}

static void
show_devices(const struct info *info, FILE *out)
{
	heading(out, "Devices");
	if (info->n_devices == 0)
		fprintf(out, "none of this kind\n");
	for (unsigned int i = 0; i < info->n_devices; i++) {
		if (i > 0)
			heading(out, "");
		show_device(info, &info->devices[i], out);
	}
}

static void
show_attempt(const struct info *info, FILE *out)
{
	const struct info_attempt *const attempt = &info->attempt;

	if (!attempt->attached)
		return;
	heading(out, "Tried");
	fprintf(out, "attached; IOVAs");
	show_ranges(attempt->ranges, attempt->n_ranges, out);
	if (!attempt->mapped)
		return;
	heading(out, "");
	fprintf(out, "%" PRIu64 " MiB mapped in %" PRIu64 " map%s, and unmapped\n", attempt->bytes >> 20,
		attempt->maps, attempt->maps == 1 ? "" : "s");
}

static void
show_problems(const struct info *info, bool missing, FILE *out)
{
	for (unsigned int i = 0; i < info->n_problems; i++) {
		const struct info_problem *const problem = &info->problems[i];

		if (problem->missing != missing)
			continue;
		fprintf(out, "%s%s%s%s\n", colour(out, missing ? RED : YELLOW),
			missing ? "missing: " : "note: ", colour(out, PLAIN), problem->what);
		if (problem->remedy != NULL)
			fprintf(out, "    -> %s\n", problem->remedy);
	}
}

static void
show_verdict(const struct info *info, FILE *out)
{
	const unsigned int missing = info_missing(info);

	if (missing > 0)
		fprintf(out, "%s%u thing%s missing%s\n", colour(out, RED), missing,
			missing == 1 ? " is" : "s are", colour(out, PLAIN));
	else if (info->attempt.mapped)
		fprintf(out, "%sthis configuration maps: tried%s\n", colour(out, GREEN), colour(out, PLAIN));
	else if (info->config.given)
		fprintf(out, "%sthis configuration will map%s\n", colour(out, GREEN), colour(out, PLAIN));
	else
		fprintf(out, "%sall is there%s\n", colour(out, GREEN), colour(out, PLAIN));
}

void
show_text(const struct info *info, FILE *out)
{
	show_system(info, out);
	show_iommus(info, out);
	show_backends(info, out);
	show_features(info, out);
	show_hugepages(info, out);
	show_devices(info, out);
	show_attempt(info, out);
	fprintf(out, "\n");
	show_problems(info, true, out);
	show_problems(info, false, out);
	show_verdict(info, out);
}
