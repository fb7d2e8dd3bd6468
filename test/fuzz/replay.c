/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* Passes each file of a folder to a target, so that every build tests the inputs that fuzzing has found. */

#include <dirent.h>
#include <string.h>

#include "fuzz.h"

static unsigned int
replay(const char *folder, const char *name)
{
	static uint8_t data[1 << 16];
	char path[1024];
	uint8_t *exact;
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (file == NULL) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	/* In memory of exactly its size, so that sanitizers and valgrind detect reads beyond it. */
	exact = malloc(size);
	if (exact == NULL)
		return 0;
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 1;
}

int
main(int argc, char **argv)
{
	DIR *const dir = argc == 2 ? opendir(argv[1]) : NULL;
	const struct dirent *entry;
	unsigned int n = 0;

	if (dir == NULL) {
		fprintf(stderr, "usage: replay FOLDER\n");
		return 2;
	}
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			n += replay(argv[1], entry->d_name);
	closedir(dir);
	printf("%u inputs\n", n);
	return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
