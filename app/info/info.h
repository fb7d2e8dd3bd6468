/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef INFO_H
#define INFO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ioas.h"

#define INFO_NAME "dpdk-ioas-info"

/*
 * What is found out about the machine (look_...), what is missing on it and for a configuration
 * (advise_...), and how that is shown (show_...). All of it lies in one struct info, which is zeroed
 * before and freed with info_free().
 */

struct info_iommu {
	char name[32];           /* in /sys/class/iommu */
	const char *model;
	unsigned int bits;       /* of IOVAs; 0: only known with a device attached */
	unsigned int devices;    /* behind it */
};

/* A backend of lib/ioas, in the order in which it tries them. */
struct info_backend {
	const char *name;
	bool works;
	char reason[640];        /* why not */
	char remedy[640];
};

/* What the kernel offers beyond what the plugin needs. */
struct info_feature {
	const char *name, *text; /* in JSON, and as users know it */
	bool known, there;
};
#define INFO_FEATURES 5

struct info_reserved {
	struct ioas_range range;
	char type[24];           /* the kernel's word */
};

struct info_device {
	char address[32];
	uint32_t vendor, device; /* PCI's numbers */
	uint32_t class;
	char driver[64];         /* "": none */
	char *interfaces;        /* the kernel's network interfaces; NULL: none */
	int node;                /* NUMA; -1: not known */
	int group;               /* -1: none */
	char iommu[32];          /* that translates for it; "": not known */
	char cdev[96];           /* "": none */
	/* Devices of its group that are bound to other drivers, with these and alone; NULL: none. */
	char *neighbours, *unbind;
	struct info_reserved *reserved;
	unsigned int n_reserved;
	bool wanted;             /* named on the command line */
	bool exists;
};

struct info_pages {
	int node;
	uint64_t total, free;
	uint64_t added;          /* by remedies */
};

struct info_hugepages {
	uint64_t size;
	char mount[256];         /* where this user may use them; "": nowhere */
	char barred[256];        /* else: where they are mounted; "": nowhere */
	struct info_pages *nodes;
	unsigned int n_nodes;
};

/* Something that is not as it should be. */
struct info_problem {
	bool missing;            /* else it works, but not as well as it could */
	char *what;
	char *remedy;            /* NULL: none */
};

/* What an application is to have. */
struct info_config {
	bool given;
	uint64_t bytes;          /* preallocated: -m, --socket-mem */
	uint64_t *node_bytes;    /* by node */
	unsigned int n_nodes;
	uint64_t grow;           /* allocated later */
	uint64_t page_size;      /* 0: any */
	bool try;                /* attach and map */
};

/* What an attempt has shown. */
struct info_attempt {
	bool attached, mapped;
	struct ioas_range *ranges; /* that the devices can use */
	unsigned int n_ranges;
	uint64_t bytes, maps;
};

struct info {
	char kernel[64], machine[64];
	char user[64];
	const char *sudo;        /* comes before a command that takes root */
	bool may_lock;           /* CAP_IPC_LOCK, where it counts */
	uint64_t memlock;        /* UINT64_MAX: no limit */
	uint64_t memlock_hard;
	uint64_t dma_entry_limit; /* of type1 */
	struct info_iommu *iommus;
	unsigned int n_iommus;
	unsigned int groups;     /* of devices for which an IOMMU translates */
	struct info_backend backends[3];
	const struct info_backend *backend; /* the one that is taken, or NULL */
	struct info_feature features[INFO_FEATURES];
	struct info_device *devices;
	unsigned int n_devices;
	struct info_hugepages *hugepages;
	unsigned int n_hugepages;
	struct info_config config;
	struct info_attempt attempt;
	struct info_problem *problems;
	unsigned int n_problems;
};

/* One more element, zeroed, at the end of an array; the program ends where there is no memory. */
void *info_grow(void *array, unsigned int *n, size_t size);
#define GROW(array, n) \
	(&((array) = info_grow(array, &(n), sizeof(*(array))))[(n) - 1])

/* Adds to a text, or begins it if it is NULL; the program ends where there is no memory. */
void info_append(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

void info_free(struct info *info);

void look_at_system(struct info *info);
void look_at_iommus(struct info *info);
/* And at features. */
void look_at_backends(struct info *info);
/* With a space of iommufd; NULL: there is none. Dirty tracking is known of attached devices only. */
void look_at_features(struct info *info, struct ioas *space, bool attached);
/* Devices of a kind ("net", "crypto", "dma", "storage", "all"), all that are bound to VFIO drivers,
 * and those that are wanted already. Returns false if there is no such kind. */
bool look_at_devices(struct info *info, const char *kind);
void look_at_hugepages(struct info *info);

bool device_is_vfio(const struct info_device *device);
/* Whether an IOMMU translates for it. */
bool device_is_translated(const struct info_device *device);
bool device_is_viable(const struct info_device *device);
/* The IOVAs that it can use, as far as sysfs tells, ascending; to be freed. NULL, and none, where the bits of
 * its IOMMU are not known. */
struct ioas_range *device_ranges(const struct info *info, const struct info_device *device,
				 unsigned int *n);
/* The node that it is opened by with the backend that is taken; "" if there is none. */
void device_node(const struct info *info, const struct info_device *device, char node[128]);
/* Whether the plugin will have it: named, or, where none is, bound to a VFIO driver. */
bool device_is_chosen(const struct info *info, const struct info_device *device);

void advise(struct info *info);
void advise_config(struct info *info);
/* Attaches the chosen devices and maps as much memory as is to be preallocated. */
void attempt(struct info *info);

struct info_problem *problem(struct info *info, bool missing, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void remedy(struct info_problem *problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
#define ANY_NODE (-1)
/* Replaces the remedy: so many more bytes in pages of that size. */
void remedy_pages(const struct info *info, struct info_problem *problem, struct info_hugepages *pages,
		  int node, uint64_t bytes);
/* The way in which dpdk-hugepages.py and mount, as this program, and hugeadm name a size. */
#define SIZE_TEXT 24
void name_size(uint64_t size, char dpdk[SIZE_TEXT], char hugeadm[SIZE_TEXT]);
static inline uint64_t
round_up(uint64_t bytes, uint64_t unit)
{
	return (bytes + unit - 1) / unit * unit;
}
/* How many things are missing. */
unsigned int info_missing(const struct info *info);

void show_text(const struct info *info, FILE *out);
void show_json(const struct info *info, FILE *out);

/* The program, but for where it prints. */
int info_main(int argc, char **argv, FILE *out, FILE *err);

#endif /* INFO_H */
