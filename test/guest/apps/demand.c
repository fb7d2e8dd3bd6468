/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A driver that makes demands on IOVAs, for EAL's "-d demand.so" before the real drivers. It takes every
 * e1000e, does nothing with it, and prints EAL's answers. The environment variable DEMAND selects the demand:
 *
 *   va           IOVA=VA
 *   early=BITS   sets a DMA mask during the bus scan, before memory exists
 *   check=BITS   checks a DMA mask in its probe, as most drivers with one do
 *   set=BITS     sets one in its probe
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <rte_bus_pci.h>
#include <rte_bus_vdev.h>
#include <rte_common.h>
#include <rte_memory.h>

/* Debian does not install the headers for drivers: these are from 22.11. */
struct rte_pci_driver {
	TAILQ_ENTRY(rte_pci_driver) next;
	struct {
		TAILQ_ENTRY(rte_driver) next;
		const char *name;
		const char *alias;
	} driver;
	int (*probe)(struct rte_pci_driver *driver, struct rte_pci_device *device);
	int (*remove)(struct rte_pci_device *device);
	void *dma_map, *dma_unmap;
	const struct rte_pci_id *id_table;
	uint32_t drv_flags;
};
#define NEED_MAPPING 0x0001
#define NEED_IOVA_AS_VA 0x0040
void rte_pci_register(struct rte_pci_driver *driver);

/* The number after "NAME=" in DEMAND; 0 if it has another name. */
static uint8_t
demanded_bits(const char *name)
{
	const char *const text = getenv("DEMAND");
	const size_t length = strlen(name);

	if (text == NULL || strncmp(text, name, length) != 0 || text[length] != '=')
		return 0;
	return (uint8_t)atoi(text + length + 1);
}

static int
demand_probe(struct rte_pci_driver *driver __rte_unused, struct rte_pci_device *device __rte_unused)
{
	printf("demand: probed\n");
	if (demanded_bits("set") != 0)
		rte_mem_set_dma_mask(demanded_bits("set"));
	if (demanded_bits("check") != 0)
		printf("demand: mask of %u bits: %d\n", demanded_bits("check"),
		       rte_mem_check_dma_mask(demanded_bits("check")));
	fflush(stdout);
	return 0;
}

static int
demand_remove(struct rte_pci_device *device __rte_unused)
{
	return 0;
}

static void
demand_early(void *arg __rte_unused)
{
	rte_mem_set_dma_mask(demanded_bits("early"));
}

static const struct rte_pci_id ids[] = {
	{
		.class_id = RTE_CLASS_ANY_ID, .vendor_id = 0x8086, .device_id = 0x10d3,
		.subsystem_vendor_id = RTE_PCI_ANY_ID, .subsystem_device_id = RTE_PCI_ANY_ID,
	},
	{ .vendor_id = 0 },
};

static struct rte_pci_driver demand = {
	.driver = { .name = "demand" },
	.probe = demand_probe,
	.remove = demand_remove,
	.id_table = ids,
	.drv_flags = NEED_MAPPING,
};

RTE_INIT(demand_load)
{
	const char *const text = getenv("DEMAND");

	if (text != NULL && strcmp(text, "va") == 0)
		demand.drv_flags |= NEED_IOVA_AS_VA;
	if (demanded_bits("early") != 0)
		rte_vdev_add_custom_scan(demand_early, NULL);
	rte_pci_register(&demand);
}
