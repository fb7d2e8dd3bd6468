#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Lists the drivers of the installed DPDK that demand IOVA=VA.
set -euo pipefail
. "$(dirname "$0")/common.sh"

usage() {
	cat <<EOF
usage: devtools/va-drivers.sh [-h]

Prints "DRIVER LIBRARY" for each driver of the DPDK that is installed here (22.11) that demands IOVAs
equal to virtual addresses: RTE_PCI_DRV_NEED_IOVA_AS_VA, RTE_VDEV_DRV_NEED_IOVA_AS_VA. The flags are
read when the drivers register themselves; nothing is initialised.
EOF
}

case ${1-} in -h | --help) usage; exit 0 ;; esac
case $(pkg-config --modversion libdpdk) in
22.11*) ;;
*) die "how drivers register is known of DPDK 22.11, not of $(pkg-config --modversion libdpdk)" ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Stands in front of the functions that drivers register themselves with. The public headers do not
# have the structures: these are their beginnings as they are in 22.11.
cat >"$work/register.c" <<'EOF'
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>

#define DRIVER void *links[4]; const char *name, *alias; void *functions[4]
struct pci { DRIVER; void *ids; uint32_t flags; };
struct vdev { DRIVER; uint32_t flags; };

static void
show(const void *driver, const char *name)
{
	Dl_info info;

	if (dladdr(driver, &info) != 0)
		printf("%s %s\n", name, info.dli_fname);
}

void
rte_pci_register(struct pci *driver)
{
	if ((driver->flags & 0x40) != 0)
		show(driver, driver->name);
}

void
rte_vdev_register(struct vdev *driver)
{
	if ((driver->flags & 0x1) != 0)
		show(driver, driver->name);
}
EOF
cat >"$work/load.c" <<'EOF'
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (dlopen(argv[i], RTLD_LAZY | RTLD_GLOBAL) == NULL) {
			fprintf(stderr, "%s\n", dlerror());
			return 1;
		}
	}
	fflush(stdout);
	_exit(0);
}
EOF
gcc -D_GNU_SOURCE -shared -fPIC -o "$work/register.so" "$work/register.c"
gcc -o "$work/load" "$work/load.c"
LD_PRELOAD=$work/register.so "$work/load" \
	"$(pkg-config --variable=libdir libdpdk)"/dpdk/pmds-*/librte_*.so.*.0 |
	sed 's|/.*/||; s|\.so.*||' | sort
