/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Parses reports of stopped DMA in the kernel's log, as drivers/iommu/{intel/dmar.c,
 * amd/iommu.c,arm/arm-smmu-v3/arm-smmu-v3.c,virtio-iommu.c} write them in Linux 5.10 to 6.12.
 */

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ioas.h"

/* The rest of a line after a text, or NULL. */
static const char *
text_after(const char *line, const char *text)
{
	const char *const found = strstr(line, text);

	return found == NULL ? NULL : found + strlen(text);
}

/* The number after a text. It is hexadecimal, with or without 0x. */
static bool
hex_after(const char *line, const char *text, uint64_t *value)
{
	const char *number = text_after(line, text);

	if (number != NULL && strncmp(number, "0x", 2) == 0)
		number += 2;
	if (number == NULL || !isxdigit((unsigned char)*number))
		return false;
	*value = strtoull(number, NULL, 16);
	return true;
}

static void
set_device(struct ioas_fault *fault, unsigned int domain, unsigned int rid)
{
	snprintf(fault->device, sizeof(fault->device), "%04x:%02x:%02x.%x", domain & 0xffff,
		 rid >> 8 & 0xff, rid >> 3 & 0x1f, rid & 7);
}

static bool
is_last(char c)
{
	return c == '\0' || c == '\n';
}

static void
set_reason(struct ioas_fault *fault, const char *text, const char *ends)
{
	size_t n = 0;

	while (n + 1 < sizeof(fault->reason) && !is_last(text[n]) && strchr(ends, text[n]) == NULL) {
		fault->reason[n] = text[n];
		n++;
	}
	fault->reason[n] = '\0';
}

/* Reads the time: "[  12.345678] text" in dmesg, "3,1234,12345678,-;text" in /dev/kmsg. */
static uint64_t
time_of(const char *line)
{
	unsigned long long seconds, micros;

	while (*line == ' ' || *line == '<' || (*line >= '0' && *line <= '9' && line[1] == '>') ||
	       *line == '>')
		line++;
	if (sscanf(line, "[%llu.%6llu]", &seconds, &micros) == 2)
		return (seconds * 1000000 + micros) * 1000;
	if (sscanf(line, "%*u,%*u,%llu,", &micros) == 1)
		return micros * 1000;
	return 0;
}

/* DMAR: [DMA Write NO_PASID] Request device [00:04.0] fault addr 0x1000 [fault reason 0x05] PTE ... */
static bool
parse_intel(const char *line, struct ioas_fault *fault)
{
	const char *const what = text_after(line, "DMAR: [DMA ");
	const char *const device = text_after(line, "Request device [");
	const char *const reason = text_after(line, "[fault reason ");
	const char *const text = reason == NULL ? NULL : text_after(reason, "] ");
	unsigned int bus, slot, function;

	if (what == NULL || device == NULL || text == NULL ||
	    sscanf(device, "%2x:%2x.%1x]", &bus, &slot, &function) != 3 ||
	    !hex_after(line, "fault addr ", &fault->iova))
		return false;
	fault->iommu = "VT-d";
	set_device(fault, 0, bus << 8 | (slot & 0x1f) << 3 | (function & 7));
	fault->write = strncmp(what, "Write", 5) == 0;
	fault->read = strncmp(what, "Read", 4) == 0;
	set_reason(fault, text, "");
	return true;
}

/* vfio-pci 0000:00:04.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000a address=0x1000 flags=0x0020],
 * or with device=0000:00:04.0 before the domain if the kernel does not know the device. */
static bool
parse_amd(const char *line, struct ioas_fault *fault)
{
	const char *const event = text_after(line, "Event logged [");
	const char *device = text_after(line, "device=");
	const char *const prefix = strstr(line, ": AMD-Vi: Event logged");
	unsigned int domain, bus, slot, function;
	uint64_t flags = 0;

	if (event == NULL || strstr(line, "AMD-Vi: ") == NULL || strncmp(event, "IO_PAGE_FAULT", 13) != 0 ||
	    !hex_after(line, "address=", &fault->iova))
		return false;
	if (device == NULL && prefix != NULL) {
		device = prefix;
		while (device > line && device[-1] != ' ')
			device--;
	}
	if (device == NULL)
		return false;
	/* Linux before 6.0 prints no domain. */
	if (sscanf(device, "%4x:%2x:%2x.%1x", &domain, &bus, &slot, &function) != 4) {
		domain = 0;
		if (sscanf(device, "%2x:%2x.%1x", &bus, &slot, &function) != 3)
			return false;
	}
	fault->iommu = "AMD-Vi";
	set_device(fault, domain, bus << 8 | (slot & 0x1f) << 3 | (function & 7));
	if (hex_after(line, "flags=", &flags)) {
		fault->write = (flags & 0x20) != 0;
		fault->read = !fault->write;
	}
	set_reason(fault, event, " ]");
	return true;
}

/* virtio_iommu virtio0: page fault from EP 32 at 0x1000 [W] */
static bool
parse_virtio(const char *line, struct ioas_fault *fault)
{
	const char *const kind = text_after(line, "virtio_iommu ");
	const char *const endpoint = text_after(line, " fault from EP ");
	const char *const text = kind == NULL ? NULL : text_after(kind, ": ");
	unsigned int number;
	const char *access;

	if (text == NULL || endpoint == NULL || text > endpoint ||
	    sscanf(endpoint, "%9u", &number) != 1 || !hex_after(endpoint, " at ", &fault->iova))
		return false;
	fault->iommu = "virtio-iommu";
	set_device(fault, number >> 16, number);
	access = text_after(endpoint, "[");
	for (; access != NULL && !is_last(*access) && *access != ']'; access++) {
		fault->read = fault->read || *access == 'R';
		fault->write = fault->write || *access == 'W';
	}
	set_reason(fault, text, "0123456789");
	if (text_after(fault->reason, " from EP") != NULL)
		*strstr(fault->reason, " from EP") = '\0';
	return true;
}

/* The events that have an address: Arm SMMUv3 specification, "Event records". */
static const char *
smmuv3_event(uint64_t id)
{
	switch (id) {
	case 0x10:
		return "F_TRANSLATION";
	case 0x11:
		return "F_ADDR_SIZE";
	case 0x12:
		return "F_ACCESS";
	case 0x13:
		return "F_PERMISSION";
	default:
		return NULL;
	}
}

/* Converts the words of an event. */
static bool
report_smmuv3(const struct ioas_fault_parser *parser, struct ioas_fault *fault)
{
	const char *const event = smmuv3_event(parser->word[0] & 0xff);

	if (event == NULL)
		return false;
	fault->iommu = "SMMUv3";
	fault->at = parser->at;
	fault->iova = parser->word[2];
	fault->read = (parser->word[1] >> 35 & 1) != 0;
	fault->write = !fault->read;
	set_device(fault, parser->word[0] >> 48, parser->word[0] >> 32 & 0xffff);
	set_reason(fault, event, "");
	return true;
}

/*
 * Newer kernels continue with event: F_TRANSLATION client: 0002:21:00.0 sid: 0x2100 ssid: 0x0 iova: ... and a
 * line of flags. The parser reports the event again if the device differs from the one that the words have
 * named.
 */
static bool
name_smmuv3(const struct ioas_fault_parser *parser, const char *name, struct ioas_fault *fault)
{
	const char *const client = text_after(name, " client: ");
	struct ioas_fault named = { 0 }, numbered = { 0 };
	unsigned int domain, bus, slot, function;
	uint64_t sid;

	if (client == NULL || !hex_after(client, " sid: ", &sid) || sid != parser->word[0] >> 32 ||
	    sscanf(client, "%4x:%2x:%2x.%1x", &domain, &bus, &slot, &function) != 4 ||
	    !report_smmuv3(parser, &named))
		return false;
	numbered = named;
	set_device(&named, domain, bus << 8 | (slot & 0x1f) << 3 | (function & 7));
	if (strcmp(named.device, numbered.device) == 0)
		return false;
	*fault = named;
	return true;
}

/*
 * arm-smmu-v3 9050000.smmuv3: event 0x10 received:
 * and then four lines "arm-smmu-v3 9050000.smmuv3: <tab>0x0123456789abcdef".
 */
static bool
parse_smmuv3(struct ioas_fault_parser *parser, const char *line, struct ioas_fault *fault)
{
	const char *const name = text_after(line, "arm-smmu-v3 ");
	char smmu[sizeof(parser->name)] = "";
	uint64_t id;

	if (name == NULL)
		return false;
	snprintf(smmu, sizeof(smmu), "%.*s", (int)strcspn(name, ": \n"), name);
	if (hex_after(name, ": event ", &id) && strstr(name, " received:") != NULL) {
		*parser = (struct ioas_fault_parser){ .words = 1, .at = time_of(line) };
		memcpy(parser->name, smmu, sizeof(smmu));
		return false;
	}
	/* Another SMMU may report at the same time. */
	if (strcmp(smmu, parser->name) != 0)
		return false;
	if (parser->words == 5) {
		parser->words = 0;
		return name_smmuv3(parser, name, fault);
	}
	/* /dev/kmsg escapes the tab in that way. */
	if (parser->words == 0 ||
	    (!hex_after(name, ": \t0x", &parser->word[parser->words - 1]) &&
	     !hex_after(name, ": \\x090x", &parser->word[parser->words - 1]))) {
		parser->words = 0;
		return false;
	}
	return parser->words++ == 4 && report_smmuv3(parser, fault);
}

bool
ioas_fault_parse(struct ioas_fault_parser *parser, const char *line, struct ioas_fault *fault)
{
	*fault = (struct ioas_fault){ .at = time_of(line) };
	return parse_smmuv3(parser, line, fault) || parse_intel(line, fault) ||
	       parse_amd(line, fault) || parse_virtio(line, fault);
}
