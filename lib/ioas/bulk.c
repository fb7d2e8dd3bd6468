/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Bursts of lookups. The vector variants gather entries of the flat array. They leave every block that
 * contains another address to the plain variant. A gathered word is an ordinary load, which on x86 is an
 * acquire.
 */

#include "bulk.h"

static bool
works_always(void)
{
	return true;
}

/* Four at a time: their loads go out together, and one branch checks all of them. */
static unsigned int
lookup_plain(const struct ioas_table *table, const void *const *va, uint64_t *iova, unsigned int n)
{
	const uint64_t *const entry = table->entry;
	const uint64_t entries = table->entries;
	unsigned int i = 0, mapped = 0;

	for (; i + 4 <= n; i += 4) {
		const uint64_t a = (uintptr_t)va[i], b = (uintptr_t)va[i + 1];
		const uint64_t c = (uintptr_t)va[i + 2], d = (uintptr_t)va[i + 3];

		if (__builtin_expect((a | b | c | d) >> IOAS_TABLE_SHIFT < entries, 1)) {
			const uint64_t e = __atomic_load_n(&entry[a >> IOAS_TABLE_SHIFT],
							   __ATOMIC_ACQUIRE);
			const uint64_t f = __atomic_load_n(&entry[b >> IOAS_TABLE_SHIFT],
							   __ATOMIC_ACQUIRE);
			const uint64_t g = __atomic_load_n(&entry[c >> IOAS_TABLE_SHIFT],
							   __ATOMIC_ACQUIRE);
			const uint64_t h = __atomic_load_n(&entry[d >> IOAS_TABLE_SHIFT],
							   __ATOMIC_ACQUIRE);

			if (__builtin_expect((e & f & g & h & IOAS_ENTRY_LINEAR) != 0, 1)) {
				iova[i] = a + (e - IOAS_ENTRY_LINEAR);
				iova[i + 1] = b + (f - IOAS_ENTRY_LINEAR);
				iova[i + 2] = c + (g - IOAS_ENTRY_LINEAR);
				iova[i + 3] = d + (h - IOAS_ENTRY_LINEAR);
				mapped += 4;
				continue;
			}
		}
		for (unsigned int k = i; k < i + 4; k++) {
			iova[k] = ioas_lookup(table, va[k]);
			mapped += iova[k] != IOAS_BAD_IOVA;
		}
	}
	for (; i < n; i++) {
		iova[i] = ioas_lookup(table, va[i]);
		mapped += iova[i] != IOAS_BAD_IOVA;
	}
	return mapped;
}

#ifdef __x86_64__
#include <immintrin.h>

static bool
has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

static bool
has_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && has_avx2();
}

/*
 * Both variants work on blocks of four vectors, so that the loads of one vector overlap with those of the
 * next. Two branches check a whole block: whether an address is beyond the array, and whether an entry is not
 * linear. The plain variant handles such a block.
 */

__attribute__((target("avx2"))) static unsigned int
lookup_avx2(const struct ioas_table *table, const void *const *va, uint64_t *iova, unsigned int n)
{
	const long long *const entry = (const long long *)(const void *)table->entry;
	const __m256i beyond = _mm256_set1_epi64x(~((table->entries << IOAS_TABLE_SHIFT) - 1));
	const __m256i linear = _mm256_set1_epi64x(IOAS_ENTRY_LINEAR);
	unsigned int i = 0, mapped = 0;

	for (; i + 16 <= n && table->entries != 0; i += 16) {
		__m256i addr[4], word[4], any, all;

		for (unsigned int k = 0; k < 4; k++)
			addr[k] = _mm256_loadu_si256((const __m256i *)(const void *)&va[i + 4 * k]);
		any = _mm256_or_si256(_mm256_or_si256(addr[0], addr[1]),
				      _mm256_or_si256(addr[2], addr[3]));
		if (__builtin_expect(!_mm256_testz_si256(any, beyond), 0)) {
			mapped += lookup_plain(table, va + i, iova + i, 16);
			continue;
		}
		for (unsigned int k = 0; k < 4; k++)
			word[k] = _mm256_i64gather_epi64(entry,
				_mm256_srli_epi64(addr[k], IOAS_TABLE_SHIFT), 8);
		all = _mm256_and_si256(_mm256_and_si256(word[0], word[1]),
				       _mm256_and_si256(word[2], word[3]));
		if (__builtin_expect(!_mm256_testc_si256(all, linear), 0)) {
			mapped += lookup_plain(table, va + i, iova + i, 16);
			continue;
		}
		for (unsigned int k = 0; k < 4; k++)
			_mm256_storeu_si256((__m256i *)(void *)&iova[i + 4 * k],
				_mm256_add_epi64(_mm256_sub_epi64(addr[k], linear), word[k]));
		mapped += 16;
	}
	return i == n ? mapped : mapped + lookup_plain(table, va + i, iova + i, n - i);
}

__attribute__((target("avx512f"))) static unsigned int
lookup_avx512(const struct ioas_table *table, const void *const *va, uint64_t *iova, unsigned int n)
{
	const __m512i beyond = _mm512_set1_epi64(~((table->entries << IOAS_TABLE_SHIFT) - 1));
	const __m512i linear = _mm512_set1_epi64(IOAS_ENTRY_LINEAR);
	unsigned int i = 0, mapped = 0;

	for (; i + 32 <= n && table->entries != 0; i += 32) {
		__m512i addr[4], word[4], any, all;

		for (unsigned int k = 0; k < 4; k++)
			addr[k] = _mm512_loadu_si512(&va[i + 8 * k]);
		any = _mm512_or_si512(_mm512_or_si512(addr[0], addr[1]),
				      _mm512_or_si512(addr[2], addr[3]));
		if (__builtin_expect(_mm512_test_epi64_mask(any, beyond) != 0, 0)) {
			mapped += lookup_plain(table, va + i, iova + i, 32);
			continue;
		}
		for (unsigned int k = 0; k < 4; k++)
			word[k] = _mm512_i64gather_epi64(
				_mm512_srli_epi64(addr[k], IOAS_TABLE_SHIFT), table->entry, 8);
		all = _mm512_and_si512(_mm512_and_si512(word[0], word[1]),
				       _mm512_and_si512(word[2], word[3]));
		if (__builtin_expect(_mm512_test_epi64_mask(all, linear) != 0xff, 0)) {
			mapped += lookup_plain(table, va + i, iova + i, 32);
			continue;
		}
		for (unsigned int k = 0; k < 4; k++)
			_mm512_storeu_si512(&iova[i + 8 * k],
				_mm512_add_epi64(_mm512_sub_epi64(addr[k], linear), word[k]));
		mapped += 32;
	}
	return i == n ? mapped : mapped + lookup_avx2(table, va + i, iova + i, n - i);
}
#endif

const struct bulk bulks[] = {
#ifdef __x86_64__
	{ "avx512", lookup_avx512, has_avx512 },
	{ "avx2", lookup_avx2, has_avx2 },
#endif
	{ "plain", lookup_plain, works_always },
};
const unsigned int n_bulks = sizeof(bulks) / sizeof(bulks[0]);

/* Written once, before main() or while the library is loaded. */
static const struct bulk *chosen = &bulks[sizeof(bulks) / sizeof(bulks[0]) - 1];

__attribute__((constructor)) static void
choose_bulk(void)
{
#ifdef __x86_64__
	__builtin_cpu_init();
#endif
	chosen = bulks;
	while (!chosen->works())
		chosen++;
}

unsigned int
ioas_lookup_bulk(const struct ioas_table *table, const void *const *va, uint64_t *iova,
		 unsigned int n)
{
	return chosen->lookup(table, va, iova, n);
}

const char *
ioas_lookup_bulk_name(void)
{
	return chosen->name;
}
