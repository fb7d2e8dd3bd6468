/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* The report for programs (--json). */
#include <inttypes.h>
#include <stdlib.h>

#include <jansson.h>

#include "info.h"

/* IOVAs may have 64 bits, more than a JSON number. */
static json_t *
address(uint64_t iova)
{
	return json_sprintf("0x%" PRIx64, iova);
}

static json_t *
text_or_null(const char *text)
{
	return text != NULL && text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *
limit(uint64_t bytes)
{
	return bytes == UINT64_MAX ? json_null() : json_integer(bytes);
}

static json_t *
range(const struct ioas_range *range)
{
	return json_pack("{s:o, s:o}", "first", address(range->first), "last", address(range->last));
}

static json_t *
iommus(const struct info *info)
{
	json_t *const all = json_array();

	for (unsigned int i = 0; i < info->n_iommus; i++) {
		const struct info_iommu *const iommu = &info->iommus[i];

		json_array_append_new(all, json_pack("{s:s, s:s, s:o, s:i}", "name", iommu->name, "model",
						     iommu->model, "bits",
						     iommu->bits > 0 ? json_integer(iommu->bits)
								     : json_null(),
						     "devices", iommu->devices));
	}
	return all;
}

static json_t *
backends(const struct info *info)
{
	json_t *const all = json_array();

	for (unsigned int i = 0; i < 3; i++)
		json_array_append_new(all, json_pack("{s:s, s:b, s:o}", "name", info->backends[i].name,
						     "works", info->backends[i].works, "reason",
						     text_or_null(info->backends[i].reason)));
	return all;
}

/* null: not known. */
static json_t *
features(const struct info *info)
{
	json_t *const all = json_object();

	for (unsigned int i = 0; i < INFO_FEATURES; i++)
		json_object_set_new(all, info->features[i].name,
				    info->features[i].known ? json_boolean(info->features[i].there)
							    : json_null());
	return all;
}

static json_t *
hugepages(const struct info *info)
{
	json_t *const all = json_array();

	for (unsigned int i = 0; i < info->n_hugepages; i++) {
		const struct info_hugepages *const pages = &info->hugepages[i];
		json_t *const nodes = json_array();

		for (unsigned int k = 0; k < pages->n_nodes; k++)
			json_array_append_new(nodes, json_pack("{s:i, s:I, s:I}", "node",
							       pages->nodes[k].node, "total",
							       (json_int_t)pages->nodes[k].total, "free",
							       (json_int_t)pages->nodes[k].free));
		json_array_append_new(all, json_pack("{s:I, s:o, s:o}", "size", (json_int_t)pages->size,
						     "mount", text_or_null(pages->mount), "nodes", nodes));
	}
	return all;
}

static json_t *
reserved(const struct info_device *device)
{
	json_t *const all = json_array();

	for (unsigned int i = 0; i < device->n_reserved; i++) {
		json_t *const one = range(&device->reserved[i].range);

		json_object_set_new(one, "type", json_string(device->reserved[i].type));
		json_array_append_new(all, one);
	}
	return all;
}

/* null: not known before the device is attached. */
static json_t *
usable(const struct info *info, const struct info_device *device)
{
	unsigned int n;
	struct ioas_range *const ranges = device_ranges(info, device, &n);
	json_t *const all = n > 0 ? json_array() : json_null();

	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(all, range(&ranges[i]));
	free(ranges);
	return all;
}

static json_t *
devices(const struct info *info)
{
	json_t *const all = json_array();
	char node[128];

	for (unsigned int i = 0; i < info->n_devices; i++) {
		const struct info_device *const device = &info->devices[i];

		device_node(info, device, node);
		json_array_append_new(
			all,
			json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:i, s:o, s:o, s:b, s:o, s:o, s:o, s:b, s:o, "
				  "s:o}",
				  "device", device->address, "exists", device->exists,
				  "vendor", json_sprintf("%04x", device->vendor),
				  "id", json_sprintf("%04x", device->device),
				  "class", json_sprintf("%06x", device->class),
				  "driver", text_or_null(device->driver),
				  "interfaces", text_or_null(device->interfaces),
				  "numa_node", device->node,
				  "iommu_group", device->group >= 0 ? json_integer(device->group) : json_null(),
				  "iommu", text_or_null(device->iommu),
				  "viable", device_is_viable(device),
				  "neighbours", text_or_null(device->neighbours),
				  "cdev", text_or_null(device->cdev),
				  "node", text_or_null(node),
				  "usable", device_is_vfio(device) && device_is_translated(device) &&
					    device_is_viable(device),
				  "reserved", reserved(device),
				  "ranges", usable(info, device)));
	}
	return all;
}

static json_t *
attempted(const struct info *info)
{
	const struct info_attempt *const attempt = &info->attempt;
	json_t *const ranges = json_array();

	for (unsigned int i = 0; i < attempt->n_ranges; i++)
		json_array_append_new(ranges, range(&attempt->ranges[i]));
	return json_pack("{s:b, s:o, s:b, s:I, s:I}", "attached", attempt->attached, "ranges", ranges,
			 "mapped", attempt->mapped, "bytes", (json_int_t)attempt->bytes, "maps",
			 (json_int_t)attempt->maps);
}

static json_t *
problems(const struct info *info)
{
	json_t *const all = json_array();

	for (unsigned int i = 0; i < info->n_problems; i++)
		json_array_append_new(all, json_pack("{s:b, s:s, s:o}", "missing",
						     info->problems[i].missing, "what",
						     info->problems[i].what, "remedy",
						     text_or_null(info->problems[i].remedy)));
	return all;
}

void
show_json(const struct info *info, FILE *out)
{
	json_t *const all = json_pack(
		"{s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:s?, s:o, s:o, s:o, s:o, s:b}", "kernel", info->kernel,
		"machine", info->machine, "user", info->user, "may_lock", info->may_lock, "memlock",
		limit(info->memlock), "iommus", iommus(info), "backends", backends(info), "backend",
		info->backend != NULL ? info->backend->name : NULL, "features", features(info), "hugepages",
		hugepages(info), "devices", devices(info), "problems", problems(info), "well",
		info_missing(info) == 0);

	if (info->config.try)
		json_object_set_new(all, "tried", attempted(info));
	json_dumpf(all, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(all);
}
