/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * The pictures of dpdk-ioas-info for a running application. A thread that answers from a table plays the
 * application.
 */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "info.h"
#include "picture.h"
#include "unit.h"

#define GREETING "{\"version\":\"DPDK 22.11.0\",\"pid\":1,\"max_output_len\":16384}"

struct answer {
	const char *command, *value;
};

static const struct answer *answers; /* the list ends with an entry without a command */
static char path[64];
static int listener;
static char *text, *error;

static void
answer_one(int client)
{
	const struct answer *answer = answers;
	char command[256], line[8192];
	ssize_t n;

	if (send(client, GREETING, strlen(GREETING), MSG_NOSIGNAL) < 0)
		return;
	while ((n = recv(client, command, sizeof(command) - 1, 0)) > 0) {
		command[n] = '\0';
		for (answer = answers; answer->command != NULL; answer++)
			if (strcmp(answer->command, command) == 0)
				break;
		snprintf(line, sizeof(line), "{\"%s\":%s}", command,
			 answer->command != NULL ? answer->value : "null");
		send(client, line, strlen(line), MSG_NOSIGNAL);
	}
}

static void *
serve(void *arg)
{
	int client;

	(void)arg;
	while ((client = accept(listener, NULL, NULL)) >= 0) {
		answer_one(client);
		close(client);
	}
	return NULL;
}

/* Runs the program with an application that gives these answers. Returns the status. */
static int
run(const struct answer *table, const char *options)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char line[256], *argv[16] = { (char[]){ INFO_NAME } }, *state;
	size_t size, error_size;
	pthread_t thread;
	FILE *out, *err;
	int argc = 1, status;

	free(text);
	free(error);
	answers = table;
	snprintf(path, sizeof(path), "/tmp/test-picture.%d/dpdk_telemetry.v2", getpid());
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	listener = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	unlink(path);
	CU_ASSERT_EQUAL_FATAL(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(listener, 1), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, serve, NULL), 0);
	snprintf(line, sizeof(line), options, path);
	for (char *word = strtok_r(line, " ", &state); word != NULL; word = strtok_r(NULL, " ", &state))
		argv[argc++] = word;
	out = open_memstream(&text, &size);
	err = open_memstream(&error, &error_size);
	status = info_main(argc, argv, out, err);
	fclose(out);
	fclose(err);
	shutdown(listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(listener);
	unlink(path);
	return status;
}

static bool
says(const char *words)
{
	if (strstr(text, words) != NULL)
		return true;
	fprintf(stderr, "\nno '%s' in:\n%s%s", words, text, error);
	return false;
}

/* The number of lines that contain it. */
static unsigned int
count(const char *words)
{
	unsigned int n = 0;

	for (const char *at = strstr(text, words); at != NULL; at = strstr(at + 1, words))
		n++;
	return n;
}

#define RANGES "{\"ranges\":[{\"first\":\"0x0\",\"last\":\"0xfedfffff\"}," \
	       "{\"first\":\"0xfef00000\",\"last\":\"0x7fffffffff\"}]}"

#define INFO(isolated, maps) "{\"backend\":\"iommufd\",\"isolated\":" isolated ",\"maps\":\"" maps "\"," \
		       "\"bytes\":\"0x20800000\",\"quarantine\":\"0x400000\"}"

#define DEVICES "{\"devices\":{\"0\":{\"device\":\"0000:00:04.0\"}},\"next\":1}"
#define MORE "{\"devices\":{\"1\":{\"device\":\"0000:00:05.0\"}}}"

/* Two answers for the maps: the second continues where the first ends. */
static const struct answer shared[] = {
	{ "/ioas/info", INFO("0", "260") },
	{ "/ioas/devices", DEVICES },
	{ "/ioas/devices,1", MORE },
	{ "/ioas/ranges", RANGES },
	{ "/ioas/maps",
	  "{\"maps\":{\"0\":{\"iova\":\"0x40000000\",\"length\":\"0x20000000\",\"areas\":256,\"fixed\":0,"
	  "\"address\":\"0x100000000\"}},\"next\":\"0x60000000\"}" },
	{ "/ioas/maps,1610612736",
	  "{\"maps\":{\"0\":{\"iova\":\"0x60000000\",\"length\":\"0x600000\",\"areas\":3,\"fixed\":0},"
	  "\"1\":{\"iova\":\"0x140000000\",\"length\":\"0x200000\",\"areas\":1,\"fixed\":1}}}" },
	{ "/ioas/quarantine",
	  "{\"quarantine\":[{\"iova\":\"0x60600000\",\"length\":\"0x400000\"}]}" },
	{ 0 },
};

static void
terminal(void)
{
	CU_ASSERT_EQUAL(run(shared, "--socket %s"), 0);
	CU_ASSERT_TRUE(says("backend iommufd, 260 maps, 520 MiB, in quarantine 4 MiB; 0000:00:04.0, "
			    "0000:00:05.0\n"));
	CU_ASSERT_TRUE(says("               0x0 ~                ~ free 1 GiB\n"));
	CU_ASSERT_TRUE(says("        0x40000000 |################| mapped 512 MiB, 256 maps, address "
			    "0x100000000\n                   |################|\n"));
	CU_ASSERT_TRUE(says("        0x60000000 |################| mapped 6 MiB, 3 maps\n"
			    "        0x60600000 |................| in quarantine 4 MiB\n"));
	CU_ASSERT_TRUE(says("        0x60a00000 ~                ~ free 2532 MiB\n"));
	CU_ASSERT_TRUE(says("        0xfee00000 |////////////////| reserved 1 MiB\n"));
	CU_ASSERT_TRUE(says("       0x140000000 |================| mapped at a stated IOVA 2 MiB, 1 map\n"
			    "       0x140200000 ~                ~ free 507 GiB\n"));
	CU_ASSERT_PTR_NULL(strchr(text, '\033'));
}

static void
as_json(void)
{
	json_t *all;

	CU_ASSERT_EQUAL(run(shared, "--socket %s --json"), 0);
	all = json_loads(text, 0, NULL);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(json_array_get(json_object_get(all, "spaces"), 0),
							"maps")), 3);
	CU_ASSERT_EQUAL(json_array_size(json_object_get(all, "devices")), 2);
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_object_get(all, "info"), "backend")),
			       "iommufd");
	json_decref(all);
}

static void
as_svg(void)
{
	char file[96];
	FILE *read;
	char start[160] = "";

	CU_ASSERT_EQUAL(run(shared, "--socket %s --svg -"), 0);
	CU_ASSERT_EQUAL(strncmp(text, "<?xml", 5), 0);
	CU_ASSERT_TRUE(says(">mapped 512 MiB, 256 maps, address 0x100000000</text>"));
	CU_ASSERT_TRUE(says(">0x7fffffffff</text>"));
	/* Nine stretches, five boxes of the legend; four stretches are cut short. */
	CU_ASSERT_EQUAL(count("<rect "), 14);
	CU_ASSERT_EQUAL(count("class=\"cut\""), 4);
	CU_ASSERT_TRUE(says("</svg>\n"));

	snprintf(file, sizeof(file), "/tmp/test-picture.%d/picture.svg", getpid());
	snprintf(start, sizeof(start), "--socket %%s --svg %s", file);
	CU_ASSERT_EQUAL(run(shared, start), 0);
	CU_ASSERT_STRING_EQUAL(text, "");
	read = fopen(file, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(read);
	CU_ASSERT_PTR_NOT_NULL(fgets(start, sizeof(start), read));
	CU_ASSERT_EQUAL(strncmp(start, "<?xml", 5), 0);
	fclose(read);
	unlink(file);
	CU_ASSERT_EQUAL(run(shared, "--socket %s --svg /none/of/this.svg"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "cannot write /none/of/this.svg: No such file"));
}

static void
isolated(void)
{
	static const struct answer table[] = {
		{ "/ioas/info", INFO("1", "1") },
		{ "/ioas/devices", DEVICES },
		{ "/ioas/devices,1", MORE },
		{ "/ioas/ranges,0000:00:04.0", RANGES },
		{ "/ioas/ranges,0000:00:05.0", RANGES },
		{ "/ioas/maps,0x0,0000:00:04.0",
		  "{\"maps\":[{\"iova\":\"0x40000000\",\"length\":\"0x200000\",\"areas\":1}]}" },
		{ "/ioas/maps,0x0,0000:00:05.0",
		  "{\"maps\":[{\"iova\":\"0x80000000\",\"length\":\"0x200000\",\"areas\":1}]}" },
		{ "/ioas/quarantine,0x0,0000:00:04.0", "{\"quarantine\":[]}" },
		{ "/ioas/quarantine,0x0,0000:00:05.0", "{\"quarantine\":[]}" },
		{ 0 },
	};

	CU_ASSERT_EQUAL(run(table, "--socket %s"), 0);
	CU_ASSERT_TRUE(says("backend iommufd, 1 map, ") && says("\n0000:00:04.0\n               0x0 ~"));
	CU_ASSERT_TRUE(says("\n0000:00:05.0\n               0x0 ~"));
	CU_ASSERT_TRUE(says("        0x40000000 |##"));
	CU_ASSERT_TRUE(says("        0x80000000 |##"));
	CU_ASSERT_EQUAL(run(table, "--socket %s --svg -"), 0);
	CU_ASSERT_TRUE(says("class=\"title\">0000:00:05.0</text>"));
}

/* Hundreds of pieces become few stretches, whose bytes add up. */
static void
in_pieces(void)
{
	static char maps[64 * 1024];
	const struct answer table[] = {
		{ "/ioas/info", INFO("0", "260") },
		{ "/ioas/devices", DEVICES },
		{ "/ioas/devices,1", MORE },
		{ "/ioas/ranges", RANGES },
		{ "/ioas/maps", maps },
		{ "/ioas/quarantine", "{\"quarantine\":[]}" },
		{ 0 },
	};
	size_t n = snprintf(maps, sizeof(maps), "{\"maps\":[");

	for (unsigned int i = 0; i < 100; i++)
		n += snprintf(maps + n, sizeof(maps) - n,
			      "%s{\"iova\":\"0x%" PRIx64 "\",\"length\":\"0x200000\",\"areas\":1}",
			      i > 0 ? "," : "", GIB(1) + i * MIB(i < 90 ? 4 : 40));
	snprintf(maps + n, sizeof(maps) - n, "]}");
	CU_ASSERT_EQUAL(run(table, "--socket %s"), 0);
	CU_ASSERT_TRUE(says("0x40000000 |################| mapped 180 MiB, free 178 MiB, 90 maps, in 90 "
			    "pieces\n"));
	CU_ASSERT_TRUE(count("\n") < 70);
	CU_ASSERT_EQUAL(count("mapped 2 MiB, 1 map"), 10);
}

static void
no_answer(void)
{
	static const struct answer none[] = { { 0 } };
	static const struct answer old[] = { { "/ioas/info", INFO("0", "260") }, { 0 } };
	static const struct answer endless[] = {
		{ "/ioas/info", INFO("0", "260") },
		{ "/ioas/ranges", RANGES },
		{ "/ioas/maps", "{\"maps\":[],\"next\":\"0x0\"}" },
		{ "/ioas/quarantine", "{\"quarantine\":[]}" },
		{ 0 },
	};

	CU_ASSERT_EQUAL(run(none, "--socket %s"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "runs without the plugin librte_bus_ioas"));
	CU_ASSERT_EQUAL(run(old, "--socket %s"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "does not tell its maps"));
	CU_ASSERT_EQUAL(run(none, "--socket %s.none"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "no DPDK application answers at /tmp/"));
	CU_ASSERT_EQUAL(run(endless, "--socket %s"), 0);
	CU_ASSERT_TRUE(says("free 4078 MiB"));
	CU_ASSERT_EQUAL(run(shared, "--pid 0"), 2);
	CU_ASSERT_EQUAL(run(shared, "--pid x"), 2);
	CU_ASSERT_EQUAL(run(shared, "--socket %s -m 64"), 2);
	CU_ASSERT_EQUAL(run(shared, "--pid 1"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(error, "process 1 has no telemetry socket"));
}

/* The server is a thread of this process. */
static void
by_pid(void)
{
	char options[32];

	snprintf(options, sizeof(options), "--pid %d", getpid());
	CU_ASSERT_EQUAL(run(shared, options), 0);
	CU_ASSERT_TRUE(says("backend iommufd, 260 maps"));
}

static void
in_folder(void (*test)(void))
{
	char folder[48];

	snprintf(folder, sizeof(folder), "/tmp/test-picture.%d", getpid());
	CU_ASSERT_EQUAL_FATAL(mkdir(folder, 0755), 0);
	test();
	rmdir(folder);
	free(text);
	free(error);
	text = error = NULL;
}

#define WITH_SOCKET(test)                                                                \
	static void                                                                      \
	run_##test(void)                                                                 \
	{                                                                                \
		in_folder(test);                                                         \
	}

WITH_SOCKET(terminal)
WITH_SOCKET(as_json)
WITH_SOCKET(as_svg)
WITH_SOCKET(isolated)
WITH_SOCKET(in_pieces)
WITH_SOCKET(no_answer)
WITH_SOCKET(by_pid)

UNIT_MAIN("picture",
	  { "on a terminal", run_terminal },
	  { "JSON", run_as_json },
	  { "SVG", run_as_svg },
	  { "isolated devices", run_isolated },
	  { "many pieces", run_in_pieces },
	  { "no answer", run_no_answer },
	  { "by process", run_by_pid })
