/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Asks EAL for a device like a bus, or for I/O ports, and reports whether it got them, also in its status.
 * usage: take EAL-OPTION... -- PCI-ADDRESS|ports
 */

#include <stdio.h>
#include <string.h>

#include <linux/vfio.h>
#include <rte_eal.h>
#include <rte_vfio.h>

int
main(int argc, char **argv)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	int n, fd, ret;

	n = rte_eal_init(argc, argv);
	if (n < 0 || argc - n != 2)
		return 2;
	ret = strcmp(argv[n + 1], "ports") == 0 ? rte_eal_iopl_init()
		: rte_vfio_setup_device("/sys/bus/pci/devices", argv[n + 1], &fd, &info);
	printf("%s: %s\n", argv[n + 1], ret == 0 ? "taken" : "not taken");
	rte_eal_cleanup();
	return ret != 0;
}
