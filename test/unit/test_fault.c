/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * Lines of the kernel's log, as printed in guests with each IOMMU.
 */

#include <stdio.h>
#include <string.h>

#include "unit.h"

/* Only the last of these lines completes a report. */
static struct ioas_fault
parse(const char *const *lines, unsigned int n)
{
	struct ioas_fault_parser parser = { 0 };
	struct ioas_fault fault = { 0 };

	for (unsigned int i = 0; i < n; i++) {
		const bool found = ioas_fault_parse(&parser, lines[i], &fault);

		if (found != (i == n - 1))
			fprintf(stderr, "\nline %u: %s\n", i, lines[i]);
		CU_ASSERT_EQUAL(found, i == n - 1);
	}
	return fault;
}

static struct ioas_fault
parse_line(const char *line)
{
	return parse(&line, 1);
}

static void
expect(const struct ioas_fault *fault, const char *iommu, const char *device, uint64_t iova, bool write,
       const char *reason)
{
	CU_ASSERT_STRING_EQUAL(fault->iommu != NULL ? fault->iommu : "", iommu);
	CU_ASSERT_STRING_EQUAL(fault->device, device);
	CU_ASSERT_EQUAL(fault->iova, iova);
	CU_ASSERT_EQUAL(fault->write, write);
	CU_ASSERT_EQUAL(fault->read, !write);
	CU_ASSERT_STRING_EQUAL(fault->reason, reason);
}

static void
intel(void)
{
	struct ioas_fault fault;

	fault = parse_line("[   11.620349] DMAR: [DMA Write NO_PASID] Request device [00:0c.1] fault addr "
			   "0x1040000000 [fault reason 0x05] PTE Write access is not set\n");
	expect(&fault, "VT-d", "0000:00:0c.1", 0x1040000000, true, "PTE Write access is not set");
	CU_ASSERT_EQUAL(fault.at, UINT64_C(11620349000));
	/* /dev/kmsg */
	fault = parse_line("3,812,1500001,-;DMAR: [DMA Read NO_PASID] Request device [3a:1f.7] fault addr "
			   "0xfffff000 [fault reason 0x06] PTE Read access is not set");
	expect(&fault, "VT-d", "0000:3a:1f.7", 0xfffff000, false, "PTE Read access is not set");
	CU_ASSERT_EQUAL(fault.at, UINT64_C(1500001000));
	fault = parse_line("DMAR: [DMA Write PASID 0x5] Request device [00:02.0] fault addr 0x2000 "
			   "[fault reason 0x59] SM: Present bit in first-level paging entry is clear");
	expect(&fault, "VT-d", "0000:00:02.0", 0x2000, true,
	       "SM: Present bit in first-level paging entry is clear");
	CU_ASSERT_EQUAL(fault.at, 0);
	/* Linux 5.10 */
	fault = parse_line("DMAR: [DMA Write] Request device [02:00.0] PASID ffffffff fault addr ffe0000000 "
			   "[fault reason 05] PTE Write access is not set");
	expect(&fault, "VT-d", "0000:02:00.0", UINT64_C(0xffe0000000), true, "PTE Write access is not set");
}

static void
amd(void)
{
	struct ioas_fault fault;

	fault = parse_line("[    9.412345] vfio-pci 0000:00:04.0: AMD-Vi: Event logged [IO_PAGE_FAULT "
			   "domain=0x000a address=0x4000200040 flags=0x0030]");
	expect(&fault, "AMD-Vi", "0000:00:04.0", UINT64_C(0x4000200040), true, "IO_PAGE_FAULT");
	CU_ASSERT_EQUAL(fault.at, UINT64_C(9412345000));
	fault = parse_line("AMD-Vi: Event logged [IO_PAGE_FAULT device=0001:c1:00.3 domain=0x0000 "
			   "address=0xfdf8000000 flags=0x0000]");
	expect(&fault, "AMD-Vi", "0001:c1:00.3", UINT64_C(0xfdf8000000), false, "IO_PAGE_FAULT");
	/* Linux 5.10 */
	fault = parse_line("AMD-Vi: Event logged [IO_PAGE_FAULT device=05:00.1 domain=0x0001 "
			   "address=0xfdf8000000 flags=0x0020]");
	expect(&fault, "AMD-Vi", "0000:05:00.1", UINT64_C(0xfdf8000000), true, "IO_PAGE_FAULT");
}

static void
smmuv3(void)
{
	static const char *const write[] = {
		"[   13.031415] arm-smmu-v3 9050000.smmuv3: event 0x10 received:",
		"[   13.031420] arm-smmu-v3 9050000.smmuv3: \t0x0000002000000010",
		"[   13.031422] arm-smmu-v3 9050000.smmuv3: \t0x0000020000000000",
		"[   13.031424] arm-smmu-v3 9050000.smmuv3: \t0x0000001040200040",
		"[   13.031426] arm-smmu-v3 9050000.smmuv3: \t0x0000000000000000\n",
	};
	static const char *const read[] = {
		"6,700,900,-;arm-smmu-v3 arm-smmu-v3.0.auto: event 0x13 received:",
		"6,701,901,-;arm-smmu-v3 arm-smmu-v3.0.auto: \\x090x0001010800000013",
		"6,702,902,-;arm-smmu-v3 arm-smmu-v3.0.auto: \\x090x0000020800000000",
		"6,703,903,-;arm-smmu-v3 arm-smmu-v3.0.auto: \\x090x0000ffffffff0000",
		"6,704,904,-;arm-smmu-v3 arm-smmu-v3.0.auto: \\x090x0000000000000000",
	};
	struct ioas_fault_parser parser = { 0 };
	struct ioas_fault fault;

	fault = parse(write, 5);
	expect(&fault, "SMMUv3", "0000:00:04.0", UINT64_C(0x1040200040), true, "F_TRANSLATION");
	CU_ASSERT_EQUAL(fault.at, UINT64_C(13031415000));
	fault = parse(read, 5);
	expect(&fault, "SMMUv3", "0001:01:01.0", UINT64_C(0xffffffff0000), false, "F_PERMISSION");
	/* Another line between two of its lines, and an event without an address. */
	for (unsigned int i = 0; i < 3; i++)
		CU_ASSERT_FALSE(ioas_fault_parse(&parser, write[i], &fault));
	CU_ASSERT_FALSE(ioas_fault_parse(&parser, "usb 1-1: new device", &fault));
	CU_ASSERT_FALSE(ioas_fault_parse(&parser, write[3], &fault));
	CU_ASSERT_TRUE(ioas_fault_parse(&parser, write[4], &fault));
	CU_ASSERT_FALSE(ioas_fault_parse(&parser, write[0], &fault));
	CU_ASSERT_FALSE(ioas_fault_parse(&parser, "arm-smmu-v3 9050000.smmuv3: \t0x0000002000000002", &fault));
	for (unsigned int i = 2; i < 5; i++)
		CU_ASSERT_FALSE(ioas_fault_parse(&parser, write[i], &fault));
	/* Lines of another SMMU in between. */
	for (unsigned int i = 0; i < 4; i++) {
		CU_ASSERT_FALSE(ioas_fault_parse(&parser, write[i], &fault));
		CU_ASSERT_FALSE(ioas_fault_parse(&parser, "arm-smmu-v3 9060000.smmuv3: \t0x1", &fault));
	}
	CU_ASSERT_TRUE(ioas_fault_parse(&parser, write[4], &fault));
	CU_ASSERT_EQUAL(fault.iova, UINT64_C(0x1040200040));
	/* The numbers without a headline. */
	for (unsigned int i = 1; i < 5; i++)
		CU_ASSERT_FALSE(ioas_fault_parse(&parser, write[i], &fault));
	CU_ASSERT_FALSE(ioas_fault_parse(&parser, write[0], &fault));
	CU_ASSERT_FALSE(ioas_fault_parse(&parser, "arm-smmu-v3 9050000.smmuv3: CMD_SYNC timeout", &fault));
	CU_ASSERT_FALSE(ioas_fault_parse(&parser, write[1], &fault));
}

/* Newer kernels name the device in two further lines: no second report, unless the device differs. */
static void
smmuv3_names(void)
{
	static const char *const same[] = {
		"[  106.585811] arm-smmu-v3 fc900000.iommu: event 0x10 received:",
		"[  106.586349] arm-smmu-v3 fc900000.iommu: \t0x0000010000000010",
		"[  106.586846] arm-smmu-v3 fc900000.iommu: \t0x0000020000000000",
		"[  106.587341] arm-smmu-v3 fc900000.iommu: \t0x000000090000f040",
		"[  106.587841] arm-smmu-v3 fc900000.iommu: \t0x0000000000000000",
		"[  106.588335] arm-smmu-v3 fc900000.iommu: event: F_TRANSLATION client: 0000:01:00.0 "
		"sid: 0x100 ssid: 0x0 iova: 0x90000f040 ipa: 0x0",
		"[  106.589383] arm-smmu-v3 fc900000.iommu: unpriv data write s1 "
		"\"Input address caused fault\" stag: 0x0",
	};
	static const char named[] = "arm-smmu-v3 fc900000.iommu: event: F_TRANSLATION client: 0002:21:00.0 "
		"sid: 0x100 ssid: 0x0 iova: 0x90000f040 ipa: 0x0";
	static const char *const useless[] = {
		"arm-smmu-v3 fc900000.iommu: event: F_TRANSLATION client: (unassigned sid) sid: 0x100",
		"arm-smmu-v3 fc900000.iommu: event: F_TRANSLATION client: 0002:21:00.0 sid: 0x101",
		"arm-smmu-v3 fc900000.iommu: event: F_TRANSLATION client: 0002:21:00.0",
	};
	struct ioas_fault_parser parser = { 0 };
	struct ioas_fault fault;

	for (unsigned int i = 0; i < 7; i++)
		CU_ASSERT_EQUAL(ioas_fault_parse(&parser, same[i], &fault), i == 4);
	for (unsigned int i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(ioas_fault_parse(&parser, same[i], &fault), i == 4);
	expect(&fault, "SMMUv3", "0000:01:00.0", UINT64_C(0x90000f040), true, "F_TRANSLATION");
	CU_ASSERT_TRUE(ioas_fault_parse(&parser, named, &fault));
	expect(&fault, "SMMUv3", "0002:21:00.0", UINT64_C(0x90000f040), true, "F_TRANSLATION");
	CU_ASSERT_EQUAL(fault.at, UINT64_C(106585811000));
	CU_ASSERT_FALSE(ioas_fault_parse(&parser, named, &fault));
	for (unsigned int i = 0; i < 3; i++) {
		for (unsigned int j = 0; j < 5; j++)
			CU_ASSERT_EQUAL(ioas_fault_parse(&parser, same[j], &fault), j == 4);
		CU_ASSERT_FALSE(ioas_fault_parse(&parser, useless[i], &fault));
		CU_ASSERT_FALSE(ioas_fault_parse(&parser, named, &fault));
	}
}

static void
virtio(void)
{
	struct ioas_fault fault;

	fault = parse_line("[    8.1] virtio_iommu virtio0: page fault from EP 32 at 0x5040000000 [W]");
	expect(&fault, "virtio-iommu", "0000:00:04.0", UINT64_C(0x5040000000), true, "page fault");
	fault = parse_line("virtio_iommu virtio0: domain fault from EP 65792 at 0x1000 [R]");
	expect(&fault, "virtio-iommu", "0001:01:00.0", 0x1000, false, "domain fault");
	fault = parse_line("virtio_iommu virtio0: unknown fault from EP 8 at 0 []");
	CU_ASSERT_FALSE(fault.read || fault.write);
}

static void
others(void)
{
	static const char *const lines[] = {
		"",
		"\n",
		"[",
		"<3>[",
		"[   11.620349] DMAR: IOMMU enabled",
		"DMAR: DRHD: handling fault status reg 2",
		"DMAR: [INTR-REMAP] Request device [00:04.0] fault index 0x10 [fault reason 0x22] ...",
		"DMAR: [DMA Write NO_PASID] Request device [",
		"DMAR: [DMA Write NO_PASID] Request device [00:04.0] fault addr ",
		"DMAR: [DMA Write NO_PASID] Request device [00:04.0] fault addr 0x [fault reason 0x05] x",
		"DMAR: [DMA Write NO_PASID] Request device [00:04.0] fault addr -1 [fault reason 0x05] x",
		"DMAR: [DMA Write NO_PASID] Request device [00-04.0] fault addr 0x1 [fault reason 0x05] x",
		"DMAR: [DMA Write NO_PASID] Request device [00:04.0] fault addr 0x1 [fault reason 0x05]",
		"AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000a address=0x1000 flags=0x0030]",
		"AMD-Vi: Event logged [ILLEGAL_COMMAND_ERROR address=0x1000]",
		"vfio-pci x: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000a address=0x1000 flags=0x0030]",
		"vfio-pci 0000:00:04.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000a address= flags=0]",
		"virtio_iommu virtio0: page fault from EP 32",
		"virtio_iommu virtio0: page fault from EP x at 0x1000 [W]",
		"virtio0: page fault from EP 32 at 0x1000 [W]",
	};
	struct ioas_fault_parser parser = { 0 };
	struct ioas_fault fault;

	for (unsigned int i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const bool found = ioas_fault_parse(&parser, lines[i], &fault);

		if (found)
			fprintf(stderr, "\nline %u: %s\n", i, lines[i]);
		CU_ASSERT_FALSE(found);
	}
}

UNIT_MAIN("fault",
	  { "VT-d", intel },
	  { "AMD-Vi", amd },
	  { "SMMUv3", smmuv3 },
	  { "SMMUv3 with names", smmuv3_names },
	  { "virtio-iommu", virtio },
	  { "other lines", others })
