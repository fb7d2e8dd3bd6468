/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * dpdk-ioas-fault: explains each stopped DMA in the kernel's log. It asks the DPDK application that drives
 * the device for the memory at the IOVA.
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "bytes.h"
#include "ioas.h"
#include "telemetry.h"

#define NAME "dpdk-ioas-fault"
#define MAX_LINE 8192

struct options {
	const char *input; /* a file, "-", or NULL: the kernel's log */
	const char *prefix;
	const char *socket;
	bool follow;
};

static void
usage(FILE *out)
{
	fprintf(out,
		"Usage: " NAME " [options]\n"
		"\n"
		"Looks in the kernel's log for DMA that an IOMMU has stopped, and asks the DPDK application\n"
		"what the device was after: memory that is mapped (segment, heap, memzone, mempool), memory\n"
		"that was freed (when, and which), or nothing.\n"
		"\n"
		"  -i, --input FILE       read FILE (-: standard input; for `dmesg | " NAME " -i -`)\n"
		"                         in place of the kernel's log /dev/kmsg\n"
		"  -f, --follow           go on: wait for more\n"
		"  --file-prefix PREFIX   of the application (default: rte)\n"
		"  --socket PATH          the application's telemetry socket, for that of another user\n"
		"  -h, --help             this text\n"
		"\n"
		"The application runs with the plugin librte_bus_ioas and without --no-telemetry. The exit\n"
		"status is 0 if the log could be read to its end, 2 for wrong options, 1 otherwise.\n");
}

static bool
is_true(const json_t *answer, const char *name)
{
	return answer_int(answer, name) != 0;
}

static void
print_bytes(uint64_t bytes)
{
	char text[BYTES_TEXT];

	printf("%s", bytes_exact(bytes, text));
}

static void
print_area(const json_t *answer)
{
	const uint64_t iova = answer_number(answer, "area_iova");
	const uint64_t length = answer_number(answer, "area_length");

	print_bytes(length);
	printf(" at %s, IOVA 0x%" PRIx64 "-0x%" PRIx64, answer_text(answer, "area_address"), iova,
	       iova + (length - 1));
}

static void
print_mapped(const json_t *answer)
{
	printf("mapped now: address %s in ", answer_text(answer, "address"));
	print_area(answer);
	if (answer_text(answer, "page_size")[0] == '\0') {
		printf(", memory that is not EAL's");
		return;
	}
	printf(", %s, pages of ", is_true(answer, "external") ? "external memory" : "EAL's memory");
	print_bytes(answer_number(answer, "page_size"));
	printf(", socket %" JSON_INTEGER_FORMAT, answer_int(answer, "socket"));
	if (answer_text(answer, "heap")[0] != '\0')
		printf(", heap %s", answer_text(answer, "heap"));
	if (answer_text(answer, "memzone")[0] != '\0')
		printf(", memzone %s", answer_text(answer, "memzone"));
	if (answer_text(answer, "mempool")[0] != '\0')
		printf(", mempool %s, object %" JSON_INTEGER_FORMAT ", byte %s of it",
		       answer_text(answer, "mempool"), answer_int(answer, "object"),
		       answer_text(answer, "object_offset"));
}

/* The time of the unmap, relative to the fault. */
static void
print_unmapped(const json_t *answer, const struct ioas_fault *fault)
{
	const double at = strtod(answer_text(answer, "unmapped_at"), NULL);

	printf("freed memory: ");
	print_area(answer);
	printf(", unmapped ");
	if (fault->at != 0 && fault->at / 1e9 >= at)
		printf("about %.3f s before", fault->at / 1e9 - at);
	else
		printf("%s s ago%s", answer_text(answer, "unmapped_ago"),
		       fault->at != 0 ? ", after the fault: the IOVA was mapped then, or led to something else"
				      : "");
	printf(", byte %s, %s", answer_text(answer, "address"),
	       is_true(answer, "quarantined") ? "in quarantine" : "not in quarantine");
}

static void
print_free(const json_t *answer, const struct ioas_fault *fault)
{
	const uint64_t end = answer_number(answer, "area_iova") +
			     answer_number(answer, "area_length");

	printf("nothing is mapped there, nor was lately");
	if (answer_number(answer, "area_length") == 0)
		return;
	printf("; ");
	print_bytes(fault->iova - end);
	printf(" beyond the end of ");
	print_area(answer);
}

static void
print_hole(const json_t *answer)
{
	const uint64_t last = answer_number(answer, "hole_last");

	printf("no IOVA: 0x%" PRIx64 "-0x%" PRIx64 " is %s", answer_number(answer, "hole_first"), last,
	       last == UINT64_MAX ? "beyond the aperture" : "reserved");
}

static void
print_answer(const json_t *answer, const struct ioas_fault *fault)
{
	const char *const state = answer_text(answer, "state");

	/* Only a warning: the name is derived from the report, which may lack parts of it. */
	if (json_object_get(answer, "attached") != NULL && !is_true(answer, "attached"))
		printf("  %s is not a device of this application (or has another name there)\n",
		       fault->device);
	printf("  ");
	if (strcmp(state, "mapped") == 0)
		print_mapped(answer);
	else if (strcmp(state, "unmapped") == 0)
		print_unmapped(answer, fault);
	else if (strcmp(state, "unusable") == 0)
		print_hole(answer);
	else
		print_free(answer, fault);
	printf("%s\n", is_true(answer, "isolated") ? " (the device's own I/O address space)" : "");
}

static void
print_fault(const struct ioas_fault *fault)
{
	if (fault->at != 0)
		printf("[%5" PRIu64 ".%06" PRIu64 "] ", fault->at / 1000000000,
		       fault->at % 1000000000 / 1000);
	printf("%s: DMA %s IOVA 0x%" PRIx64 " stopped by %s: %s\n", fault->device,
	       fault->write ? "write to" : fault->read ? "read from" : "to or from", fault->iova,
	       fault->iommu, fault->reason);
}

/* Asks the application, which may have started or ended since the last fault. */
static void
explain(const struct ioas_fault *fault, const struct options *options)
{
	char command[64], path[512];
	json_t *answer;
	int fd;

	fd = telemetry_connect(options->socket, options->prefix, path, sizeof(path));
	if (fd < 0) {
		printf("  not explained: no DPDK application answers at %s: %s%s\n", path, strerror(-fd),
		       options->socket == NULL ? " (--file-prefix, --socket)" : "");
		return;
	}
	snprintf(command, sizeof(command), "/ioas/iova,0x%" PRIx64 ",%s", fault->iova, fault->device);
	answer = telemetry_ask(fd, command);
	if (answer != NULL)
		print_answer(answer, fault);
	else
		printf("  not explained: the application at %s runs without the plugin librte_bus_ioas, or "
		       "has no device of it\n", path);
	json_decref(answer);
	close(fd);
}

/* The kernel's log returns one line for each read. EPIPE: lines were lost before they were read. */
static ssize_t
read_kernel_line(int fd, char *line)
{
	ssize_t n;

	do
		n = read(fd, line, MAX_LINE - 1);
	while (n < 0 && (errno == EPIPE || errno == EINTR));
	if (n < 0)
		return errno == EAGAIN ? 0 : -1;
	line[n] = '\0';
	return n;
}

static void
take_line(struct ioas_fault_parser *parser, const char *line, const struct options *options)
{
	struct ioas_fault fault;

	if (!ioas_fault_parse(parser, line, &fault))
		return;
	print_fault(&fault);
	explain(&fault, options);
	fflush(stdout);
}

static void
complain_of_log(const char *what)
{
	fprintf(stderr, NAME ": cannot %s /dev/kmsg: %s: run as root, or give what dmesg prints "
		"(`sudo dmesg | " NAME " -i -`)\n", what, strerror(errno));
}

static int
read_kernel_log(const struct options *options)
{
	const int fd = open("/dev/kmsg", O_RDONLY | (options->follow ? 0 : O_NONBLOCK));
	struct ioas_fault_parser parser = { 0 };
	char line[MAX_LINE];
	ssize_t n;

	if (fd < 0) {
		complain_of_log("open");
		return 1;
	}
	while ((n = read_kernel_line(fd, line)) > 0)
		take_line(&parser, line, options);
	if (n < 0)
		complain_of_log("read");
	close(fd);
	return n < 0;
}

static int
read_file(const struct options *options)
{
	FILE *const in = strcmp(options->input, "-") == 0 ? stdin : fopen(options->input, "re");
	struct ioas_fault_parser parser = { 0 };
	char line[MAX_LINE];
	bool failed;

	if (in == NULL) {
		fprintf(stderr, NAME ": cannot open %s: %s\n", options->input, strerror(errno));
		return 1;
	}
	for (;;) {
		const off_t at = ftello(in);

		if (fgets(line, sizeof(line), in) != NULL &&
		    (!options->follow || at < 0 || strchr(line, '\n') != NULL)) {
			take_line(&parser, line, options);
			continue;
		}
		if (!options->follow || in == stdin || ferror(in))
			break;
		/* The end of the file, or an incomplete line. */
		fseeko(in, at, SEEK_SET);
		sleep(1);
	}
	failed = ferror(in) != 0;
	if (failed)
		fprintf(stderr, NAME ": cannot read %s: %s\n", options->input, strerror(errno));
	if (in != stdin)
		fclose(in);
	return failed;
}

enum { OPT_PREFIX = 256, OPT_SOCKET };

int
main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "file-prefix", required_argument, NULL, OPT_PREFIX },
		{ "follow", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "input", required_argument, NULL, 'i' },
		{ "socket", required_argument, NULL, OPT_SOCKET },
		{ 0 },
	};
	struct options options = { .prefix = "rte" };
	int c;

	while ((c = getopt_long(argc, argv, "fhi:", known, NULL)) != -1) {
		switch (c) {
		case 'f':
			options.follow = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'i':
			options.input = optarg;
			break;
		case OPT_PREFIX:
			options.prefix = optarg;
			break;
		case OPT_SOCKET:
			options.socket = optarg;
			break;
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind != argc) {
		usage(stderr);
		return 2;
	}
	return options.input != NULL ? read_file(&options) : read_kernel_log(&options);
}
