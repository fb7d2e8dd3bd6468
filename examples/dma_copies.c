/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Copies by DMA in the style of DPDK's dmadev (enqueue, submit, completed), without DPDK: a ring of
 * descriptors in front of a device that does one DMA at a time. A copy is two DMAs: into the device's buffer,
 * and out of it.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <ioas.h>

#include "edu.h"

#define RING 4 /* a power of two */
#define COPIES 10
/* The distance between two buffers. The memory between them must not change. */
#define STRIDE ((size_t)64 << 10)
#define LENGTH ((size_t)COPIES * STRIDE)

static const char usage[] =
	"usage: dma-copies [-h] DEVICE\n"
	"\n"
	"DEVICE is the PCI address of a device of QEMU (-device edu) that is bound to vfio-pci. It does some\n"
	"copies, which go through a ring of descriptors, and the results are compared.\n";

struct job {
	uint64_t from, to; /* IOVAs */
	uint32_t length;
};

struct queue {
	const struct ioas_table *table;
	struct edu edu;
	struct job ring[RING];
	/* Job counts so far, modulo 2^16. Each is at most the previous one. */
	uint16_t enqueued, submitted, done, reported;
	bool writing; /* the device does the second half of job "done" */
};

/* Looks up memory that the device uses in one piece. */
static int
lookup(const struct queue *queue, const void *va, uint32_t length, uint64_t *iova)
{
	uint64_t contiguous = length;

	*iova = ioas_lookup_length(queue->table, va, &contiguous);
	return contiguous == length ? 0 : -EFAULT;
}

/* Returns the number of the job, or -ENOSPC (the ring is full), -EINVAL (the length), -EFAULT (memory that is
 * not mapped, or not contiguous). */
static int
queue_copy(struct queue *queue, const void *from, void *to, uint32_t length)
{
	struct job *const job = &queue->ring[queue->enqueued % RING];

	if ((uint16_t)(queue->enqueued - queue->reported) == RING)
		return -ENOSPC;
	if (length == 0 || length > EDU_BUFFER)
		return -EINVAL;
	if (lookup(queue, from, length, &job->from) < 0 || lookup(queue, to, length, &job->to) < 0)
		return -EFAULT;
	job->length = length;
	return queue->enqueued++;
}

static void
start(const struct queue *queue)
{
	const struct job *const job = &queue->ring[queue->done % RING];

	edu_start(&queue->edu, 0, queue->writing ? job->to : job->from, job->length, queue->writing);
}

static void
queue_submit(struct queue *queue)
{
	const bool idle = queue->done == queue->submitted;

	queue->submitted = queue->enqueued;
	if (idle && queue->done != queue->submitted)
		start(queue);
}

/* Returns the number of jobs that have ended since the last call; *last is the number of the last one. */
static uint16_t
queue_completed(struct queue *queue, uint16_t *last)
{
	uint16_t n;

	while (queue->done != queue->submitted && !edu_busy(&queue->edu)) {
		queue->writing = !queue->writing;
		if (!queue->writing)
			queue->done++;
		if (queue->done != queue->submitted)
			start(queue);
	}
	n = queue->done - queue->reported;
	queue->reported = queue->done;
	*last = queue->reported - 1;
	return n;
}

static void
log_line(enum ioas_log_level level, const char *line, void *arg)
{
	(void)arg;
	if (level <= IOAS_LOG_WARNING)
		fprintf(stderr, "dma-copies: %s\n", line);
}

static uint32_t
length_of(unsigned int job)
{
	return EDU_BUFFER - job * 64;
}

/* Enqueues as much as the ring takes, submits and polls, until all copies are done. */
static int
copy_all(struct queue *queue, const char *from, char *to)
{
	unsigned int next = 0, done = 0, full = 0, idle = 0;
	uint16_t last;
	int ret = 0;

	while (done < COPIES) {
		const unsigned int before = done;

		while (next < COPIES) {
			ret = queue_copy(queue, from + next * STRIDE, to + next * STRIDE,
					 length_of(next));
			if (ret < 0)
				break;
			next++;
		}
		if (ret < 0 && ret != -ENOSPC) {
			fprintf(stderr, "dma-copies: copy %u: %s\n", next, strerror(-ret));
			return EXIT_FAILURE;
		}
		full += ret == -ENOSPC;
		queue_submit(queue);
		done += queue_completed(queue, &last);
		if (done != before)
			printf("copies up to %u are done\n", last);
		idle = done == before ? idle + 1 : 0;
		if (idle == 1000) {
			fprintf(stderr, "dma-copies: the device does not end its DMA\n");
			return EXIT_FAILURE;
		}
		usleep(10000);
	}
	printf("%u copies done, the ring was full %s\n", done, full > 0 ? "at times" : "never");
	return EXIT_SUCCESS;
}

/* Whether each buffer has the contents of its source, and nothing else was written. */
static int
compare(const char *from, const char *to)
{
	for (unsigned int job = 0; job < COPIES; job++)
		for (size_t i = 0; i < STRIDE; i++) {
			const size_t at = job * STRIDE + i;

			if (to[at] == (i < length_of(job) ? from[at] : 0))
				continue;
			fprintf(stderr, "dma-copies: byte %zu of copy %u is wrong: the kernel's log names "
				"a DMA that the IOMMU has stopped\n", i, job);
			return EXIT_FAILURE;
		}
	printf("all bytes are right\n");
	return EXIT_SUCCESS;
}

static int
run(struct ioas *space, const char *name)
{
	struct queue queue = { .table = ioas_table(space) };
	struct ioas_device *device;
	const char *wrong;
	char *memory;
	int ret;

	if (ioas_attach(space, name, NULL, &device) < 0)
		return EXIT_FAILURE;
	wrong = edu_open(&queue.edu, ioas_device_fd(device));
	if (wrong != NULL) {
		fprintf(stderr, "dma-copies: %s: %s\n", ioas_device_name(device), wrong);
		return EXIT_FAILURE;
	}
	memory = mmap(NULL, 2 * LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("dma-copies: mmap");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < LENGTH; i++)
		memory[i] = (char)(i % 251 + 1);
	if (ioas_map(space, memory, 2 * LENGTH, NULL) < 0)
		return EXIT_FAILURE;
	/* The lookup fails before the device gets the address. */
	ret = queue_copy(&queue, &queue, memory, sizeof(queue));
	printf("a copy of memory that is not mapped: %s\n", ret < 0 ? strerror(-ret) : "enqueued");
	ret = copy_all(&queue, memory, memory + LENGTH);
	if (ret == EXIT_SUCCESS)
		ret = compare(memory, memory + LENGTH);
	edu_close(&queue.edu, ioas_device_fd(device));
	return ret;
}

int
main(int argc, char **argv)
{
	const struct ioas_options options = {
		.size = sizeof(options),
		.log = log_line,
		/* The device has fewer address bits than the IOMMU. */
		.window = { .first = 0x1000, .last = EDU_LAST_IOVA },
	};
	struct ioas *space;
	int ret;

	if (argc == 2 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	if (argc != 2 || argv[1][0] == '-') {
		fputs(usage, stderr);
		return 2;
	}
	/* The library logs the cause and the remedy. */
	if (ioas_create(&options, &space) < 0)
		return EXIT_FAILURE;
	ret = run(space, argv[1]);
	ioas_destroy(space);
	return ret;
}
