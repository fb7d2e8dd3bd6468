/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef KERNEL_MODEL_H
#define KERNEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "ioas.h"
#include "sys.h"

/*
 * A model of what Linux 6.12 does behind /dev/iommu, /dev/vfio and sysfs, as far as lib/ioas can see
 * it. The rules are those of drivers/iommu/iommufd and drivers/vfio;
 * test/unit/sequences.c runs the same calls against the model and against a real kernel, so that
 * the two cannot drift apart.
 *
 * There is one model a process. model_start() puts it behind ioas_sys, model_stop() takes it away.
 * Memory is never touched: any address will do, unless check_memory is set.
 */

/* What an IOMMU and a device behind it allow. */
struct model_iommu {
	const char *name;
	struct ioas_range aperture;
	struct ioas_range reserved[4];
	unsigned int n_reserved;
	uint64_t page;            /* the smallest IOMMU page */
	bool late;                /* its page tables know no width before the first attach */
	uint64_t spapr;           /* POWER, where VFIO has sPAPR and no other IOMMU: the size of the
				   * default window; else 0 */
};

extern const struct model_iommu model_intel39;
extern const struct model_iommu model_intel48;
extern const struct model_iommu model_amd;
extern const struct model_iommu model_smmuv3;
extern const struct model_iommu model_virtio;
extern const struct model_iommu model_pseries;
extern const struct model_iommu model_powernv9;

/* Every call that comes through the seam is of one of these kinds. */
enum model_call {
	MODEL_OPEN_IOMMU,
	MODEL_OPEN_CDEV,
	MODEL_IOAS_ALLOC,
	MODEL_DESTROY,
	MODEL_IOVA_RANGES,
	MODEL_ALLOW_IOVAS,
	MODEL_MAP,
	MODEL_COPY,
	MODEL_UNMAP,
	MODEL_BIND,
	MODEL_HWPT_ALLOC,
	MODEL_ATTACH,
	MODEL_DETACH,
	MODEL_GET_INFO,
	MODEL_OPEN_CONTAINER,
	MODEL_OPEN_GROUP,
	MODEL_SET_CONTAINER,
	MODEL_SET_IOMMU,
	MODEL_DEVICE_FD,
	MODEL_REGISTER,
	MODEL_RESERVE,            /* address space for a table */
	MODEL_COMMIT,
	MODEL_SHARE,
	MODEL_OTHER,
	MODEL_CALLS,
};

/* Who has a device besides the program under test. */
enum model_holder {
	MODEL_HELD_BY_NOBODY,
	MODEL_HELD_BY_GROUP,      /* its group is open: bind gives EBUSY */
	MODEL_HELD_BY_CDEV,       /* its cdev is bound by another process: bind gives EINVAL */
	MODEL_HELD_BY_NEIGHBOUR,  /* another device of its group is: bind gives EPERM */
	MODEL_HELD_BY_FIRMWARE,   /* it demands a 1:1 mapping: bind gives EINVAL */
};

struct model_device {
	char name[32];
	const struct model_iommu *iommu;
	unsigned int index;       /* the N of vfioN */
	unsigned int group;
	int open_error;           /* what opening its cdev or its group gives, or 0 */
	enum model_holder holder;
	const char *vf_token;     /* of its PF, which is bound to vfio-pci; NULL: it is no such VF */

	/* Belongs to the model. */
	struct model_device *next;
	struct model_ctx *ctx;    /* that it is bound to */
	int bound_fd;             /* through which; -1: none */
	bool held;                /* model_device_hold() */
	uint32_t id;              /* of its object there */
	uint32_t hwpt;            /* that it is attached through; 0: the kernel's choice */
	unsigned int pasids;      /* that are attached, until it is unbound */
	struct model_pasid {
		uint32_t number, hwpt;
		struct model_ioas *ioas;
	} pasid[8];
	struct model_ioas *ioas;  /* that it is attached to */
};

/* Knobs, and what has been counted. */
struct model {
	int iommu_error;          /* what opening /dev/iommu gives, or 0 */
	int container_error;      /* what opening /dev/vfio/vfio gives, or 0 */
	int type1_version;        /* that the container knows; 0: it knows no type1 */
	uint64_t dma_entry_limit; /* maps of a container */
	bool no_info_caps;        /* the container does not tell ranges, as before Linux 5.4 */
	uint32_t hwpt_flags;      /* that the IOMMUs support */
	bool cdev_tokens;         /* Linux 6.17, which asks for VF tokens at cdevs too */
	bool pasid;               /* Linux 6.15, and devices with PASIDs */
	bool map_file;            /* Linux 6.13, where memory of a file is mapped by its descriptor */
	bool dirty_tracking;      /* the IOMMUs record which pages were written to */
	bool emulated;            /* /dev/vfio/vfio is an iommufd */
	uint64_t spapr;           /* it has sPAPR instead of type1, with a default window of that size */
	unsigned int windows;     /* that sPAPR can have, the default one among them */
	uint64_t memory_page;     /* the size of the pages of all memory */
	uint64_t memlock;         /* RLIMIT_MEMLOCK; UINT64_MAX: not counted */
	uint64_t max_alignment;   /* HPAGE_SIZE, 2 MiB by default; 32 and 512 MiB are arm64 with pages of 16
				   * and 64 KiB, 4096 is a kernel without transparent huge pages */
	struct ioas_range bad;    /* addresses that are not memory; last 0: none */
	bool check_memory;        /* probe the memory that is pinned */
	uint64_t address_space;   /* the longest stretch that can be reserved */
	int bind_error;           /* what binding memory to a node gives, or 0 */
	bool no_memory_file;      /* memfd_create() is refused */
	bool no_pidfd;            /* before Linux 5.3 */
	int watch_error;          /* what userfaultfd() gives, or 0 for that of this machine */
	unsigned int growing;     /* so many times the kernel has more ranges than there was room for */

	/* Told when devices can reach an area from now on, or cannot any more; or NULL. */
	void (*changed)(uint64_t first, uint64_t last, bool mapped);

	/* The fail_at-th call (1 is the next) of a kind in fail_kinds (0: any) fails. */
	unsigned int fail_at;
	uint32_t fail_kinds;
	int fail_error;           /* negative */
	enum model_call failed;   /* the kind that it hit; MODEL_CALLS: none yet */

	uint64_t calls[MODEL_CALLS];
	uint64_t passed;          /* areas and reserved ranges that searches went past */
};

extern struct model model;

void model_start(void);
void model_stop(void);

/* Adds a device that is bound to vfio-pci, has a cdev and a group of its own. */
struct model_device *model_device_add(const char *name, const struct model_iommu *iommu);

struct model_device *model_device_find(const char *name);

/* Puts the device into the group of another one. */
void model_device_join(struct model_device *device, const struct model_device *other);

/* Binds the device to another driver, as sysfs shows it; NULL: none. */
void model_device_driver(struct model_device *device, const char *driver);

/* The firmware demands that the device reaches a region at its physical addresses. */
void model_device_demands(struct model_device *device, struct ioas_range region);

/* As a kernel without CONFIG_VFIO_DEVICE_CDEV shows it: vfio-dev/vfioN without a file "dev". */
void model_device_no_cdev(struct model_device *device);

/* As without an IOMMU: no file "dev" and no group. */
void model_device_no_iommu(struct model_device *device);

/* As VFIO's mode "noiommu" shows it: a group of that name, and since Linux 7.3 a character device. */
void model_device_vfio_no_iommu(struct model_device *device, bool cdev);

/* As if the program had the device's registers mapped: it stays open, and so does its group. */
void model_device_hold(struct model_device *device, bool hold);

/* All calls since model_start() or model_forget(), but for those for the tables' memory. */
uint64_t model_total_calls(void);
void model_forget(void);

/* Fails the n-th call from now on of the kinds (a mask of 1u << kind; 0: any). 0: none. */
void model_fail(unsigned int n, uint32_t kinds, int error);

/* What the kernel holds: descriptors, areas, bytes that are pinned, attached devices, hardware page
 * tables that were asked for, address space of lookup tables. */
unsigned int model_open_files(void);
uint64_t model_areas(void);
uint64_t model_pinned(void);
unsigned int model_attached(void);
unsigned int model_hwpts(void);
uint64_t model_reserved(void);

/* What a device's DMA to an IOVA, a read and a write, reaches: the address, or UINT64_MAX for a fault. */
uint64_t model_translate(const struct model_device *device, uint64_t iova);

#endif /* KERNEL_MODEL_H */
