/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
/* Asks a running application about its IOVA spaces, and makes a picture of each. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "bytes.h"
#include "info.h"
#include "picture.h"
#include "telemetry.h"

static void
add(struct picture *picture, enum kind kind, uint64_t first, uint64_t last, const json_t *run)
{
	struct stretch *const stretch = GROW(picture->stretches, picture->n);

	stretch->first = first;
	stretch->last = last;
	stretch->bytes[kind] = last - first + 1;
	stretch->runs = 1;
	stretch->maps = answer_int(run, "areas");
	stretch->address = answer_number(run, "address");
}

/* Where to continue: an IOVA as text, or the number of a device. 0 at the end. */
static uint64_t
next_of(const json_t *answer)
{
	return answer_number(answer, "next") + answer_int(answer, "next");
}

/* A command with several answers: "next" is where to continue. Returns false if the application does not
 * answer. */
static bool
ask_all(int fd, const char *question, const char *member, const char *device, json_t *all)
{
	char command[128];
	uint64_t from, next = 0;

	snprintf(command, sizeof(command), "%s%s%s", question, device[0] != '\0' ? ",0x0," : "", device);
	for (;;) {
		json_t *const answer = telemetry_ask(fd, command), *const list = answer_list(answer, member);

		json_array_extend(all, list);
		json_decref(list);
		if (answer == NULL)
			return false;
		from = next;
		next = next_of(answer);
		json_decref(answer);
		/* Stops if the answer makes no progress, or the loop would never end. */
		if (next <= from)
			return true;
		snprintf(command, sizeof(command), "%s,%" PRIu64 "%s%s", question, next,
			 device[0] != '\0' ? "," : "", device);
	}
}

static void
add_runs(struct picture *picture, const json_t *runs, bool quarantine)
{
	const json_t *run;
	size_t i;

	json_array_foreach(runs, i, run) {
		const uint64_t iova = answer_number(run, "iova"), length = answer_number(run, "length");

		if (length == 0 || iova + (length - 1) < iova)
			continue;
		add(picture, quarantine ? QUARANTINE : answer_int(run, "fixed") != 0 ? FIXED : MAPPED, iova,
		    iova + (length - 1), run);
	}
}

/* The ranges between those that the devices can use. */
static void
add_reserved(struct picture *picture, const json_t *ranges)
{
	uint64_t from = 0;
	const json_t *range;
	size_t i;

	json_array_foreach(ranges, i, range) {
		const uint64_t first = answer_number(range, "first");

		if (i > 0 && first > from)
			add(picture, RESERVED, from, first - 1, NULL);
		from = answer_number(range, "last") + 1;
	}
}

static int
compare(const void *a, const void *b)
{
	const struct stretch *const x = a, *const y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* IOVAs that no answer contains are free. */
static void
add_free(struct picture *picture, uint64_t first, uint64_t last)
{
	const unsigned int n = picture->n;
	uint64_t from = first;

	qsort(picture->stretches, n, sizeof(*picture->stretches), compare);
	for (unsigned int i = 0; i < n; i++) {
		const struct stretch stretch = picture->stretches[i];

		if (stretch.first > from)
			add(picture, FREE, from, stretch.first - 1, NULL);
		if (stretch.last == UINT64_MAX)
			goto out;
		if (stretch.last >= from)
			from = stretch.last + 1;
	}
	if (from <= last)
		add(picture, FREE, from, last, NULL);
out:
	qsort(picture->stretches, picture->n, sizeof(*picture->stretches), compare);
}

/* Asks about the space of a device; "": the common space. */
static bool
ask_space(struct pictures *pictures, int fd, const char *device)
{
	struct picture *const picture = GROW(pictures->list, pictures->n);
	json_t *const maps = json_array(), *const quarantine = json_array(), *ranges, *answer, *space;
	char command[64];
	bool answered;
	size_t n;

	snprintf(picture->title, sizeof(picture->title), "%s", device);
	snprintf(command, sizeof(command), "/ioas/ranges%s%s", device[0] != '\0' ? "," : "", device);
	answer = telemetry_ask(fd, command);
	ranges = answer_list(answer, "ranges");
	n = json_array_size(ranges);
	answered = n > 0 && ask_all(fd, "/ioas/maps", "maps", device, maps) &&
		   ask_all(fd, "/ioas/quarantine", "quarantine", device, quarantine);
	if (answered) {
		add_reserved(picture, ranges);
		add_runs(picture, maps, false);
		add_runs(picture, quarantine, true);
		add_free(picture, answer_number(json_array_get(ranges, 0), "first"),
			 answer_number(json_array_get(ranges, n - 1), "last"));
	}
	space = json_pack("{s:s, s:o, s:o, s:o}", "device", device, "ranges", ranges, "maps", maps,
			  "quarantine", quarantine);
	json_array_append_new(json_object_get(pictures->answers, "spaces"), space);
	json_decref(answer);
	return answered;
}

static void
tell_heading(struct pictures *pictures, const json_t *about, const json_t *devices)
{
	char mapped[BYTES_TEXT], held[BYTES_TEXT];
	char *const heading = pictures->heading;
	const size_t size = sizeof(pictures->heading);
	const json_t *device;
	size_t i, n;

	n = snprintf(heading, size, "backend %s, %" PRIu64 " map%s, %s",
		     answer_text(about, "backend"), answer_number(about, "maps"),
		     answer_number(about, "maps") == 1 ? "" : "s", bytes_exact(answer_number(about, "bytes"), mapped));
	if (answer_number(about, "quarantine") > 0)
		n += snprintf(heading + n, size - n, ", in quarantine %s",
			      bytes_exact(answer_number(about, "quarantine"), held));
	json_array_foreach(devices, i, device)
		if (n < size)
			n += snprintf(heading + n, size - n, "%s%s", i == 0 ? "; " : ", ",
				      answer_text(device, "device"));
}

static bool
ask_spaces(struct pictures *pictures, int fd, const json_t *about, const json_t *devices)
{
	const json_t *device;
	bool answered = true;
	size_t i;

	if (answer_int(about, "isolated") == 0)
		return ask_space(pictures, fd, "");
	json_array_foreach(devices, i, device)
		answered = answered && ask_space(pictures, fd, answer_text(device, "device"));
	return answered;
}

int
pictures_ask(struct pictures *pictures, const char *socket, const char *prefix, FILE *err)
{
	json_t *about, *devices;
	bool answered = false;
	char path[512];
	int fd;

	fd = telemetry_connect(socket, prefix, path, sizeof(path));
	if (fd < 0) {
		fprintf(err, INFO_NAME ": no DPDK application answers at %s: %s (--pid, --file-prefix, "
			"--socket; --no-telemetry?)\n", path, strerror(-fd));
		return 1;
	}
	devices = json_array();
	about = telemetry_ask(fd, "/ioas/info");
	if (about != NULL) {
		ask_all(fd, "/ioas/devices", "devices", "", devices);
		pictures->answers = json_pack("{s:O, s:O, s:[]}", "info", about, "devices", devices,
					      "spaces");
		tell_heading(pictures, about, devices);
		answered = ask_spaces(pictures, fd, about, devices);
	}
	if (about == NULL)
		fprintf(err, INFO_NAME ": the application at %s runs without the plugin librte_bus_ioas, or "
			"has no device of it\n", path);
	else if (!answered)
		fprintf(err, INFO_NAME ": the application at %s does not tell its maps: it has no device "
			"now, or an older plugin\n", path);
	json_decref(devices);
	json_decref(about);
	close(fd);
	return answered ? 0 : 1;
}

void
pictures_free(struct pictures *pictures)
{
	for (unsigned int i = 0; i < pictures->n; i++)
		free(pictures->list[i].stretches);
	free(pictures->list);
	json_decref(pictures->answers);
}
