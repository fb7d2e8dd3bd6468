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
 * A model of Linux 6.12 behind /dev/iommu, /dev/vfio and sysfs, as far as lib/ioas can see it. The rules are
 * those of drivers/iommu/iommufd and drivers/vfio. test/unit/sequences.c makes the same calls to the model
 * and to a real kernel, so that differences show.
 *
 * A process has one model. model_start() puts it behind ioas_sys, model_stop() removes it. The model does not
 * access memory: any address is valid, unless check_memory is set.
 */

/* The capabilities of an IOMMU and a device behind it. */
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

/* The kinds of calls through the seam. */
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

/* The holder of a device other than the program under test. */
enum model_holder {
	MODEL_HELD_BY_NOBODY,
	MODEL_HELD_BY_GROUP,      /* its group is open: bind returns EBUSY */
	MODEL_HELD_BY_CDEV,       /* another process has bound its cdev: bind returns EINVAL */
	MODEL_HELD_BY_NEIGHBOUR,  /* another device of its group is in use: bind returns EPERM */
	MODEL_HELD_BY_FIRMWARE,   /* it demands a 1:1 mapping: bind returns EINVAL */
};

struct model_device {
	char name[32];
	const struct model_iommu *iommu;
	unsigned int index;       /* the N of vfioN */
	unsigned int group;
	int open_error;           /* error of opening its cdev or its group, or 0 */
	enum model_holder holder;
	const char *vf_token;     /* token of its PF, which is bound to vfio-pci; NULL: not such a VF */

	/* Private to the model. */
	struct model_device *next;
	struct model_ctx *ctx;    /* context that it is bound to */
	int bound_fd;             /* descriptor of that; -1: none */
	bool held;                /* model_device_hold() */
	uint32_t id;              /* ID of its object there */
	uint32_t hwpt;            /* HWPT of its attach; 0: the kernel's choice */
	unsigned int pasids;      /* attached ones, until it is unbound */
	struct model_pasid {
		uint32_t number, hwpt;
		struct model_ioas *ioas;
	} pasid[8];
	struct model_ioas *ioas;  /* IOAS that it is attached to */
};

/* Settings and counters. */
struct model {
	int iommu_error;          /* error of opening /dev/iommu, or 0 */
	int container_error;      /* error of opening /dev/vfio/vfio, or 0 */
	int type1_version;        /* of the container; 0: no type1 */
	uint64_t dma_entry_limit; /* limit of a container's maps */
	bool no_info_caps;        /* the container reports no ranges, as before Linux 5.4 */
	uint32_t hwpt_flags;      /* flags that the IOMMUs support */
	bool cdev_tokens;         /* Linux 6.17, which demands VF tokens for cdevs too */
	bool pasid;               /* Linux 6.15, and devices with PASIDs */
	bool map_file;            /* Linux 6.13, which maps memory of a file by its descriptor */
	bool dirty_tracking;      /* the IOMMUs record which pages were written to */
	bool emulated;            /* /dev/vfio/vfio is an iommufd */
	uint64_t spapr;           /* it has sPAPR instead of type1, with a default window of that size */
	unsigned int windows;     /* maximum number for sPAPR, including the default one */
	uint64_t memory_page;     /* page size of all memory */
	uint64_t memlock;         /* RLIMIT_MEMLOCK; UINT64_MAX: not counted */
	uint64_t max_alignment;   /* HPAGE_SIZE, 2 MiB by default; 32 and 512 MiB are arm64 with pages of 16
				   * and 64 KiB, 4096 is a kernel without transparent huge pages */
	struct ioas_range bad;    /* addresses without memory; last 0: none */
	bool check_memory;        /* probe the memory when it is pinned */
	uint64_t address_space;   /* the longest range that can be reserved */
	int bind_error;           /* error of binding memory to a node, or 0 */
	bool no_memory_file;      /* memfd_create() is refused */
	bool no_pidfd;            /* before Linux 5.3 */
	int watch_error;          /* error of userfaultfd(), or 0 to use this machine's */
	unsigned int growing;     /* this many times the kernel has more ranges than fit */

	/* Called when devices can access an area from now on, or cannot any more; or NULL. */
	void (*changed)(uint64_t first, uint64_t last, bool mapped);

	/* The fail_at-th call (1 is the next) of a kind in fail_kinds (0: any) fails. */
	unsigned int fail_at;
	uint32_t fail_kinds;
	int fail_error;           /* negative */
	enum model_call failed;   /* the kind that failed; MODEL_CALLS: none yet */

	uint64_t calls[MODEL_CALLS];
	uint64_t passed;          /* areas and reserved ranges that searches have passed */
};

extern struct model model;

void model_start(void);
void model_stop(void);

/* Adds a device that is bound to vfio-pci and has its own cdev and group. */
struct model_device *model_device_add(const char *name, const struct model_iommu *iommu);

struct model_device *model_device_find(const char *name);

/* Puts the device into the group of another one. */
void model_device_join(struct model_device *device, const struct model_device *other);

/* Binds the device to another driver in sysfs; NULL: none. */
void model_device_driver(struct model_device *device, const char *driver);

/* Makes the firmware demand that the device reaches a region at its physical addresses. */
void model_device_demands(struct model_device *device, struct ioas_range region);

/* Removes the file "dev" from vfio-dev/vfioN, as without CONFIG_VFIO_DEVICE_CDEV. */
void model_device_no_cdev(struct model_device *device);

/* Removes the file "dev" and the group, as without an IOMMU. */
void model_device_no_iommu(struct model_device *device);

/* Sets up VFIO's mode "noiommu": a group of that name, and since Linux 7.3 a character device. */
void model_device_vfio_no_iommu(struct model_device *device, bool cdev);

/* Simulates a program that has the device's registers mapped: the device and its group stay open. */
void model_device_hold(struct model_device *device, bool hold);

/* All calls since model_start() or model_forget(), except for those about the tables' memory. */
uint64_t model_total_calls(void);
void model_forget(void);

/* Makes the n-th call from now on of these kinds fail (a mask of 1u << kind; 0: any). n 0: none. */
void model_fail(unsigned int n, uint32_t kinds, int error);

/* Objects that the kernel holds: descriptors, areas, pinned bytes, attached devices, explicit hardware page
 * tables, address space of lookup tables. */
unsigned int model_open_files(void);
uint64_t model_areas(void);
uint64_t model_pinned(void);
unsigned int model_attached(void);
unsigned int model_hwpts(void);
uint64_t model_reserved(void);

/* The address that a device's DMA to an IOVA (a read and a write) reaches, or UINT64_MAX for a fault. */
uint64_t model_translate(const struct model_device *device, uint64_t iova);

#endif /* KERNEL_MODEL_H */
