/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef MODEL_INTERNAL_H
#define MODEL_INTERNAL_H

#include <stddef.h>

#include "kernel_model.h"

/*
 * Shared by the files of the model. Terms as in the kernel: a context belongs to an open /dev/iommu, an IOAS
 * is an object in it, an area one map. A container has its own address space while it has groups. The caller
 * holds the model's lock.
 */

#define PAGE UINT64_C(4096)

#define member_end(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))

struct vfio_device_info;
struct model_group;

/* Memory shared by areas of several IOASes: pinned as long as one of them has a device. */
struct model_pages {
	unsigned int refs, pins;
};

struct model_area {
	uint64_t first, last; /* IOVAs */
	uint64_t va;
	bool limited; /* devices may not read, or not write */
	struct model_pages *pages; /* NULL: not shared */
};

struct model_ioas {
	struct model_ioas *next;
	struct model_ctx *ctx;
	uint32_t id;
	struct model_area *areas; /* ascending */
	size_t n_areas, room;
	struct ioas_range *allowed; /* ascending */
	size_t n_allowed;
	uint64_t alignment;
	unsigned int users; /* devices, PASIDs and page tables: the first one pins all */
};

/* An explicit hardware page table. It has all areas of its IOAS from its creation on, with or without a
 * device. */
struct model_hwpt {
	struct model_hwpt *next;
	uint32_t id, flags;
	struct model_ioas *ioas;
	struct ioas_range aperture;
};

struct model_ctx {
	unsigned int refs;
	struct model_hwpt *hwpts;
	uint32_t last_id;
	struct model_ioas *ioas;
	uint32_t vfio_ioas;          /* for groups; 0: none */
};

/* sPAPR: a window of IOVAs, a piece of registered memory. */
struct model_window {
	uint64_t first, last, page;
};

struct model_memory {
	uint64_t first, last;
};

struct model_container {
	struct model_container *next;
	unsigned int refs;            /* its descriptor and its groups */
	unsigned int n_groups;
	int version;                  /* of type1 or sPAPR; 0: no IOMMU */
	struct model_ioas ioas;

	/* sPAPR */
	struct model_window windows[2];
	unsigned int n_windows;       /* 0: the default one does not exist yet */
	struct model_memory *memory;
	size_t n_memory;
};

/* The object behind a descriptor. */
struct model_file {
	bool open;
	int id;                            /* the same for duplicates */
	struct model_ctx *ctx;             /* /dev/iommu */
	struct model_container *container; /* /dev/vfio/vfio */
	struct model_group *group;         /* /dev/vfio/N */
	struct model_device *device;       /* a cdev, or a device of a group: */
	struct model_group *through;
};

struct model_file *model_file_of(int fd);
/* Returns a new descriptor for it, or -EMFILE. */
int model_new_file(struct model_file what);
/* Counts a call. Returns the error with which it must fail, or 0. */
int model_count(enum model_call kind);
void model_put_ctx(struct model_ctx *ctx);
struct model_ioas *model_find_ioas(struct model_ctx *ctx, uint32_t id);
extern struct model_device *model_devices;

/* kernel_model.c: areas, and the effect of devices on an address space. */
bool model_touches(uint64_t first, uint64_t last, uint64_t low, uint64_t high);
size_t model_area_from(const struct model_ioas *ioas, uint64_t x);
bool model_has_area(const struct model_ioas *ioas, uint64_t first, uint64_t last);
void model_insert_area(struct model_ioas *ioas, struct model_area area);
void model_remove_area(struct model_ioas *ioas, size_t i);
void model_take_area(struct model_ioas *ioas, size_t i); /* without unpinning it */
int model_pin(const struct model_area *area);
void model_unpin(const struct model_area *area);
/* The usable ranges, as many as fit into n. Returns their number. */
unsigned int model_usable(const struct model_ioas *ioas, struct ioas_range *out, unsigned int n);
/* -EADDRINUSE if the device reserves mapped IOVAs. */
int model_attach_device(struct model_device *device, struct model_ioas *ioas);
void model_detach_device(struct model_device *device);
int model_device_info(struct vfio_device_info *arg);

/* vfio_model.c: groups and containers. */
int model_open_container(void);
int model_open_group(unsigned int number);
void model_close_vfio(struct model_file *file);
int model_container_ioctl(struct model_container *container, unsigned long request, void *arg);
int model_group_ioctl(struct model_group *group, unsigned long request, void *arg);
unsigned int model_group_number(const struct model_group *group);
/* Whether the group of the device is open, or opening it has failed. */
bool model_group_is_open(const struct model_device *device);
uint64_t model_container_areas(void);
void model_stop_vfio(void);

/* spapr_model.c */
int model_spapr_ioctl(struct model_container *container, unsigned long request, void *arg);
/* Called after a group has left the container. */
void model_spapr_leave(struct model_container *container);

#endif /* MODEL_INTERNAL_H */
