/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/* The readers' side of the table, except the inline functions in ioas.h. No function takes a lock. */

#include <errno.h>
#include <sys/uio.h>

#include "ioas.h"

#define BLOCK_ENTRIES (UINT64_C(1) << (IOAS_FAR_SHIFT - IOAS_TABLE_SHIFT))

/* The word that translates an address, and the number of bytes that it covers. */
struct answer {
	uint64_t word;
	uint64_t unit;
};

/* The word for an address: the entry itself, or a word of the detail that it leads to. */
static struct answer
follow_entry(uint64_t entry, uint64_t addr)
{
	const uint64_t *detail;

	if ((entry & IOAS_ENTRY_DETAIL) == 0)
		return (struct answer){ entry, UINT64_C(1) << IOAS_TABLE_SHIFT };
	detail = (const uint64_t *)(uintptr_t)(entry & IOAS_ENTRY_MASK);
	return (struct answer){
		.word = __atomic_load_n(&detail[(addr >> IOAS_DETAIL_SHIFT) &
						(IOAS_DETAIL_ENTRIES - 1)], __ATOMIC_ACQUIRE),
		.unit = UINT64_C(1) << IOAS_DETAIL_SHIFT,
	};
}

static struct answer
find_far(const uint64_t *const *far_entry, uint64_t addr)
{
	const uint64_t slot = addr >> IOAS_TABLE_SHIFT & (BLOCK_ENTRIES - 1);
	const uint64_t *block;

	if (addr >> IOAS_VA_BITS != 0)
		return (struct answer){ 0, UINT64_C(1) << IOAS_VA_BITS };
	block = __atomic_load_n(&far_entry[addr >> IOAS_FAR_SHIFT], __ATOMIC_ACQUIRE);
	if (block == NULL)
		return (struct answer){ 0, UINT64_C(1) << IOAS_FAR_SHIFT };
	return follow_entry(__atomic_load_n(&block[slot], __ATOMIC_ACQUIRE), addr);
}

static struct answer
find_word(const struct ioas_table *table, uint64_t addr)
{
	const uint64_t slot = addr >> IOAS_TABLE_SHIFT;

	return slot < table->entries
		? follow_entry(__atomic_load_n(&table->entry[slot], __ATOMIC_ACQUIRE), addr)
		: find_far(table->far_entry, addr);
}

uint64_t
ioas_lookup_far(const uint64_t *const *far_entry, uint64_t addr)
{
	const uint64_t word = find_far(far_entry, addr).word;

	return word == 0 ? IOAS_BAD_IOVA : addr + (word - IOAS_ENTRY_LINEAR);
}

uint64_t
ioas_lookup_run(const struct ioas_table *table, const void *va, uint64_t *length)
{
	const uint64_t addr = (uintptr_t)va, wanted = *length;
	struct answer answer = find_word(table, addr);
	const uint64_t word = answer.word;
	uint64_t run = 0;

	/* Consecutive IOVAs have the same difference between IOVA and address, and hence the same word. */
	while (word != 0 && answer.word == word && run < wanted) {
		run += answer.unit - ((addr + run) & (answer.unit - 1));
		if (addr + run < run)
			break;
		if (run < wanted)
			answer = find_word(table, addr + run);
	}
	*length = run < wanted ? run : wanted;
	return word == 0 ? IOAS_BAD_IOVA : addr + (word - IOAS_ENTRY_LINEAR);
}

bool
ioas_lookup_any(const struct ioas_table *table, const void *va, uint64_t length)
{
	uint64_t addr = (uintptr_t)va;

	while (length > 0) {
		const struct answer answer = find_word(table, addr);
		const uint64_t step = answer.unit - (addr & (answer.unit - 1));

		if (answer.word != 0)
			return true;
		/* Beyond the last address nothing is mapped. */
		if (step >= length || addr + step < addr)
			return false;
		addr += step;
		length -= step;
	}
	return false;
}

int
ioas_lookup_iovec(const struct ioas_table *table, const struct iovec *iov, unsigned int n_iov,
		  struct ioas_segment *segments, unsigned int n)
{
	struct ioas_segment last = { 0, 0 };
	unsigned int count = 0;

	for (unsigned int i = 0; i < n_iov; i++) {
		const char *base = iov[i].iov_base;
		uint64_t left = iov[i].iov_len;

		while (left > 0) {
			uint64_t length = left;
			const uint64_t iova = ioas_lookup_length(table, base, &length);

			if (iova == IOAS_BAD_IOVA)
				return -EFAULT;
			if (count > 0 && iova == last.iova + last.length) {
				last.length += length;
			} else {
				last = (struct ioas_segment){ iova, length };
				count++;
			}
			if (segments != NULL && count <= n)
				segments[count - 1] = last;
			base += length;
			left -= length;
		}
	}
	return count;
}
