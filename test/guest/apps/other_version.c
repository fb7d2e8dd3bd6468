/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * A primary process that answers like one with another version of the plugin, until its input ends.
 *
 *	other_version EAL-OPTIONS -- VERSION [RELEASE]
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_tailq.h>

static struct rte_tailq_elem presence = { .name = "bus_ioas" };
static uint32_t version;
static const char *release = "";

static int
take_message(const struct rte_mp_msg *msg, const void *peer)
{
	struct rte_mp_msg reply = { .name = "bus_ioas", .len_param = msg->len_param };

	memcpy(reply.param, &version, sizeof(version));
	snprintf((char *)reply.param + sizeof(version), 24, "%s", release);
	return rte_mp_reply(&reply, peer);
}

int
main(int argc, char **argv)
{
	const int options = rte_eal_init(argc, argv);

	if (options < 0 || options + 1 >= argc)
		return EXIT_FAILURE;
	version = atoi(argv[options + 1]);
	if (options + 2 < argc)
		release = argv[options + 2];
	if (rte_mp_action_register("bus_ioas", take_message) < 0 || rte_eal_tailq_register(&presence) < 0)
		return EXIT_FAILURE;
	printf("ready\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
