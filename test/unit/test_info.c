/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */

/*
 * dpdk-ioas-info on invented machines: a folder replaces /sys, /proc and /boot, and lib/ioas uses the model
 * of the kernel.
 */

#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "colour.h"
#include "info.h"
#include "machine.h"
#include "unit.h"

#define SECOND "0000:00:03.0"

static char root[64];
static const struct info_sys *on_this_machine;
static const char *forbidden; /* a node that the user may not open, or NULL */
static const char *missing;   /* a node that does not exist */
static bool joinable;         /* a group vfio exists without the user */
static const char *theirs;    /* a node that the group may use, or NULL */
static uint64_t memlock;
static uint64_t memlock_hard;
static bool root_user;
static int n_page_sizes;
static const char *mounted;
static bool memory;           /* hugepages can be allocated */
static char *text, *error;    /* output of the program */
static json_t *json;

static bool
may_use(const char *node)
{
	return forbidden == NULL || strcmp(node, forbidden) != 0;
}

static bool
exists(const char *node)
{
	if (strncmp(node, "/dev/", 5) != 0)
		return access(node, F_OK) == 0;
	return missing == NULL || strcmp(node, missing) != 0;
}

static int
page_sizes(long *sizes, int n)
{
	sizes[0] = GIB(1);
	sizes[1] = MIB(2);
	return n < n_page_sizes ? n : n_page_sizes;
}

static const char *
page_mount(long size)
{
	return size == (long)MIB(2) ? mounted : NULL;
}

static int userfaultfd_error;

static int
get_userfaultfd(void)
{
	return userfaultfd_error;
}

static void
get_memlock(uint64_t *soft, uint64_t *hard)
{
	*soft = memlock;
	*hard = memlock > memlock_hard ? memlock : memlock_hard;
}

static const char *
user(void)
{
	return "joe";
}

static bool
is_root(void)
{
	return root_user;
}

static bool
may_join(const char *group)
{
	CU_ASSERT_STRING_EQUAL(group, "vfio");
	return joinable;
}

static bool
is_of_group(const char *node, const char *group)
{
	CU_ASSERT_STRING_EQUAL(group, "vfio");
	return theirs != NULL && strcmp(node, theirs) == 0;
}

static void *
allocate(uint64_t bytes, uint64_t page_size)
{
	CU_ASSERT_EQUAL(bytes % page_size, 0);
	errno = ENOMEM;
	return memory ? VA(0) : NULL;
}

static void
release(void *what, uint64_t bytes)
{
	CU_ASSERT_PTR_EQUAL(what, VA(0));
	CU_ASSERT_TRUE(bytes > 0);
}

static const struct info_sys made_up = {
	.root = root,
	.may_use = may_use,
	.exists = exists,
	.page_sizes = page_sizes,
	.page_mount = page_mount,
	.memlock = get_memlock,
	.userfaultfd = get_userfaultfd,
	.user = user,
	.is_root = is_root,
	.may_join = may_join,
	.is_of_group = is_of_group,
	.allocate = allocate,
	.release = release,
};

/* ---- building a machine ---- */

static void
make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
}

/* Creates a file with this text, below the root. */
static void __attribute__((format(printf, 2, 3)))
put(const char *content, const char *format, ...)
{
	char name[256], path[PATH_MAX];
	va_list args;
	FILE *file;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	snprintf(path, sizeof(path), "%s%s", root, name);
	make_folders(path);
	file = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fprintf(file, "%s\n", content);
	fclose(file);
}

/* Creates a link to a target of this name. */
static void __attribute__((format(printf, 2, 3)))
put_link(const char *target, const char *format, ...)
{
	char name[256], path[PATH_MAX], to[PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	snprintf(path, sizeof(path), "%s%s", root, name);
	make_folders(path);
	unlink(path);
	snprintf(to, sizeof(to), "../somewhere/%s", target);
	CU_ASSERT_EQUAL_FATAL(symlink(to, path), 0);
}

static void
put_driver(const char *address, const char *driver)
{
	put_link(driver, "/sys/bus/pci/devices/%s/driver", address);
}

static void
put_device(const char *address, const char *class, const char *driver)
{
	put("0x8086", "/sys/bus/pci/devices/%s/vendor", address);
	put("0x10d3", "/sys/bus/pci/devices/%s/device", address);
	put(class, "/sys/bus/pci/devices/%s/class", address);
	put("0", "/sys/bus/pci/devices/%s/numa_node", address);
	if (driver != NULL)
		put_driver(address, driver);
}

static void
put_group(const char *address, int group, const char *iommu, const char *reserved)
{
	char number[16], target[64], link[256];

	snprintf(number, sizeof(number), "%d", group);
	snprintf(link, sizeof(link), "%s/sys/bus/pci/devices/%s/iommu_group", root, address);
	unlink(link);
	snprintf(target, sizeof(target), "../../../../kernel/iommu_groups/%s", number);
	CU_ASSERT_EQUAL_FATAL(symlink(target, link), 0);
	if (iommu != NULL)
		put_link(iommu, "/sys/bus/pci/devices/%s/iommu", address);
	put_link(address, "/sys/kernel/iommu_groups/%d/devices/%s", group, address);
	put(reserved, "/sys/kernel/iommu_groups/%d/reserved_regions", group);
}

static void
put_cdev(const char *address, unsigned int number)
{
	put("511:0", "/sys/bus/pci/devices/%s/vfio-dev/vfio%u/dev", address, number);
}

static void
put_pages(int node, const char *size, const char *total, const char *free_ones)
{
	put(total, "/sys/devices/system/node/node%d/hugepages/hugepages-%s/nr_hugepages", node, size);
	put(free_ones, "/sys/devices/system/node/node%d/hugepages/hugepages-%s/free_hugepages", node,
	    size);
}

/* A complete Intel machine: 39 bits, NIC on vfio-pci, 512 pages. */
static void
put_intel(void)
{
	put("6.12.0", "/proc/sys/kernel/osrelease");
	put("x86_64", "/proc/sys/kernel/arch");
	put("quiet intel_iommu=on", "/proc/cmdline");
	put("Character devices:\n 10 misc\n241 vfio\n511 vfio-dev\n\nBlock devices:", "/proc/devices");
	put("CapEff:\t0000000000000000", "/proc/self/status");
	put("d2008c22260206", "/sys/class/iommu/dmar0/intel-iommu/cap");
	put("", "/sys/class/iommu/dmar0/devices/" NIC);
	put("", "/sys/bus/pci/drivers/vfio-pci/bind");
	put_device(NIC, "0x020000", "vfio-pci");
	put_group(NIC, 1, "dmar0", "0x00000000fee00000 0x00000000feefffff msi");
	put_cdev(NIC, 0);
	put_pages(0, "2048kB", "256", "200");
	put_pages(1, "2048kB", "256", "256");
	put_pages(0, "1048576kB", "0", "0");
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
forget_output(void)
{
	free(text);
	free(error);
	json_decref(json);
	text = error = NULL;
	json = NULL;
}

static void
machine_start(void)
{
	if (on_this_machine == NULL)
		on_this_machine = info_sys;
	strcpy(root, "/tmp/test-info.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
	info_sys = &made_up;
	forbidden = missing = theirs = NULL;
	joinable = false;
	memlock = UINT64_MAX;
	memlock_hard = 0;
	userfaultfd_error = 0;
	root_user = false;
	n_page_sizes = 2;
	mounted = "/dev/hugepages";
	memory = true;
	put_intel();
}

static void
machine_end(void)
{
	forget_output();
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- running the program ---- */

/* Runs it with these options, separated by blanks. Returns the status. */
static int
run(const char *options)
{
	char line[256], *argv[32] = { (char[]){ INFO_NAME } }, *state;
	size_t size, error_size;
	FILE *out, *err;
	int argc = 1, status;

	forget_output();
	snprintf(line, sizeof(line), "%s", options);
	for (char *word = strtok_r(line, " ", &state); word != NULL; word = strtok_r(NULL, " ", &state))
		argv[argc++] = word;
	argv[argc] = NULL;
	out = open_memstream(&text, &size);
	err = open_memstream(&error, &error_size);
	CU_ASSERT_TRUE_FATAL(out != NULL && err != NULL);
	status = info_main(argc, argv, out, err);
	fclose(out);
	fclose(err);
	if (text[0] == '{')
		json = json_loads(text, 0, NULL);
	return status;
}

/* Whether the output contains a text; prints the output if not. */
static bool
says(const char *words)
{
	if (strstr(text, words) != NULL)
		return true;
	fprintf(stderr, "\nno '%s' in:\n%s%s", words, text, error);
	return false;
}

/* The member at a path such as "devices/0/driver". */
static const json_t *
member(const char *path)
{
	const json_t *at = json;
	char copy[128], *state;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *word = strtok_r(copy, "/", &state); word != NULL; word = strtok_r(NULL, "/", &state))
		at = json_is_array(at) ? json_array_get(at, atoi(word)) : json_object_get(at, word);
	return at;
}

static bool
member_is(const char *path, const char *wanted)
{
	char *const dumped = json_dumps(member(path), JSON_ENCODE_ANY | JSON_COMPACT);
	const bool same = dumped != NULL && strcmp(dumped, wanted) == 0;

	if (!same)
		fprintf(stderr, "\n%s is %s, not %s\n", path, dumped, wanted);
	free(dumped);
	return same;
}

/* ---- tests ---- */

static void
all_is_well(void)
{
	CU_ASSERT_EQUAL(run(""), 0);
	CU_ASSERT_TRUE(says("Machine      Linux 6.12.0, x86_64, user joe\n"));
	CU_ASSERT_TRUE(says("Memlock      no limit\n"));
	CU_ASSERT_TRUE(says("IOMMU        dmar0: Intel VT-d, 39 bits, 1 device\n"));
	CU_ASSERT_TRUE(says("Backends     iommufd  works\n"));
	CU_ASSERT_TRUE(says("the plugin takes iommufd\n"
			    "Features     VFIO character devices: yes\n"
			    "             IOMMU_IOAS_MAP_FILE: no\n"
			    "             IOMMU_IOAS_CHANGE_PROCESS: no\n"
			    "             dirty tracking: shows with a device attached (--try)\n"));
	CU_ASSERT_TRUE(says("Hugepages    2 MiB    node 0: 200 free of 256, node 1: 256 free of 256; "
			    "mounted at /dev/hugepages\n"));
	CU_ASSERT_TRUE(says("Devices      " NIC " 8086:10d3 network, vfio-pci, node 0, group 1, dmar0, "
			    "/dev/vfio/devices/vfio0\n"
			    "               reserved 0xfee00000-0xfeefffff (msi)\n"
			    "               usable 0x0-0xfedfffff, 0xfef00000-0x7fffffffff\n"));
	CU_ASSERT_TRUE(says("\nall is there\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "missing"));
	CU_ASSERT_PTR_NULL(strchr(text, '\033'));

	CU_ASSERT_EQUAL(run("--json"), 0);
	CU_ASSERT_TRUE(member_is("well", "true"));
	CU_ASSERT_TRUE(member_is("iommus", "[{\"name\":\"dmar0\",\"model\":\"Intel VT-d\",\"bits\":39,"
				 "\"devices\":1}]"));
	CU_ASSERT_TRUE(member_is("backend", "\"iommufd\""));
	CU_ASSERT_TRUE(member_is("features", "{\"cdevs\":true,\"map_file\":false,\"change_process\":false,"
				 "\"dirty_tracking\":null,\"userfaultfd\":true}"));
	CU_ASSERT_TRUE(member_is("memlock", "null"));
	CU_ASSERT_TRUE(member_is("devices/0/cdev", "\"/dev/vfio/devices/vfio0\""));
	CU_ASSERT_TRUE(member_is("devices/0/ranges",
				 "[{\"first\":\"0x0\",\"last\":\"0xfedfffff\"},"
				 "{\"first\":\"0xfef00000\",\"last\":\"0x7fffffffff\"}]"));
	CU_ASSERT_TRUE(member_is("devices/0/node", "\"/dev/vfio/devices/vfio0\""));
	CU_ASSERT_TRUE(member_is("devices/0/usable", "true"));
	CU_ASSERT_TRUE(member_is("devices/0/reserved",
				 "[{\"first\":\"0xfee00000\",\"last\":\"0xfeefffff\",\"type\":\"msi\"}]"));
	CU_ASSERT_TRUE(member_is("hugepages/0", "{\"size\":2097152,\"mount\":\"/dev/hugepages\",\"nodes\":"
				 "[{\"node\":0,\"total\":256,\"free\":200},"
				 "{\"node\":1,\"total\":256,\"free\":256}]}"));
	CU_ASSERT_TRUE(member_is("problems", "[]"));
}

/* An Intel machine that was booted without intel_iommu=on. */
static void
no_iommu(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/sys", root);
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	put_device(NIC, "0x020000", "e1000e");
	put("", "/sys/bus/pci/devices/" NIC "/net/eth0/flags");
	put("", "/sys/firmware/acpi/tables/DMAR");
	put("quiet", "/proc/cmdline");
	CU_ASSERT_EQUAL(run(""), 1);
	CU_ASSERT_TRUE(says("IOMMU        none\n"));
	CU_ASSERT_TRUE(says("missing: no IOMMU: the firmware has a VT-d, but the kernel does not use it\n"
			    "    -> add intel_iommu=on to the kernel's command line"));
	CU_ASSERT_TRUE(says("e1000e (eth0), node 0, no IOMMU group\n"));
	CU_ASSERT_TRUE(says("missing: no device is bound to a VFIO driver\n    -> `sudo modprobe vfio-pci && "
			    "sudo dpdk-devbind.py -b vfio-pci " NIC "`, for example, which ends the interface "
			    "eth0\n"));
	CU_ASSERT_TRUE(says("missing: no hugepages are reserved\n    -> `sudo dpdk-hugepages.py -r 1G` on each "
			    "node, or `sudo hugeadm --pool-pages-min DEFAULT:1G` on all together\n"));
	CU_ASSERT_TRUE(says("3 things are missing\n"));

	put("quiet iommu=off", "/proc/cmdline");
	CU_ASSERT_EQUAL(run(""), 1);
	CU_ASSERT_TRUE(says("no IOMMU: it is switched off with iommu=off\n    -> take iommu=off from the "
			    "kernel's command line (/etc/default/grub, then `sudo update-grub`)"));
	snprintf(path, sizeof(path), "%s/sys/firmware/acpi/tables/DMAR", root);
	unlink(path);
	put("quiet", "/proc/cmdline");
	CU_ASSERT_EQUAL(run("--json"), 1);
	CU_ASSERT_TRUE(member_is("well", "false"));
	CU_ASSERT_TRUE(member_is("problems/0/what", "\"no IOMMU\""));

	/* Bound to a VFIO driver, as VFIO does without an IOMMU. */
	put_driver(NIC, "vfio-pci");
	put_group(NIC, 0, NULL, "");
	put("vfio-noiommu", "/sys/kernel/iommu_groups/0/name");
	CU_ASSERT_EQUAL(run("-a " NIC), 1);
	CU_ASSERT_TRUE(says("missing: no IOMMU\n"));
	CU_ASSERT_TRUE(says("missing: " NIC ": no IOMMU translates for it\n"));
}

static void
not_viable(void)
{
	put_device(SECOND, "0x010802", "nvme");
	put_group(SECOND, 1, "dmar0", "0x00000000fee00000 0x00000000feefffff msi");
	put_device("0000:00:01.0", "0x060400", "pcieport");
	put_group("0000:00:01.0", 1, "dmar0", "0x00000000fee00000 0x00000000feefffff msi");
	CU_ASSERT_EQUAL(run(""), 1);
	CU_ASSERT_TRUE(says("group 1 not viable: " SECOND " on nvme, dmar0"));
	CU_ASSERT_TRUE(says("missing: " NIC ": its IOMMU group 1 is not viable: it has " SECOND " on nvme\n"
			    "    -> `sudo dpdk-devbind.py -b vfio-pci " SECOND "`, or `sudo dpdk-devbind.py -u "
			    SECOND "`\n"));
	CU_ASSERT_EQUAL(run("-j"), 1);
	CU_ASSERT_TRUE(member_is("devices/0/viable", "false"));
	CU_ASSERT_TRUE(member_is("devices/0/usable", "false"));
	/* Only network devices are listed by default. */
	CU_ASSERT_PTR_NULL(member("devices/1"));
	CU_ASSERT_EQUAL(run("-j -s storage"), 1);
	CU_ASSERT_TRUE(member_is("devices/1/device", "\"" SECOND "\""));
	put_driver(SECOND, "vfio-pci");
	CU_ASSERT_EQUAL(run(""), 0);
}

/* The interface of a virtio NIC does not belong to the PCI device itself. */
static void
interfaces(void)
{
	put_device(NIC, "0x020000", "virtio-pci");
	put("", "/sys/bus/pci/devices/" NIC "/virtio0/net/eth0/flags");
	put("0x1af4", "/sys/bus/pci/devices/" NIC "/virtio0/vendor");
	/* Interfaces of other devices: of its physical function, and behind a bridge. */
	put("", "/sys/bus/pci/devices/somewhere/physfn/net/eth1/flags");
	put_link("physfn", "/sys/bus/pci/devices/" NIC "/physfn");
	put("", "/sys/bus/pci/devices/" NIC "/0000:01:00.0/net/eth2/flags");
	put("0x020000", "/sys/bus/pci/devices/" NIC "/0000:01:00.0/class");
	CU_ASSERT_EQUAL(run(""), 1);
	CU_ASSERT_TRUE(says("virtio-pci (eth0), node 0"));
	CU_ASSERT_TRUE(says("`sudo dpdk-devbind.py -b vfio-pci " NIC "`, for example, which ends the interface "
			    "eth0\n"));
	CU_ASSERT_EQUAL(run("-a " NIC), 1);
	CU_ASSERT_TRUE(says("-> `sudo dpdk-devbind.py -b vfio-pci " NIC "`, which ends the interface eth0\n"));
	root_user = true;
	CU_ASSERT_EQUAL(run("-a " NIC), 1);
	CU_ASSERT_TRUE(says("-> `dpdk-devbind.py -b vfio-pci " NIC "`, which ends the interface eth0\n"));
	/* A device that is not in use is the better example. */
	put_device(SECOND, "0x020000", NULL);
	put_group(SECOND, 2, "dmar0", "");
	CU_ASSERT_EQUAL(run(""), 1);
	CU_ASSERT_TRUE(says("-> `dpdk-devbind.py -b vfio-pci " SECOND "`, for example\n"));
}

/* A group of many devices: all of them are named. */
static void
large_group(void)
{
	char address[16], *all = NULL, *list = NULL;

	for (unsigned int i = 0; i < 60; i++) {
		snprintf(address, sizeof(address), "0000:00:%02u.0", i + 10);
		put_device(address, "0x010802", "nvme");
		put_group(address, 1, "dmar0", "0x00000000fee00000 0x00000000feefffff msi");
		info_append(&all, "%s%s", i == 0 ? "" : " ", address);
		info_append(&list, "%s%s on nvme", i == 0 ? "" : ", ", address);
	}
	info_append(&all, "`, or `sudo dpdk-devbind.py -u %s`\n", all);
	info_append(&list, "\n");
	CU_ASSERT_EQUAL(run(""), 1);
	CU_ASSERT_TRUE(says(all));
	CU_ASSERT_TRUE(says(list));
	free(all);
	free(list);
}

static void
no_permission(void)
{
	forbidden = "/dev/vfio/devices/vfio0";
	CU_ASSERT_EQUAL(run(""), 1);
	CU_ASSERT_TRUE(says("missing: " NIC ": joe may not open /dev/vfio/devices/vfio0\n    -> `sudo chown "
			    "joe /dev/vfio/devices/vfio0`; for good a udev rule: "
			    "SUBSYSTEM==\"vfio-dev\", OWNER=\"joe\"\n"));
	/* With the package's udev rules, and without. */
	joinable = true;
	theirs = forbidden;
	CU_ASSERT_EQUAL(run(""), 1);
	CU_ASSERT_TRUE(says("\n    -> `sudo usermod -aG vfio joe`, then log in again\n"));
	theirs = NULL;
	CU_ASSERT_EQUAL(run(""), 1);
	CU_ASSERT_TRUE(says("-> `sudo usermod -aG vfio joe`, then log in again; `sudo chown :vfio "
			    "/dev/vfio/devices/vfio0 && sudo chmod 660 /dev/vfio/devices/vfio0`; for good a udev rule: "
			    "SUBSYSTEM==\"vfio-dev\", GROUP=\"vfio\", MODE=\"0660\"\n"));
	joinable = false;
	/* The plugin falls back to type1, which opens the group. */
	forbidden = "/dev/iommu";
	model.iommu_error = -EACCES;
	CU_ASSERT_EQUAL(run(""), 0);
	CU_ASSERT_TRUE(says("the plugin takes type1\n"));
	CU_ASSERT_TRUE(says(", /dev/vfio/1, cdev /dev/vfio/devices/vfio0\n"));
	CU_ASSERT_TRUE(says("IOMMU_IOAS_MAP_FILE: not known without iommufd\n"));
	CU_ASSERT_TRUE(says("note: backend iommufd: no permission to open /dev/iommu\n    -> `sudo chown joe "
			    "/dev/iommu`; for good a udev rule: KERNEL==\"iommu\""));
	model.container_error = -EACCES;
	CU_ASSERT_EQUAL(run("--json"), 1);
	CU_ASSERT_TRUE(member_is("backend", "null"));
	CU_ASSERT_TRUE(member_is("problems/1/what",
				 "\"backend type1: no permission to open /dev/vfio/vfio\""));
}

static void
no_iommufd(void)
{
	missing = "/dev/iommu";
	model.iommu_error = -ENOENT;
	CU_ASSERT_EQUAL(run(""), 0);
	CU_ASSERT_TRUE(says("Backends     iommufd  no: /dev/iommu does not exist\n"));
	CU_ASSERT_TRUE(says("note: backend iommufd: /dev/iommu does not exist\n    -> `sudo modprobe iommufd`\n"));
	put("CONFIG_X=y\n# CONFIG_IOMMUFD is not set", "/boot/config-6.12.0");
	CU_ASSERT_EQUAL(run(""), 0);
	CU_ASSERT_TRUE(says("-> a kernel with CONFIG_IOMMUFD (/boot/config-6.12.0 is without)\n"));
	model.container_error = -ENOENT;
	CU_ASSERT_EQUAL(run(""), 1);
	CU_ASSERT_TRUE(says("missing: backend iommufd: /dev/iommu does not exist\n"));
	CU_ASSERT_TRUE(says("the plugin takes none\n"));
}

static void
no_cdevs(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/sys/bus/pci/devices/" NIC "/vfio-dev/vfio0/dev", root);
	unlink(path);
	CU_ASSERT_EQUAL(run(""), 0);
	CU_ASSERT_TRUE(says(", /dev/vfio/1\n"));
	CU_ASSERT_TRUE(says("note: devices have no character devices"));
}

static void
features(void)
{
	model.map_file = true;
	put("Character devices:\n241 vfio", "/proc/devices");
	CU_ASSERT_EQUAL(run("-j"), 0);
	CU_ASSERT_TRUE(member_is("features", "{\"cdevs\":false,\"map_file\":true,\"change_process\":true,"
				 "\"dirty_tracking\":null,\"userfaultfd\":true}"));
	CU_ASSERT_EQUAL(run("-j --try"), 0);
	CU_ASSERT_TRUE(member_is("features/dirty_tracking", "false"));
	model.dirty_tracking = true;
	CU_ASSERT_EQUAL(run("--try"), 0);
	CU_ASSERT_TRUE(says("Features     VFIO character devices: no\n"
			    "             IOMMU_IOAS_MAP_FILE: yes\n"
			    "             IOMMU_IOAS_CHANGE_PROCESS: yes\n"
			    "             dirty tracking: yes\n"
			    "             userfaultfd, which follows memory that EAL does not own: yes\n"));
	userfaultfd_error = -EPERM;
	CU_ASSERT_EQUAL(run("-j"), 0);
	CU_ASSERT_TRUE(member_is("features/userfaultfd", "false"));
	userfaultfd_error = 0;
	model.iommu_error = -ENOENT;
	CU_ASSERT_EQUAL(run("-j --try"), 0);
	CU_ASSERT_TRUE(member_is("features", "{\"cdevs\":false,\"map_file\":null,\"change_process\":null,"
				 "\"dirty_tracking\":null,\"userfaultfd\":true}"));
}

/* Regions that are reserved for several reasons, regions that are not mandatory, and the end. */
static void
usable_iovas(void)
{
	put("0x0000000000001000 0x0000000000002fff direct-relaxable\n"
	    "0x0000000000010000 0x000000000003ffff direct\n"
	    "0x0000000000020000 0x0000000000020fff reserved\n"
	    "0x00000000fee00000 0x00000000feefffff msi\n"
	    "0x000000fd00000000 0x000000ffffffffff reserved",
	    "/sys/kernel/iommu_groups/1/reserved_regions");
	CU_ASSERT_EQUAL(run(""), 0);
	CU_ASSERT_TRUE(says("usable 0x0-0xffff, 0x40000-0xfedfffff, 0xfef00000-0x7fffffffff\n"));
	put("0x0000000000000000 0x000000007fffffff reserved\n0x0000007f00000000 0xffffffffffffffff reserved",
	    "/sys/kernel/iommu_groups/1/reserved_regions");
	CU_ASSERT_EQUAL(run(""), 0);
	CU_ASSERT_TRUE(says("usable 0x80000000-0x7effffffff\n"));
	/* Arm does not report its width. */
	put_link("smmu3.0x0000000009050000", "/sys/bus/pci/devices/" NIC "/iommu");
	CU_ASSERT_EQUAL(run("-j"), 0);
	CU_ASSERT_TRUE(member_is("devices/0/ranges", "null"));
	CU_ASSERT_EQUAL(run(""), 0);
	CU_ASSERT_PTR_NULL(strstr(text, "usable"));
}

static void
power(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/sys/class", root);
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	put("ppc64le", "/proc/sys/kernel/arch");
	model.spapr = GIB(1);
	CU_ASSERT_EQUAL(run(""), 0);
	CU_ASSERT_TRUE(says("Machine      Linux 6.12.0, ppc64le, user joe\n"));
	CU_ASSERT_TRUE(says("IOMMU        of the platform"));
	CU_ASSERT_TRUE(says("iommufd  no: iommufd cannot translate for devices on POWER\n"));
	CU_ASSERT_TRUE(says("the plugin takes spapr\n"));
	CU_ASSERT_TRUE(says(", /dev/vfio/1, cdev /dev/vfio/devices/vfio0\n"));
	CU_ASSERT_PTR_NULL(strstr(text, "note:"));
	memlock = MIB(79);
	CU_ASSERT_EQUAL(run("-m 64"), 1);
	CU_ASSERT_TRUE(says("missing: RLIMIT_MEMLOCK is 79 MiB, 80 MiB are needed\n"));
	memlock = MIB(80);
	CU_ASSERT_EQUAL(run("-m 64"), 0);
}

static void
iommu_models(void)
{
	put("246577efa2254afa:0", "/sys/class/iommu/ivhd0/amd-iommu/features");
	put("246577efa22540fa:0", "/sys/class/iommu/ivhd1/amd-iommu/features");
	put("", "/sys/class/iommu/smmu3.0x0000000009050000/devices/" NIC);
	put_link("virtio-pci", "/sys/class/iommu/0000:00:01.0/device/driver");
	put("", "/sys/class/iommu/iommu-phb0000/devices/" NIC);
	put("", "/sys/class/iommu/iommufd_selftest_iommu.0/devices/" NIC);
	/* 57 bits by the chip, 48 by its tables. */
	put("380406", "/sys/class/iommu/dmar1/intel-iommu/cap");
	CU_ASSERT_EQUAL(run(""), 0);
	CU_ASSERT_TRUE(says("dmar1: Intel VT-d, 48 bits, 0 devices\n"));
	CU_ASSERT_TRUE(says("ivhd0: AMD-Vi, 64 bits"));
	CU_ASSERT_TRUE(says("ivhd1: AMD-Vi, 48 bits"));
	CU_ASSERT_TRUE(says("smmu3.0x0000000009050000: Arm SMMUv3, its bits show with a device attached (--try)"));
	CU_ASSERT_TRUE(says("0000:00:01.0: virtio-iommu, "));
	CU_ASSERT_TRUE(says("iommu-phb0000: POWER TCE, "));
	CU_ASSERT_PTR_NULL(strstr(text, "selftest"));
}

static void
hugepages(void)
{
	CU_ASSERT_EQUAL(run("-m 912"), 0);
	CU_ASSERT_TRUE(says("this configuration will map\n"));
	CU_ASSERT_EQUAL(run("-m 913"), 1);
	CU_ASSERT_TRUE(says("missing: hugepages: 913 MiB are needed, 912 MiB are free\n    -> "
			    "`sudo dpdk-hugepages.py -p 2M -n 0 -r 514M`, or `sudo hugeadm --pool-pages-min "
			    "2MB:+1`\n"));
	/* On the node of the device. */
	put("1", "/sys/bus/pci/devices/" NIC "/numa_node");
	CU_ASSERT_EQUAL(run("-m 920"), 1);
	CU_ASSERT_TRUE(says("`sudo dpdk-hugepages.py -p 2M -n 1 -r 520M`, or"));
	CU_ASSERT_EQUAL(run("-m 900 --grow 20"), 1);
	CU_ASSERT_TRUE(says("920 MiB are needed, 912 MiB are free\n"));
	CU_ASSERT_EQUAL(run("--socket-mem 400,512"), 0);
	CU_ASSERT_EQUAL(run("--socket-mem 402,0"), 1);
	CU_ASSERT_TRUE(says("missing: hugepages: 402 MiB are needed on node 0, 400 MiB are free\n    -> "
			    "`sudo dpdk-hugepages.py -p 2M -n 0 -r 514M`\n"));
	/* Pages that a remedy adds to the nodes are not missing in the total. */
	CU_ASSERT_EQUAL(run("--socket-mem 500,600"), 1);
	CU_ASSERT_TRUE(says("`sudo dpdk-hugepages.py -p 2M -n 0 -r 612M`\n"));
	CU_ASSERT_TRUE(says("`sudo dpdk-hugepages.py -p 2M -n 1 -r 600M`\n"));
	CU_ASSERT_TRUE(says("\n2 things are missing\n"));
	CU_ASSERT_EQUAL(run("--socket-mem 500,600 --grow 2"), 1);
	CU_ASSERT_TRUE(says("1102 MiB are needed, 912 MiB are free\n    -> `sudo dpdk-hugepages.py -p 2M -n 1 -r "
			    "602M`"));
	CU_ASSERT_EQUAL(run("-m 512 --page-size 1G"), 1);
	CU_ASSERT_TRUE(says("512 MiB are needed, 0 MiB are free in pages of 1 GiB\n    -> `sudo dpdk-hugepages.py "
			    "-p 1G -n 1 -r 1G`, or `sudo hugeadm --pool-pages-min 1GB:+1`; where memory is "
			    "fragmented"));
	CU_ASSERT_EQUAL(run("-m 512 --page-size 64K"), 1);
	CU_ASSERT_TRUE(says("missing: this machine has no hugepages of 64 KiB\n    -> --page-size 2M, or"));
	CU_ASSERT_EQUAL(run("-m 512 --page-size 2M"), 0);
	mounted = NULL;
	CU_ASSERT_EQUAL(run(""), 1);
	CU_ASSERT_TRUE(says("missing: no hugetlbfs is mounted that joe may write to\n    -> `sudo mkdir -p "
			    "/dev/hugepages-2M && sudo mount -t hugetlbfs -o pagesize=2M,mode=1777 nodev "
			    "/dev/hugepages-2M`, or `sudo hugeadm --create-user-mounts=joe`; DPDK's"));
	put("proc /proc proc rw 0 0\nnodev /mnt/huge-1g hugetlbfs rw,pagesize=1024M 0 0\n"
	    "hugetlbfs /dev/hugepages hugetlbfs rw,relatime,pagesize=2M 0 0", "/proc/mounts");
	CU_ASSERT_EQUAL(run(""), 1);
	CU_ASSERT_TRUE(says("may write to\n    -> `sudo chmod 1777 /dev/hugepages`; for good mode=1777"));
	n_page_sizes = 0;
	CU_ASSERT_EQUAL(run("-m 64 --page-size 2M"), 1);
	CU_ASSERT_TRUE(says("missing: the kernel has no hugepages\n    -> a kernel with CONFIG_HUGETLBFS"));
	CU_ASSERT_TRUE(says("\n1 thing is missing\n"));
}

static void
memlock_limits(void)
{
	memlock = MIB(8);
	CU_ASSERT_EQUAL(run(""), 0);
	CU_ASSERT_TRUE(says("Memlock      8 MiB\n"));
	CU_ASSERT_TRUE(says("note: RLIMIT_MEMLOCK lets joe map 8 MiB, of 912 MiB of free hugepages\n    -> "
			    "`dpdk-ioas-info -m MB` says"));
	CU_ASSERT_EQUAL(run("-m 256"), 1);
	CU_ASSERT_TRUE(says("missing: RLIMIT_MEMLOCK is 8 MiB, 256 MiB are needed\n"));
	CU_ASSERT_TRUE(says("-> `sudo prlimit --pid $$ --memlock=268435456`; for good: \"joe - memlock 262144\" in "
			    "/etc/security/limits.conf, or LimitMEMLOCK=256M"));
	memlock_hard = MIB(256);
	CU_ASSERT_EQUAL(run("-m 256"), 1);
	CU_ASSERT_TRUE(says("-> `ulimit -l 262144`; for good:"));
	memlock_hard = 0;
	CU_ASSERT_EQUAL(run("-m 8"), 0);
	put("CapEff:\t0000000000004000", "/proc/self/status");
	CU_ASSERT_EQUAL(run("-m 256"), 0);
	CU_ASSERT_TRUE(says("Memlock      no limit for this user (CAP_IPC_LOCK)\n"));
	put_link("user:[4026531837]", "/proc/self/ns/user");
	CU_ASSERT_EQUAL(run("-m 256"), 0);
	/* The kernel ignores a capability in another user namespace. */
	put_link("user:[4026532281]", "/proc/self/ns/user");
	CU_ASSERT_EQUAL(run("-m 256"), 1);
	CU_ASSERT_TRUE(says("Memlock      8 MiB\n"));
}

static void
type1_maps(void)
{
	model.iommu_error = -ENOENT;
	put("300", "/sys/module/vfio_iommu_type1/parameters/dma_entry_limit");
	CU_ASSERT_EQUAL(run("-m 900"), 0);
	CU_ASSERT_EQUAL(run("-m 200 --grow 640"), 1);
	CU_ASSERT_TRUE(says("missing: type1 takes 300 maps, and memory that grows is one a page: 322\n"));
	CU_ASSERT_TRUE(says("-> preallocate it (-m), use larger pages, or `echo 65536 | sudo tee /sys/module/"));
	model.iommu_error = 0;
	CU_ASSERT_EQUAL(run("-m 200 --grow 640"), 0);
}

static void
apertures(void)
{
	/* 32 bits with a hole at 3 GiB: 4 GiB minus 1 MiB in two parts. */
	put("1f0206", "/sys/class/iommu/dmar0/intel-iommu/cap");
	put("0x00000000c0000000 0x00000000c00fffff msi", "/sys/kernel/iommu_groups/1/reserved_regions");
	put_pages(1, "2048kB", "8192", "8192");
	CU_ASSERT_EQUAL(run("-m 3072 --grow 1022"), 0);
	CU_ASSERT_EQUAL(run("-m 3073"), 1);
	CU_ASSERT_TRUE(says("missing: " NIC ": 3073 MiB are needed, it has 4095 MiB of IOVAs, 3072 MiB of them "
			    "contiguous\n"));
	CU_ASSERT_EQUAL(run("-m 3072 --grow 1024"), 1);
}

static void
devices(void)
{
	put_device(SECOND, "0x020000", "ixgbe");
	put_group(SECOND, 2, "dmar0", "");
	CU_ASSERT_EQUAL(run(""), 0);
	CU_ASSERT_EQUAL(run("-a 00:03.0"), 1);
	CU_ASSERT_TRUE(says("missing: " SECOND ": bound to ixgbe, not to a VFIO driver\n    -> `sudo dpdk-devbind.py "
			    "-b vfio-pci " SECOND "`\n"));
	CU_ASSERT_EQUAL(run("-a " NIC), 0);
	CU_ASSERT_EQUAL(run("-a " NIC " -a 0000:7f:00.1"), 1);
	CU_ASSERT_TRUE(says("missing: 0000:7f:00.1: there is no such device\n"));
	put_driver(NIC, "e1000e");
	CU_ASSERT_EQUAL(run("--json"), 1);
	CU_ASSERT_TRUE(member_is("problems/0/what", "\"no device is bound to a VFIO driver\""));
}

static void
tries(void)
{
	CU_ASSERT_EQUAL(run("--try -m 256"), 0);
	CU_ASSERT_TRUE(says("Tried        attached; IOVAs 0x0-0xfedfffff, 0xfef00000-0x7fffffffff\n"));
	CU_ASSERT_TRUE(says("             256 MiB mapped in 1 map, and unmapped\n"));
	CU_ASSERT_TRUE(says("this configuration maps: tried\n"));
	CU_ASSERT_EQUAL(model_attached(), 0);
	CU_ASSERT_EQUAL(model_pinned(), 0);
	CU_ASSERT_EQUAL(run("--try --json"), 0);
	CU_ASSERT_TRUE(member_is("tried/attached", "true"));
	CU_ASSERT_TRUE(member_is("tried/mapped", "false"));
	CU_ASSERT_TRUE(member_is("tried/ranges/0", "{\"first\":\"0x0\",\"last\":\"0xfedfffff\"}"));

	nic_model->holder = MODEL_HELD_BY_CDEV;
	CU_ASSERT_EQUAL(run("--try -m 256"), 1);
	CU_ASSERT_TRUE(says("missing: tried: " NIC ": it is in use, by another process"));
	nic_model->holder = MODEL_HELD_BY_NOBODY;
	model.memlock = MIB(16);
	CU_ASSERT_EQUAL(run("--try -m 256"), 1);
	CU_ASSERT_TRUE(says("missing: tried: "));
	model.memlock = UINT64_MAX;
	memory = false;
	CU_ASSERT_EQUAL(run("--try -m 256"), 1);
	CU_ASSERT_TRUE(says("missing: tried: cannot allocate 256 MiB of hugepages: Cannot allocate memory\n    -> "
			    "`sudo dpdk-hugepages.py -p 2M -n 0 -r 768M`, or `sudo hugeadm --pool-pages-min "
			    "2MB:+128`, for others have reserved what is free; or"));
	CU_ASSERT_EQUAL(run("--try -m 4096"), 1);
	CU_ASSERT_TRUE(says("note: not tried: something is missing\n"));
	CU_ASSERT_EQUAL(model_open_files(), 0);
}

/* Replaces libc's function: no user has a name. */
struct passwd *
getpwuid(uid_t uid)
{
	(void)uid;
	return NULL;
}

static void
user_without_name(void)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", geteuid());
	CU_ASSERT_STRING_EQUAL(on_this_machine->user(), number);
}

static void
wrong_options(void)
{
	static const char *const wrong[] = {
		"--none", "-m", "-m 0x10", "-m -1", "-m 99999999999999999999", "-a here", "-a 00:04",
		"--page-size 3X", "--page-size 0", "--socket-mem 1,,2", "--status-dev disk", "more",
	};

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CU_ASSERT_EQUAL(run(wrong[i]), 2);
		CU_ASSERT_EQUAL(text[0], '\0');
		CU_ASSERT_PTR_NOT_NULL(strstr(error, INFO_NAME ": "));
	}
	CU_ASSERT_EQUAL(run("--help"), 0);
	CU_ASSERT_TRUE(says("Usage: " INFO_NAME " [options]\n"));
}

static void
colours(void)
{
	const int master = posix_openpt(O_RDWR | O_NOCTTY);
	FILE *const file = tmpfile();
	FILE *terminal;

	CU_ASSERT_TRUE_FATAL(master >= 0 && file != NULL && grantpt(master) == 0 && unlockpt(master) == 0);
	terminal = fopen(ptsname(master), "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(terminal);
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	CU_ASSERT_STRING_EQUAL(colour(terminal, RED), "\033[31m");
	CU_ASSERT_STRING_EQUAL(colour(file, RED), "");
	setenv("TERM", "dumb", 1);
	CU_ASSERT_STRING_EQUAL(colour(terminal, RED), "");
	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	CU_ASSERT_STRING_EQUAL(colour(terminal, RED), "");
	fclose(terminal);
	fclose(file);
	close(master);
}

#define ON_A_MACHINE(test)                                                               \
	static void                                                                      \
	run_##test(void)                                                                 \
	{                                                                                \
		machine_start();                                                         \
		test();                                                                  \
		machine_end();                                                           \
	}

ON_A_MACHINE(all_is_well)
ON_A_MACHINE(no_iommu)
ON_A_MACHINE(not_viable)
ON_A_MACHINE(interfaces)
ON_A_MACHINE(large_group)
ON_A_MACHINE(no_permission)
ON_A_MACHINE(no_iommufd)
ON_A_MACHINE(no_cdevs)
ON_A_MACHINE(features)
ON_A_MACHINE(usable_iovas)
ON_A_MACHINE(power)
ON_A_MACHINE(iommu_models)
ON_A_MACHINE(hugepages)
ON_A_MACHINE(memlock_limits)
ON_A_MACHINE(type1_maps)
ON_A_MACHINE(apertures)
ON_A_MACHINE(devices)
ON_A_MACHINE(tries)
ON_A_MACHINE(user_without_name)
ON_A_MACHINE(wrong_options)

UNIT_MAIN("info",
	  { "all is well", run_all_is_well },
	  { "no IOMMU", run_no_iommu },
	  { "a group that is not viable", run_not_viable },
	  { "interfaces", run_interfaces },
	  { "a group of many devices", run_large_group },
	  { "no permission", run_no_permission },
	  { "a kernel without iommufd", run_no_iommufd },
	  { "a kernel without character devices", run_no_cdevs },
	  { "features", run_features },
	  { "usable IOVAs", run_usable_iovas },
	  { "POWER", run_power },
	  { "IOMMUs", run_iommu_models },
	  { "hugepages", run_hugepages },
	  { "RLIMIT_MEMLOCK", run_memlock_limits },
	  { "the limit of maps", run_type1_maps },
	  { "apertures", run_apertures },
	  { "devices", run_devices },
	  { "attempts", run_tries },
	  { "a user without a name", run_user_without_name },
	  { "wrong options", run_wrong_options },
	  { "colours", colours })
