/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#include <errno.h>
#include <numa.h>
#include <stdlib.h>
#include <string.h>

#include "follow.h"
#include "forget.h"
#include "fork.h"
#include "members.h"
#include "options.h"
#include "pieces.h"
#include "ranges.h"
#include "window.h"

/* The NUMA nodes that this process may run on. -1 instead of a single node, because its memory is used
 * anyway. Returns their number; the caller frees them. */
static int
default_nodes(int **out)
{
	struct bitmask *const mask = numa_available() < 0 ? NULL : numa_get_run_node_mask();
	int n = 0, *nodes;

	nodes = calloc(mask == NULL ? 1 : mask->size, sizeof(*nodes));
	for (int i = 0; nodes != NULL && mask != NULL && i <= numa_max_node(); i++)
		if (numa_bitmask_isbitset(mask, i))
			nodes[n++] = i;
	if (mask != NULL)
		numa_free_nodemask(mask);
	if (nodes == NULL)
		return -ENOMEM;
	if (n <= 1) {
		nodes[0] = -1;
		n = 1;
	}
	*out = nodes;
	return n;
}

static int
create_table(struct ioas *space, const struct ioas_options *options)
{
	int *nodes = NULL, n, ret;

	if (options->n_nodes > 0) {
		ret = table_create(&space->table, ioas_sys, options->nodes, options->n_nodes);
	} else {
		n = default_nodes(&nodes);
		ret = n < 0 ? n : table_create(&space->table, ioas_sys, nodes, n);
		free(nodes);
	}
	if (ret < 0) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot reserve address space for the lookup table: %s", table_explain(ret));
		return ret == -EAGAIN ? -ENOMEM : ret;
	}
	if (space->table.flat_error != 0)
		ioas_log(&space->log, IOAS_LOG_WARNING,
			 "no address space for the flat lookup table (%s for each NUMA node), lookups "
			 "take a slower path: %s", ioas_size_text(TABLE_FLAT_SIZE).text,
			 table_explain(space->table.flat_error));
	if (space->table.bind_error != 0)
		ioas_log(&space->log, IOAS_LOG_WARNING,
			 "a replica of the lookup table is not in its NUMA node's memory: %s",
			 strerror(-space->table.bind_error));
	return 0;
}

/* Sets up the data that all spaces share. */
static int
create_family(struct ioas *root, const struct ioas_options *options)
{
	struct placement *placement;
	int ret;

	ret = family_create(root, options, &root->log, &root->family);
	if (ret < 0)
		return ret;
	placement = &root->family->placement;
	placement->next = PLACEMENT_START;
	placement->window = window_whole(options->window);
	placement->guard = options->quarantine != 0 ? PLACEMENT_GUARD : 0;
	root->family->watch = (struct watch){ .sys = ioas_sys, .log = &root->log, .gone = forget_gone, .arg = root };
	root->history.quarantine = options->quarantine;
	return 0;
}

static void
join_family(struct ioas *space, struct ioas *root)
{
	space->family = root->family;
	space->history.quarantine = root->history.quarantine;
}

int
ioas_create(const struct ioas_options *options, struct ioas **out)
{
	static const struct ioas_options defaults = { .size = sizeof(defaults) };
	struct ioas_options own = { 0 };
	struct backend with;
	struct ioas *space;
	int ret;

	if (options == NULL)
		options = &defaults;
	ret = options_take(&own, options, &(struct ioas_log){ options->log, options->log_arg });
	if (ret < 0)
		return ret;
	options = &own;
	space = calloc(1, sizeof(*space));
	if (space == NULL)
		return ioas_no_memory(&(struct ioas_log){ options->log, options->log_arg },
				      "create an I/O address space");
	space->same_iova = options->same_iova;
	space->log = (struct ioas_log){ options->log, options->log_arg };
	if (options->follow != NULL)
		join_family(space, options->follow);
	else
		ret = create_family(space, options);
	if (ret < 0)
		goto err_free;
	space->history.ledger = &space->ledger;
	space->history.placement = &space->family->placement;
	ret = create_table(space, options);
	if (ret < 0)
		goto err_family;
	with = (struct backend){
		.sys = ioas_sys,
		.log = &space->log,
		.ledger = &space->ledger,
		.nodes = &space->family->nodes,
		.beside = options->follow != NULL ? options->follow->backend : NULL,
	};
	ret = backend_open(options->backend, &with, &space->backend);
	if (ret < 0)
		goto err_table;
	if (!space_follows(space))
		space->family->placement.alignment = space->backend->ops->kernel_chooses
			? ioas_sys->huge_page() : PLACEMENT_ALIGNMENT;
	ret = ranges_read(space, &space->own);
	if (ret < 0)
		goto err_backend;
	ret = members_enter(space);
	if (ret < 0) {
		ioas_no_memory(&space->log, "keep the usable IOVA ranges");
		goto err_usable;
	}
	if (!space_follows(space)) {
		watch_create(&space->family->watch);
		fork_enter(space->family);
	}
	*out = space;
	return 0;

err_usable:
	usable_free(&space->own);
err_backend:
	space->backend->ops->close(space->backend);
err_table:
	table_destroy(&space->table);
err_family:
	if (!space_follows(space))
		family_destroy(space->family);
err_free:
	free(space);
	return ret;
}

/* Frees the records of all areas. */
static void
free_records(struct ioas *space)
{
	struct area *area;
	struct tree_node *node;

	history_clear(&space->history);
	while ((area = ledger_from_iova(&space->ledger, 0)) != NULL) {
		ledger_remove(&space->ledger, area);
		free(area);
	}
	while ((node = tree_from(&space->ledger.lost, 0)) != NULL) {
		tree_remove(&space->ledger.lost, node);
		free(container_of(node, struct area, iova));
	}
	pieces_free(&space->ledger, space->family->sys);
	usable_free(&space->own);
}

void
ioas_destroy(struct ioas *space)
{
	bool root;

	if (space == NULL)
		return;
	root = !space_follows(space);
	if (root && space->family->spaces != space) {
		ioas_log(&space->log, IOAS_LOG_ERR,
			 "cannot destroy a space that others follow: destroy those first");
		return;
	}
	while (space->devices != NULL)
		ioas_detach(space->devices);
	if (root)
		watch_destroy(&space->family->watch);
	else
		follow_leave(space);
	fork_close(space);
	if (root)
		fork_leave(space->family);
	free_records(space);
	table_destroy(&space->table);
	if (root)
		family_destroy(space->family);
	free(space);
}
