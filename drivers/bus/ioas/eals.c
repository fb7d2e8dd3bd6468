/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Shared DPDK: finds the EAL of this process, and whether the process already has the plugin.
 *
 * The plugin depends on the librte_eal that it was linked with. The dynamic linker loads that one even if the
 * program uses another, or has DPDK linked in. Such an EAL is never started, and the plugin's calls of it do
 * not affect the program.
 */

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "eals.h"
#include "ioas_bus.h"
#include "objects.h"

/* The result of a walk over all objects. Names are those of the dynamic linker. */
struct eals {
	const void *eal_init, *table; /* the functions that the program finds by these names */
	struct object plugin;
	struct object eals[2];
	unsigned int n_eals;
	bool eal_came_first; /* before the plugin */
	bool eal_is_needed;  /* an object other than the plugin needs it */
	bool plugin_is_public; /* the program finds the plugin's functions: the plugin was linked or preloaded */
	const char *other_plugin; /* loaded earlier; NULL: none */
};

static bool
is_eal(const char *soname)
{
	return soname != NULL && strncmp(soname, "librte_eal.so", strlen("librte_eal.so")) == 0;
}

/* The librte_eal that an object was linked with; NULL: none. */
static const char *
needed_eal(const struct object *object)
{
	const char *needed;

	for (unsigned int n = 0; (needed = object_string(object, DT_NEEDED, n)) != NULL; n++)
		if (is_eal(needed))
			return needed;
	return NULL;
}

static bool
is_same_library(const struct object *a, const struct object *b)
{
	const char *const name = object_string(a, DT_SONAME, 0), *const other = object_string(b, DT_SONAME, 0);

	return name != NULL && other != NULL && strcmp(name, other) == 0;
}

static int
find_plugin(struct dl_phdr_info *info, size_t size __rte_unused, void *arg)
{
	struct eals *const found = arg;

	return object_read(&found->plugin, info) && found->plugin.is_plugin;
}

static int
look_at(struct dl_phdr_info *info, size_t size __rte_unused, void *arg)
{
	struct eals *const found = arg;
	struct object object;

	if (!object_read(&object, info))
		return 0;
	if (object.is_plugin) {
		found->eal_came_first = found->n_eals > 0;
		found->plugin_is_public = object_contains(info, found->table);
		return 0;
	}
	if ((is_eal(object_string(&object, DT_SONAME, 0)) || object_contains(info, found->eal_init)) &&
	    found->n_eals < RTE_DIM(found->eals))
		found->eals[found->n_eals++] = object;
	if (needed_eal(&object) != NULL)
		found->eal_is_needed = true;
	return 0;
}

/* Of two copies of the plugin the first is in use, because callers find that one. */
static int
look_for_other(struct dl_phdr_info *info, size_t size __rte_unused, void *arg)
{
	struct eals *const found = arg;
	struct object object;

	if (!object_read(&object, info))
		return 0;
	if (!object.is_plugin && (object_contains(info, found->table) || is_same_library(&object, &found->plugin)))
		found->other_plugin = object_path(&object);
	return object.is_plugin || found->other_plugin != NULL;
}

static void
look(struct eals *found)
{
	void *const program = dlopen(NULL, RTLD_LAZY | RTLD_NOLOAD);

	*found = (struct eals){ 0 };
	if (program != NULL) {
		found->eal_init = dlsym(program, "rte_eal_init");
		found->table = dlsym(program, "rte_bus_ioas_table");
		dlclose(program);
	}
	dl_iterate_phdr(find_plugin, found);
	dl_iterate_phdr(look_at, found);
	dl_iterate_phdr(look_for_other, found);
}

int
eals_check(void)
{
	struct eals found;

	look(&found);
	if (found.other_plugin != NULL) {
		BUS_IOAS_LOG(WARNING, "the plugin is loaded twice, and %s is in use, %s is not: load it once",
			     found.other_plugin, object_path(&found.plugin));
		return -EEXIST;
	}
	if (found.n_eals > 1) {
		BUS_IOAS_LOG(ERR, "two EALs are in this process, %s and %s, and this plugin was built for %s: use "
			     "a dpdk-ioas that was built for the application's DPDK; an application with DPDK linked "
			     "in needs dpdk-ioas-static", object_path(&found.eals[0]),
			     object_path(&found.eals[1]), needed_eal(&found.plugin));
		return -ENOTSUP;
	}
	/* Only a warning: a program that loads DPDK later may still use it. */
	if (!found.eal_came_first && !found.eal_is_needed && !found.plugin_is_public)
		BUS_IOAS_LOG(WARNING, "librte_eal was loaded for the plugin alone: if this program has DPDK linked "
			     "in, the plugin does nothing for it: link it with dpdk-ioas-static");
	return 0;
}

void *
eals_open(void)
{
	struct eals found;
	const struct object *eal;
	const char *compiled, *soname;

	look(&found);
	if (found.n_eals == 0)
		return NULL;
	eal = &found.eals[0];
	compiled = needed_eal(&found.plugin);
	soname = object_string(eal, DT_SONAME, 0);
	/* The program uses the EAL that was not loaded for the plugin. */
	if (found.n_eals > 1 && compiled != NULL && soname != NULL && strcmp(compiled, soname) == 0)
		eal = &found.eals[1];
	return dlopen(eal->name[0] != '\0' ? eal->name : NULL, RTLD_LAZY | RTLD_NOLOAD);
}
