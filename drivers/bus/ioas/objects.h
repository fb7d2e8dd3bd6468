/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_OBJECTS_H
#define IOAS_OBJECTS_H

/*
 * The objects that the dynamic linker has loaded: the program and its libraries.
 */

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Data from the dynamic section of an object. */
struct object {
	ElfW(Addr) base;
	const char *name;
	const ElfW(Dyn) *dynamic;
	const ElfW(Sym) *symbols;
	const char *strings;
	const ElfW(Rela) *tables[2];
	size_t counts[2];
	uintptr_t relro_first, relro_end;
	bool is_plugin; /* the object is this plugin */
};

/* Fills in the data of an object. False: it has no dynamic symbols. */
bool object_read(struct object *object, const struct dl_phdr_info *info);
bool object_contains(const struct dl_phdr_info *info, const void *address);
/* The string of the nth entry with that tag (DT_SONAME, DT_NEEDED); NULL: none. */
const char *object_string(const struct object *object, ElfW(Sxword) tag, unsigned int nth);
/* The object's path, or "the program". */
const char *object_path(const struct object *object);

#endif /* IOAS_OBJECTS_H */
