/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_H
#define IOAS_H

/**
 * @file
 * I/O address spaces for user-space drivers.
 *
 * An I/O address space (IOAS) translates what a device puts on the bus (an IOVA) into memory. This
 * library creates one, attaches VFIO devices to it, maps memory so that the kernel chooses the
 * IOVA, and answers "which IOVA has this address" without a lock or a system call.
 *
 * Words: an *area* is what one map call made and one unmap call takes away; the kernel cannot
 * split it. Memory of an area that the process gives back (ioas_forget_begin()) is not found any more; the area
 * stays until its last page has gone. The *aperture* is all the IOVAs that every attached device and its IOMMU can use; the
 * holes in it are *reserved regions* (an MSI window, for example). All lengths are in bytes;
 * a range is given by its first and its last byte, both inclusive.
 *
 * Errors: functions that return int give 0 or a positive count for success and a negative errno
 * otherwise; then the space is as it was before the call, and a line that names the cause and the
 * remedy has gone to the log function.
 *
 * Threads: every function may be called from any thread. Those that take a struct ioas_table take no
 * lock and never wait; those of which it is said ("no lock") take none either; the others serialise on one
 * lock a space (one for all that follow the same one), but for the time in which ioas_attach() has a
 * character device opened. From a signal handler or the log function only those with a struct ioas_table may
 * be called. What ends a space or a device (ioas_destroy(), ioas_detach()) must be the last call for it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The answer of a lookup for an address that is not mapped. No IOVA has this value: the last page of IOVAs is
 * never used. */
#define IOAS_BAD_IOVA UINT64_MAX

struct ioas;
struct ioas_device;
struct iovec;            /* <sys/uio.h> */
struct vfio_device_info; /* <linux/vfio.h> */

/** How grave a log line is; the order and the meaning are those of syslog and of DPDK. */
enum ioas_log_level {
	IOAS_LOG_ERR,     /**< A call failed: cause and remedy. */
	IOAS_LOG_WARNING, /**< It works, but not as asked. */
	IOAS_LOG_INFO,    /**< What was chosen and why. */
	IOAS_LOG_DEBUG,   /**< Every map, unmap, attach and detach. */
};

/**
 * Takes one line for the log. Of threads that attach devices at once several may call it at a time.
 *
 * @param level How grave it is.
 * @param line  The text, without a line feed. Valid during the call only.
 * @param arg   ioas_options.log_arg.
 */
typedef void (*ioas_log_fn)(enum ioas_log_level level, const char *line, void *arg);

/** A range of IOVAs, both ends inclusive. */
struct ioas_range {
	uint64_t first; /**< The first byte. */
	uint64_t last;  /**< The last byte. */
};

/** A descriptor that the caller has opened, for processes that must not open nodes themselves. */
struct ioas_descriptor {
	/** The node that it is of: "/dev/iommu", "/dev/vfio/vfio", "/dev/vfio/N" (a group),
	 * "/dev/vfio/devices/vfioN"; or a PCI address, for the character device of that device. */
	const char *name;
	/** Open for reading and writing. */
	int fd;
};

/** How a space is to be. Zeroed members mean the default. */
struct ioas_options {
	/** sizeof(struct ioas_options), so that later versions can add members. */
	size_t size;
	/** "iommufd" (/dev/iommu), "spapr" (the DMA windows of POWER), "type1" (VFIO's own container,
	 * /dev/vfio/vfio), or "auto" (also NULL): the first of these that works here; why others do
	 * not is logged. */
	const char *backend;
	/** Where chosen IOVAs may lie. Both 0: in the whole aperture. */
	struct ioas_range window;
	/** Where log lines go. NULL: nowhere. */
	ioas_log_fn log;
	/** Given back to @ref log. */
	void *log_arg;
	/** The NUMA nodes whose threads look up: each gets a replica of the table in its own memory.
	 * NULL: the nodes whose CPUs this process may run on. */
	const int *nodes;
	/** How many @ref nodes there are. */
	unsigned int n_nodes;
	/** Descriptors to be used in place of opening the nodes. They stay the caller's, open, until
	 * the space is destroyed; the library works with duplicates. A device whose character device
	 * was handed in stays bound to the iommufd until the caller closes it. Several spaces, also of
	 * several processes, may have the same /dev/iommu; then only this library may use
	 * IOMMU_VFIO_IOAS_SET on it. */
	const struct ioas_descriptor *descriptors;
	/** How many @ref descriptors there are. */
	unsigned int n_descriptors;
	/** Another space that this one is to follow: what is mapped in that one, its devices reach as
	 * well, at the same IOVA where they can use it and it is free here, else at another one; what
	 * is mapped in this one, only its own devices reach. It has that memory from its first device
	 * on. The kernel pins it once, and unmapping it there takes it from all. IOVAs are chosen so
	 * that the devices of all these spaces can use them. Lookups in this space find what came
	 * first: what of memory is mapped in both is an alias, as with ioas_map_fixed().
	 *
	 * Takes backend iommufd. @ref backend, @ref window, @ref descriptors and @ref quarantine stay
	 * zero: they are those of the other space, which must not follow a third, and must be
	 * destroyed last. NULL: a space of its own. */
	struct ioas *follow;
	/** With @ref follow, memory that cannot have the IOVA that it has in the other space is
	 * refused (EADDRINUSE), by the map there, or by the attach here. */
	bool same_iova;
	/** Bytes that stay out of use after they were unmapped: their IOVAs are not chosen again until
	 * so much more was unmapped, so that a device that goes on writing to freed memory faults in
	 * place of writing into what got its IOVA. UINT64_MAX: they never are. What one call has
	 * unmapped stays out of use as a whole, because pages that come together again are to be
	 * contiguous: one call that unmaps more than this is held all the same, and up to one call more
	 * than this can be in quarantine. Where no other IOVAs are left the oldest come first, with a
	 * warning; a map that fails leaves the quarantine as it was. Beside memory that is not contiguous
	 * with its neighbour 64 KiB of IOVAs stay free then, for writes beyond the end. Costs IOVAs, and
	 * some 400 bytes of memory for each area in quarantine. IOVAs that callers name are not held
	 * back. A space that follows has the quarantine of the other. 0: none. */
	uint64_t quarantine;
};

/**
 * Create an empty address space.
 *
 * @param options How it is to be, or NULL for the defaults.
 * @param space   Where the new space goes.
 * @return 0, or
 *   -EINVAL   an option is wrong (unknown backend, window upside down or not page-aligned), or a
 *             descriptor that was handed in is of something else;
 *   -EBADF    a descriptor that was handed in is not open;
 *   -ENOENT   this kernel has no iommufd (Linux 6.2, CONFIG_IOMMUFD) or no VFIO container, or the
 *             module is not loaded;
 *   -EACCES   no permission to open /dev/iommu or /dev/vfio/vfio;
 *   -EOPNOTSUPP the VFIO container has no type1 IOMMU, or no sPAPR one; iommufd on POWER; the
 *             backend of the space to be followed has no further address spaces;
 *   -ENOMEM   no memory, or no address space for the lookup table (RLIMIT_AS).
 */
int ioas_create(const struct ioas_options *options, struct ioas **space);

/**
 * Detach what is attached, unmap what is mapped, free all. Cannot fail.
 *
 * No thread may look up in the space any more. Spaces that follow it must be destroyed before: else
 * it stays, and a line goes to the log function.
 *
 * @param space The space, or NULL.
 */
void ioas_destroy(struct ioas *space);

/**
 * Tell whether a device can be attached: whether it is bound to a VFIO driver and an IOMMU translates
 * for it. Reads sysfs only; no lock.
 *
 * @param name A PCI address or the path of the device's sysfs folder.
 * @return Whether it can; false also if there is no such device.
 */
bool ioas_device_is_usable(const char *name);

/**
 * Tell whether VFIO gives out a device although no IOMMU translates for it (VFIO's mode "noiommu"). Such
 * a device takes IOVAs for physical addresses: it must not get those of a space. Reads sysfs only; no lock.
 *
 * @param name A PCI address or the path of the device's sysfs folder.
 * @return Whether it does; true also if that cannot be read.
 */
bool ioas_device_is_untranslated(const char *name);

/** How a device is to be attached. Zeroed members mean the default. */
struct ioas_attach_options {
	/** sizeof(struct ioas_attach_options), so that later versions can add members. */
	size_t size;
	/** Attach through a hardware page table (HWPT) of its own, made with @ref hwpt_flags, in place
	 * of the one that the kernel picks. Backend iommufd, devices with a character device. */
	bool hwpt;
	/** IOMMU_HWPT_ALLOC_..., from <linux/iommufd.h>: dirty tracking, parent of a nested table, and
	 * what newer kernels have. The kernel refuses what the IOMMU lacks (EOPNOTSUPP). */
	uint32_t hwpt_flags;
	/** The VF token, the 16 bytes of a UUID in the order of its text: of an SR-IOV virtual function
	 * whose physical function is bound to vfio-pci, the one that this was opened with; of such a
	 * physical function, the one that its virtual functions are to have. Other devices do not mind
	 * it. For devices that are opened through their group. NULL: none. */
	const unsigned char *vf_token;
};

/**
 * Open a device, take it into possession and attach it to the space.
 *
 * The device must be bound to vfio-pci (or another VFIO driver). It is opened by its character device
 * /dev/vfio/devices/vfioN where it has one (Linux 6.6, CONFIG_VFIO_DEVICE_CDEV) and the backend is
 * iommufd, else through its IOMMU group /dev/vfio/N, which then belongs to this process with all its
 * devices. Attach devices before memory is mapped wherever possible: an attach fails if the device
 * reserves IOVAs that are in use.
 *
 * The kernel resets a device that it opens, which can take 100 ms: several devices are faster attached by
 * a thread each, where they have character devices; nobody else waits meanwhile.
 *
 * @param space  The space.
 * @param name   A PCI address ("0000:00:02.0") or the path of the device's sysfs folder, links and all.
 * @param options How it is to be attached, or NULL for the defaults.
 * @param device Where the handle goes.
 * @return 0, or
 *   -EINVAL     an option is wrong, another device of its IOMMU group is attached to another space, or the
 *               firmware demands a 1:1 mapping for it;
 *   -EOPNOTSUPP the backend, the kernel or the IOMMU has not what the options ask for;
 *   -ENODEV     there is no such device, or it is not bound to a VFIO driver;
 *   -ENOENT     bound, but no IOMMU translates for it;
 *   -EACCES     no permission to open the character device, or the group, or another VF token is
 *               wanted;
 *   -EBUSY      somebody else holds it or its group;
 *   -EPERM      another device of its group is bound to a kernel driver, or interrupts are not
 *               isolated;
 *   -EADDRINUSE the device reserves IOVAs that are mapped already;
 *   -ENOMEM     RLIMIT_MEMLOCK or memory is too small: what is mapped is pinned for the first device;
 *   -EEXIST     it is attached already, to this space or to one that has memory with it in common;
 *   others      what the kernel answered.
 */
int ioas_attach(struct ioas *space, const char *name, const struct ioas_attach_options *options,
		struct ioas_device **device);

/**
 * Attach a PASID of an attached device to its space: the DMA that the device tags with that number is
 * translated by the space as well.
 *
 * The kernel wants Linux 6.15, a device and an IOMMU that have PASIDs, and the device attached
 * through a HWPT made for them (IOMMU_HWPT_ALLOC_PASID in ioas_attach_options.hwpt_flags).
 *
 * @param device The handle.
 * @param pasid  The number, from 1 to 2^20 - 1.
 * @return 0, or
 *   -EINVAL     no such PASID;
 *   -EOPNOTSUPP the backend or the kernel knows no PASIDs;
 *   others      what the kernel answered.
 */
int ioas_attach_pasid(struct ioas_device *device, uint32_t pasid);

/**
 * Undo ioas_attach_pasid(). Detaching the device does so for all. Cannot fail.
 *
 * @param device The handle.
 * @param pasid  A number that was attached; any other does no harm.
 */
void ioas_detach_pasid(struct ioas_device *device, uint32_t pasid);

/**
 * Detach a device and close it. Memory stays mapped for the other devices and for later ones.
 *
 * The aperture grows to what the devices left allow; after the last one it stays as it is, so that
 * the device can come back to memory that was mapped meanwhile.
 *
 * @param device The handle, not valid any more afterwards. NULL: nothing happens.
 */
void ioas_detach(struct ioas_device *device);

/**
 * Find an attached device by name.
 *
 * @param space The space.
 * @param name  As for ioas_attach().
 * @return The handle, or NULL if no such device is attached.
 */
struct ioas_device *ioas_device_find(struct ioas *space, const char *name);

/**
 * Tell a device's open VFIO descriptor. No lock.
 *
 * @param device The handle.
 * @return The descriptor. It stays the library's: do not close it.
 */
int ioas_device_fd(const struct ioas_device *device);

/**
 * Tell a device's name. No lock.
 *
 * @param device The handle.
 * @return The name of the device's folder in sysfs, whatever link it was attached by: for PCI its address.
 *         Valid as long as the handle is.
 */
const char *ioas_device_name(const struct ioas_device *device);

/**
 * Ask the kernel about a device (VFIO_DEVICE_GET_INFO). No lock.
 *
 * @param device The handle.
 * @param info   Zeroed by the caller but for argsz, its size in bytes; filled by the kernel.
 * @return 0, or what the kernel answered (-EINVAL: argsz is too small).
 */
int ioas_device_info(const struct ioas_device *device, struct vfio_device_info *info);

/**
 * Map memory at an IOVA that the kernel chooses (or, through type1, the library by the same rules),
 * for devices to read and write.
 *
 * The memory becomes one area. Its IOVA is congruent to its address modulo the largest power of
 * two that fits into the length, up to 1 GiB, so that the IOMMU can use as large an entry as the
 * memory has pages; it is never 0, never equal to the address, lies in the aperture and the window,
 * and is contiguous.
 * While a device is attached the pages are pinned and counted against RLIMIT_MEMLOCK; while none
 * is, the kernel checks and pins nothing until the next attach.
 *
 * @param space  The space.
 * @param va     First byte, aligned to 4 KiB (to the page size of the IOMMU where that is larger).
 * @param length In bytes, not 0, aligned as well.
 * @param iova   Where the IOVA goes, or NULL.
 * @return 0, or
 *   -EINVAL    zero, misaligned or wrapping;
 *   -EEXIST    part of the memory is mapped already;
 *   -ERANGE    beyond 2^57, which no user address is;
 *   -ENOSPC    no free range of IOVAs that is long enough, or (type1) the kernel takes no more maps:
 *              65,535 by default, vfio_iommu_type1.dma_entry_limit;
 *   -ENOMEM    RLIMIT_MEMLOCK or memory is too small;
 *   -EFAULT    not readable and writable memory;
 *   -EADDRINUSE a space that follows, with ioas_options.same_iova, cannot have that IOVA;
 *   others     what the kernel answered.
 */
int ioas_map(struct ioas *space, void *va, uint64_t length, uint64_t *iova);

/**
 * Map memory at the IOVA that the caller names.
 *
 * Memory may be mapped at several IOVAs in this way. Memory of which any part is mapped already
 * becomes an alias, which lookups do not see: they give the first IOVA, as long as that is mapped.
 * The window does not bind fixed IOVAs, the aperture does.
 *
 * @param space  The space.
 * @param va     As for ioas_map().
 * @param length As for ioas_map().
 * @param iova   The IOVA, aligned to 4 KiB, not 0; the last page of IOVAs is not in the aperture.
 * @return 0, or as ioas_map(), and
 *   -EEXIST    another area has a part of these IOVAs;
 *   -EINVAL    outside the aperture, or in a reserved region.
 */
int ioas_map_fixed(struct ioas *space, void *va, uint64_t length, uint64_t iova);

/**
 * Tell whether ioas_map_fixed() could use a range of IOVAs: all of it lies in the aperture and none
 * in a reserved region. What is mapped there is not looked at.
 *
 * @param space  The space.
 * @param iova   First IOVA.
 * @param length In bytes.
 * @param hole   Where the first range that cannot be used and that it touches goes, or NULL: a
 *   reserved region, all that lies beyond the aperture (then last is UINT64_MAX), or page 0.
 * @return 0, or
 *   -EINVAL    zero length or wrapping;
 *   -ERANGE    part of it cannot be used (not logged).
 */
int ioas_check_fixed(struct ioas *space, uint64_t iova, uint64_t length, struct ioas_range *hole);

/**
 * Set another window for chosen IOVAs, for a device that reaches less than the IOMMU does. It holds
 * for maps and reservations from now on; what of an earlier reservation lies outside is not used any
 * more.
 *
 * @param space  The space; one that follows another shares its window.
 * @param window As ioas_options.window. Both 0: the whole aperture.
 * @return 0, or
 *   -EINVAL     upside down or not page-aligned;
 *   -ERANGE     no IOVA of it is usable by the devices that are attached;
 *   -EADDRINUSE memory is mapped at a chosen IOVA outside of it.
 */
int ioas_set_window(struct ioas *space, struct ioas_range window);

/**
 * Unmap all areas that lie in a range of addresses.
 *
 * Afterwards no IOVA leads into the range: aliases made by ioas_map_fixed() go too, and the copies in
 * spaces that follow this one. Parts of the range that are not mapped do no harm. Where this space
 * follows another, what came from there stays. An area that the kernel would not unmap is not found any more
 * and counts as removed, but its IOVAs are lost: they are not used again, and a line says so.
 *
 * @param space  The space.
 * @param va     First byte.
 * @param length In bytes.
 * @return The number of areas removed (0 if there were none), or
 *   -EINVAL    zero length or wrapping;
 *   -EBUSY     an area crosses the border of the range: nothing was removed.
 */
int ioas_unmap(struct ioas *space, const void *va, uint64_t length);

/**
 * Unmap all areas that lie in a range of IOVAs. As ioas_unmap() otherwise.
 *
 * @param space  The space.
 * @param iova   First IOVA.
 * @param length In bytes.
 * @return As ioas_unmap().
 */
int ioas_unmap_iova(struct ioas *space, uint64_t iova, uint64_t length);

/**
 * Announce that memory of this process may be about to go, or to get other pages: call it before munmap(),
 * mremap(), mmap() with MAP_FIXED, shmdt(), madvise() with MADV_DONTNEED, and ioas_forget_end() right after.
 *
 * From here on no lookup finds an IOVA of the range, and a map of any part of it waits for ioas_forget_end(). No
 * other lock of the library is waited for than one that is held over a few stores and system calls; nothing
 * is allocated, freed or logged: an allocator may call it with its own locks held, also from inside a call of
 * this library.
 *
 * @param space  The space. Spaces that follow it, or that it follows, are served as well.
 * @param va     First byte. The CPU's pages go as a whole.
 * @param length In bytes. 0: nothing.
 * @return A token for ioas_forget_end(), which must be called by this process.
 */
unsigned int ioas_forget_begin(struct ioas *space, const void *va, uint64_t length);

/**
 * Tell what has become of the memory of ioas_forget_begin(). Waits and allocates as little as that.
 *
 * If it went, no IOVA is given for it any more. An area that has lost all of its memory is unmapped: before the
 * return, or, where another thread has the space's lock, by that thread when it gives the lock back. An area
 * that has memory left keeps it at the same IOVAs: the kernel cannot split an area, so its other pages stay
 * pinned until the last one has gone. If the memory stayed, because the kernel has refused the call,
 * lookups find it again, at the same IOVAs.
 *
 * @param space The space.
 * @param token From ioas_forget_begin().
 * @param gone  Whether the memory went.
 * @return Whether anything of the range was mapped, or may have been: threads that call at the same time are not
 *         told apart.
 */
bool ioas_forget_end(struct ioas *space, unsigned int token, bool gone);

/**
 * Have the kernel tell of memory that goes without ioas_forget_begin(): unmapped by libc itself, by a raw system
 * call, by a library that does not know this one; moved, or its pages dropped. Call it before the memory
 * is mapped. Uses userfaultfd, which takes no privilege (Linux 5.11), and starts a thread of its own at the first
 * call. What has gone until then has been forgotten when it returns.
 *
 * The kernel lets the thread go on that has taken the memory away when the event has been read, some microseconds
 * before lookups forget the memory. Pages that are dropped from shared memory are the same when they come back,
 * so that is not followed; nor is a hole that is punched into the file behind it.
 *
 * @param space  The space. Spaces that follow it, or that it follows, are served as well.
 * @param va     First byte, aligned to the page size, of memory that is mapped in this process.
 * @param length In bytes, aligned as well.
 * @param shared Whether it is a shared mapping (MAP_SHARED).
 * @return 0, or
 *   -ENOSYS, -EPERM, -EINVAL  this kernel, or a seccomp filter, refuses userfaultfd, or the architecture has no
 *             write protection (POWER): one debug line says so at the first call;
 *   -EINVAL   memory of this kind cannot be followed (SysV shared memory, files, before Linux 6.7);
 *   others    what the kernel answered.
 */
int ioas_watch(struct ioas *space, const void *va, uint64_t length, bool shared);

/**
 * Keep a range of IOVAs for a range of addresses, so that all that will ever be mapped of it is
 * linear: the IOVA is the address plus one constant.
 *
 * It costs nothing but IOVAs, and holds for all spaces that follow the same one. Where a part cannot be had
 * later (a device with a smaller aperture came), maps there get another IOVA.
 *
 * @param space  The space.
 * @param va     First byte, aligned to 4 KiB.
 * @param length In bytes, aligned to 4 KiB.
 * @return 0, or
 *   -EINVAL    zero, misaligned or wrapping;
 *   -EEXIST    it overlaps with an earlier range;
 *   -ENOSPC    no free range that is long enough (not logged: maps still work);
 *   -ENOMEM    no memory.
 */
int ioas_reserve(struct ioas *space, const void *va, uint64_t length);

/** Memory of this process. */
struct ioas_memory {
	struct ioas_range mapping; /**< The mapping that it lies in, all of which has the same properties. */
	uint64_t page;             /**< The size of its pages in bytes. */
	uint64_t inode;            /**< Of the file behind it; of SysV shared memory the identifier; 0: none. */
	bool writable;             /**< This process can write to it. */
	bool shared;               /**< MAP_SHARED. */
};

/**
 * Tell what lies at an address of this process. Asks the kernel (PROCMAP_QUERY, Linux 6.11), or reads
 * /proc/self/smaps, which takes a millisecond where a process has many mappings; no lock.
 *
 * @param va     Any address.
 * @param memory Where the answer goes.
 * @return 0, -ENOENT if nothing is mapped there, or what the kernel answered.
 */
int ioas_memory_at(const void *va, struct ioas_memory *memory);

/**
 * Tell which mapping of this process an address lies in, or comes next, as ioas_memory_at() does, but allocate nothing
 * and take no lock: an allocator may call it.
 *
 * @param va Any address.
 * @param mapping Where to store it.
 * @param shared Where to store whether its memory is shared.
 * @return False where nothing is mapped at the address or above it.
 */
bool ioas_mapping_from(const void *va, struct ioas_range *mapping, bool *shared);

/**
 * Tell how large the pages behind an address are, as ioas_memory_at() does.
 *
 * @param va      Any address.
 * @param mapping Where the first and the last address of the mapping that it lies in go, all of which
 *   has pages of that size, or NULL.
 * @return Their size in bytes; 0 if nothing is mapped there, or it cannot be read.
 */
uint64_t ioas_page_size(const void *va, struct ioas_range *mapping);

/**
 * Keep IOVAs for the memory around an address, as ioas_reserve() does: for as much of a range as no earlier
 * reservation has, in one piece with the address. An end of it that goes (ioas_forget_end()) is not reserved any
 * more.
 *
 * @param space The space.
 * @param va    An address in the range; if a reservation has it already nothing happens.
 * @param range Addresses, aligned to 4 KiB, of a mapping for example.
 * @return 0, or
 *   -EINVAL    the address is not in the range, or it is misaligned;
 *   -ENOSPC    no free range that is long enough (not logged: maps still work);
 *   -ENOMEM    no memory.
 */
int ioas_reserve_around(struct ioas *space, const void *va, struct ioas_range range);

/** What a space holds. */
struct ioas_info {
	const char *backend;       /**< The backend's name. Valid while the space lives. */
	bool kernel_chooses;       /**< The kernel chooses IOVAs; else the library does. */
	unsigned int devices;      /**< Attached devices. */
	uint64_t maps;             /**< Areas. */
	uint64_t bytes;            /**< Their lengths added up. */
	uint64_t alignment;        /**< What IOVAs and lengths must be aligned to, in bytes. */
	struct ioas_range aperture; /**< First and last usable IOVA; see ioas_ranges() for holes. */
	struct ioas_range window;   /**< Where chosen IOVAs may lie; last is UINT64_MAX without one. */
	uint64_t quarantine;        /**< Bytes that are in quarantine now. */
	uint64_t quarantine_limit;  /**< ioas_options.quarantine, which they can exceed by one call. */
};

/**
 * Read what a space holds, all of it at one moment.
 *
 * @param space The space.
 * @param info  Where it goes.
 */
void ioas_get_info(struct ioas *space, struct ioas_info *info);

/**
 * Ask the kernel how many more maps it takes.
 *
 * @param space The space.
 * @return Their number; UINT64_MAX if it does not tell (type1 does since Linux 5.10, with a device), or
 *   has no limit.
 */
uint64_t ioas_room(struct ioas *space);

/** iommufd maps memory of a file by its descriptor (IOMMU_IOAS_MAP_FILE, Linux 6.13). */
#define IOAS_FEATURE_MAP_FILE (1u << 0)
/** Such maps can go to another process (IOMMU_IOAS_CHANGE_PROCESS, Linux 6.13). */
#define IOAS_FEATURE_CHANGE_PROCESS (1u << 1)
/** The IOMMUs of all attached devices can record which pages a device has written to. */
#define IOAS_FEATURE_DIRTY_TRACKING (1u << 2)

/**
 * Ask the kernel what it offers beyond what the library uses. It is asked each time, and no version is
 * looked at.
 *
 * @param space The space.
 * @return IOAS_FEATURE_ bits; 0 with a backend other than iommufd. A device that was opened through its
 *   group tells nothing of dirty tracking, so that bit is 0 then.
 */
unsigned int ioas_features(struct ioas *space);

/**
 * Read the ranges that the attached devices allow, in ascending order.
 *
 * @param space  The space.
 * @param ranges Where they go, or NULL.
 * @param n      How many fit.
 * @return How many there are, which may be more than n.
 */
unsigned int ioas_ranges(struct ioas *space, struct ioas_range *ranges, unsigned int n);

/** One area, as ioas_walk() shows it. */
struct ioas_area {
	void *va;        /**< First byte. */
	uint64_t iova;   /**< First IOVA. */
	uint64_t length; /**< In bytes. */
	bool fixed;      /**< The caller named the IOVA. */
	bool copy;       /**< It came from the space that this one follows. */
};

/**
 * Visit all areas in the order of their IOVAs, with the space locked: the function must not call
 * the library for this space.
 *
 * @param space The space.
 * @param fn    Called for each; anything but 0 ends the walk.
 * @param arg   Given to fn.
 * @return 0, or what fn gave to end the walk.
 */
int ioas_walk(struct ioas *space, int (*fn)(const struct ioas_area *area, void *arg), void *arg);

/**
 * ioas_walk() for what is in quarantine: areas that were unmapped, and whose IOVAs are not used again.
 *
 * @param space The space.
 * @param fn    Called for each; anything but 0 ends the walk.
 * @param arg   Given to fn.
 * @return 0, or what fn gave to end the walk.
 */
int ioas_walk_quarantine(struct ioas *space, int (*fn)(const struct ioas_area *area, void *arg),
			 void *arg);

/** Steps of a histogram of latencies. */
#define IOAS_LATENCY_STEPS 40

/** How long calls took that did what was asked, from entry to return, in nanoseconds. Waiting for the
 * space's lock is a part of it. */
struct ioas_latency {
	uint64_t calls;    /**< How many. */
	uint64_t total_ns; /**< Added up. */
	uint64_t max_ns;   /**< The longest. */
	/** Calls that took less than 2^i ns and not less than the half of it; the last also has all
	 * that took longer. */
	uint64_t steps[IOAS_LATENCY_STEPS];
};

/** Failures are counted by errno: from 1 to this less 1, which is EHWPOISON, Linux's last. What is none of
 * these goes to 0. */
#define IOAS_ERRORS 134

/** What has happened in a space since it was created. */
struct ioas_stats {
	uint64_t maps;      /**< Areas that came, with the copies that it has where it follows another. */
	uint64_t unmaps;    /**< Areas that went, also because a map was undone for all spaces. */
	uint64_t maps_now;  /**< Areas: maps less unmaps. */
	uint64_t maps_max;  /**< The most areas that there were at a time. */
	uint64_t bytes_now; /**< Lengths of the areas added up. */
	uint64_t bytes_max; /**< The most that there were at a time. */
	uint64_t attaches;  /**< Devices that were attached. */
	uint64_t detaches;  /**< Devices that were detached. */
	/** Calls of ioas_map() and ioas_map_fixed() that failed, by errno: map_failures[ENOMEM]. */
	uint64_t map_failures[IOAS_ERRORS];
	/** Of ioas_unmap() and ioas_unmap_iova(), and areas that the kernel would not unmap. */
	uint64_t unmap_failures[IOAS_ERRORS];
	/** Of ioas_attach(). */
	uint64_t attach_failures[IOAS_ERRORS];
	struct ioas_latency map;   /**< Of ioas_map() and ioas_map_fixed(). */
	struct ioas_latency unmap; /**< Of ioas_unmap() and ioas_unmap_iova() that removed something. */
};

/**
 * Read what has been counted. Lookups are not: they write nothing. Takes the lock.
 *
 * @param space The space.
 * @param stats Where the numbers go.
 */
void ioas_get_stats(struct ioas *space, struct ioas_stats *stats);

/** Sizes of IOMMU entries that are counted: 4 KiB, 2 MiB, 1 GiB. */
#define IOAS_ENTRY_SIZES 3

/**
 * Count the entries that an IOMMU needs for an area, as far as its placement and the pages tell: one
 * of 1 GiB where IOVA and address allow it and the pages are as large, else of 2 MiB, else of 4 KiB.
 * An IOMMU that lacks a size takes the next smaller one; pages that happen to lie side by side in
 * physical memory can take fewer entries. Works on its arguments only: no lock.
 *
 * @param area    From ioas_walk().
 * @param page    The size of the pages behind it in bytes, as ioas_page_size() tells; 0, where that is not
 *   known, counts as pages of 4 KiB do.
 * @param entries By size, the smallest first; what the area needs is added.
 */
void ioas_area_entries(const struct ioas_area *area, uint64_t page, uint64_t entries[IOAS_ENTRY_SIZES]);

/**
 * The reverse lookup, for fault reports: which memory does an IOVA lead to? Takes the lock.
 *
 * @param space The space.
 * @param iova  Any IOVA.
 * @param area  Where the area goes, or NULL.
 * @return The address of that byte, or NULL if the IOVA is not mapped.
 */
void *ioas_lookup_iova(struct ioas *space, uint64_t iova, struct ioas_area *area);

/** What can be said of an IOVA. */
enum ioas_iova_state {
	IOAS_IOVA_MAPPED,   /**< It leads to memory. */
	IOAS_IOVA_UNMAPPED, /**< It did, and was unmapped. */
	IOAS_IOVA_FREE,     /**< Nothing was mapped there, as far as is remembered. */
	IOAS_IOVA_UNUSABLE, /**< Reserved, or beyond the aperture: nothing can be mapped there. */
};

/** An answer of ioas_explain(). */
struct ioas_explanation {
	enum ioas_iova_state state; /**< What it is. */
	/** Mapped, or once: the area. Else the nearest area below, if there is one: a device may
	 * have gone on beyond its end; length is 0 if there is none. */
	struct ioas_area area;
	/** Mapped, or once: the address of the byte. */
	void *va;
	/** Once mapped: when it was unmapped, in nanoseconds of CLOCK_MONOTONIC. */
	uint64_t unmapped_at;
	/** Once mapped: the IOVA is in quarantine. */
	bool quarantined;
	/** Unusable: the range that it lies in; last is UINT64_MAX beyond the aperture. */
	struct ioas_range hole;
};

/**
 * Tell all that is known of an IOVA, for fault reports. Takes the lock. The last 1,024 areas that were
 * unmapped are remembered, and all that are in quarantine.
 *
 * @param space       The space.
 * @param iova        Any IOVA.
 * @param explanation Where the answer goes.
 */
void ioas_explain(struct ioas *space, uint64_t iova, struct ioas_explanation *explanation);

/** A DMA that an IOMMU has stopped, as the kernel reports it in its log. */
struct ioas_fault {
	const char *iommu; /**< "VT-d", "AMD-Vi", "SMMUv3" or "virtio-iommu". */
	/** The PCI address of the device. Where the kernel gives only the number by which the IOMMU
	 * knows it (SMMUv3, virtio-iommu), and no domain (VT-d), as though it were the requester ID
	 * in domain 0000, which is so where the firmware tells nothing else. */
	char device[16];
	uint64_t iova;     /**< What the device put on the bus. VT-d gives its page. */
	bool read;         /**< It was a read; neither: not known. */
	bool write;        /**< It was a write. */
	char reason[64];   /**< The kernel's words, or the name of the event. */
	uint64_t at;       /**< When, in nanoseconds, about those of CLOCK_MONOTONIC; 0: not said. */
};

/** What ioas_fault_parse() keeps between lines. Zeroed before the first. */
struct ioas_fault_parser {
	unsigned int words;  /**< Lines of an event that have come, and the headline; 0: none. */
	uint64_t word[4];    /**< Of an SMMUv3 event. */
	uint64_t at;         /**< When it was reported. */
	char name[32];       /**< The SMMU that reports it. */
};

/**
 * Look for a stopped DMA in a line of the kernel's log, with or without its time, as `dmesg` and
 * /dev/kmsg give it. Reports of VT-d, AMD-Vi, SMMUv3 (five lines each) and virtio-iommu are known, in the
 * words of Linux 5.10 to 6.12. Newer kernels name the device of an SMMUv3's event in a sixth line: if its
 * number stood for another one the report comes again, with the right one. Any thread; no lock.
 *
 * @param parser Of this log.
 * @param line   The line, with or without a line feed.
 * @param fault  Where the report goes.
 * @return Whether a report was complete with this line.
 */
bool ioas_fault_parse(struct ioas_fault_parser *parser, const char *line, struct ioas_fault *fault);

/** Entries of the lookup table each stand for this many bytes (as a power of two). */
#define IOAS_TABLE_SHIFT 21
/** Entries of a detail each stand for this many bytes (as a power of two). */
#define IOAS_DETAIL_SHIFT 12
/** The slower path's blocks each stand for this many bytes (as a power of two). */
#define IOAS_FAR_SHIFT 39
/** No user address has more bits than this (x86-64 with 5 levels: 56, arm64 and ppc64: 52). */
#define IOAS_VA_BITS 57
/** Entries of a detail. */
#define IOAS_DETAIL_ENTRIES (1u << (IOAS_TABLE_SHIFT - IOAS_DETAIL_SHIFT))
/** This entry is iova - va, with this bit set in the (otherwise zero) page offset. */
#define IOAS_ENTRY_LINEAR UINT64_C(1)
/** This entry is the address of a detail, with this bit set. */
#define IOAS_ENTRY_DETAIL UINT64_C(2)
/** The part of an entry that is not flags. */
#define IOAS_ENTRY_MASK (~UINT64_C(0xfff))

/**
 * What a lookup reads: one replica of the table, in the memory of one NUMA node. Constant after
 * ioas_create(), and valid while the space lives.
 */
struct ioas_table {
	/** One a 2 MiB of the address space, from address 0; 0 where nothing is mapped. */
	const uint64_t *entry;
	/** How many entries there are: addresses from here on take the slower path. 2^26 (47 bits
	 * of address; on Arm 2^27), or 0 where so much address space could not be reserved. */
	uint64_t entries;
	/** The slower path: one pointer a 512 GiB of the address space, NULL or to the entries. */
	const uint64_t *const *far_entry;
	/** The NUMA node that it lies on; -1: wherever the writer ran. */
	int node;
};

/**
 * The replica of the lookup table for the calling thread: the one on the NUMA node that it runs on
 * now. Ask once for each thread, when it is where it will stay, and keep the answer. No lock.
 *
 * @param space The space.
 * @return The replica; one of another node if this node has none.
 */
const struct ioas_table *ioas_table(const struct ioas *space);

/**
 * The replica of the lookup table for threads that run on a NUMA node. No lock.
 *
 * @param space The space.
 * @param node  The node, any number.
 * @return The replica; one of another node if this node has none.
 */
const struct ioas_table *ioas_table_of_node(const struct ioas *space, int node);

/**
 * List all replicas of the lookup table. No lock.
 *
 * @param space  The space.
 * @param tables Where they go, or NULL.
 * @param n      How many fit.
 * @return How many there are, which may be more than n.
 */
unsigned int ioas_tables(const struct ioas *space, const struct ioas_table **tables,
			 unsigned int n);

/**
 * ioas_lookup() for addresses beyond the flat array; use that.
 *
 * @param far_entry Of the table.
 * @param addr      The address.
 * @return As ioas_lookup().
 */
uint64_t ioas_lookup_far(const uint64_t *const *far_entry, uint64_t addr);

/**
 * Tell whether an address lies in the flat array, so that ioas_lookup_flat() may be asked for it. So
 * does every address below 2^47 (on Arm 2^48), where Linux puts all memory unless a program asks for
 * more; but none where the array could not be reserved (RLIMIT_AS).
 *
 * @param table From ioas_table().
 * @param va    Any address.
 * @return Whether it does.
 */
static inline bool
ioas_table_is_flat(const struct ioas_table *table, const void *va)
{
	return (uint64_t)(uintptr_t)va >> IOAS_TABLE_SHIFT < table->entries;
}

/**
 * ioas_lookup() for memory of which the caller knows that it lies in the flat array: one question less
 * for each address. Ask ioas_table_is_flat() once, for the last byte of a pool or a ring.
 *
 * @param table From ioas_table().
 * @param va    An address in the flat array; any other one reads memory that is not the table's.
 * @return The IOVA of that byte, or IOAS_BAD_IOVA if it is not mapped.
 */
static inline uint64_t
ioas_lookup_flat(const struct ioas_table *table, const void *va)
{
	const uint64_t addr = (uint64_t)(uintptr_t)va;
	/* Acquire, on x86 a plain load: what an entry leads to is no older than the entry. */
	uint64_t entry = __atomic_load_n(&table->entry[addr >> IOAS_TABLE_SHIFT], __ATOMIC_ACQUIRE);

	if (__builtin_expect((entry & IOAS_ENTRY_LINEAR) == 0, 0)) {
		const uint64_t *const detail = (const uint64_t *)(uintptr_t)(entry & IOAS_ENTRY_MASK);

		if (detail == NULL)
			return IOAS_BAD_IOVA;
		entry = __atomic_load_n(&detail[(addr >> IOAS_DETAIL_SHIFT) &
						(IOAS_DETAIL_ENTRIES - 1)], __ATOMIC_ACQUIRE);
		if ((entry & IOAS_ENTRY_LINEAR) == 0)
			return IOAS_BAD_IOVA;
	}
	return addr + (entry - IOAS_ENTRY_LINEAR);
}

/**
 * Translate an address. Lock-free, wait-free, any thread, at any time; a few instructions.
 *
 * A mapping is visible once the call that made it has returned (given that the address reached this
 * thread in an orderly way), and is not any more once the call that unmaps it has returned. All
 * that a thread wrote before it mapped memory is visible to a thread whose lookup finds the mapping.
 *
 * @param table From ioas_table().
 * @param va    Any address.
 * @return The IOVA of that byte, or IOAS_BAD_IOVA if it is not mapped.
 */
static inline uint64_t
ioas_lookup(const struct ioas_table *table, const void *va)
{
	if (__builtin_expect(!ioas_table_is_flat(table, va), 0))
		return ioas_lookup_far(table->far_entry, (uint64_t)(uintptr_t)va);
	return ioas_lookup_flat(table, va);
}

/**
 * ioas_lookup_length() across entries; use that.
 *
 * @param table  As there.
 * @param va     As there.
 * @param length As there.
 * @return As ioas_lookup_length().
 */
uint64_t ioas_lookup_run(const struct ioas_table *table, const void *va, uint64_t *length);

/**
 * Translate an address and tell how far it goes on: how many bytes from there have consecutive
 * IOVAs. Lock-free, any thread, at any time.
 *
 * The bytes may belong to several areas. While a writer changes part of them the answer holds for
 * each byte at some moment of the call. Cost: as ioas_lookup() inside 2 MiB, then 1 ns or so for
 * each further 2 MiB.
 *
 * @param table  From ioas_table().
 * @param va     Any address.
 * @param length In: how many bytes the caller wants. Out: how many of them are contiguous, from 1
 *   to what was asked for; 0 if va is not mapped, or nothing was asked for.
 * @return The IOVA of the first byte, or IOAS_BAD_IOVA if it is not mapped.
 */
static inline uint64_t
ioas_lookup_length(const struct ioas_table *table, const void *va, uint64_t *length)
{
	const uint64_t addr = (uint64_t)(uintptr_t)va;
	const uint64_t slot = addr >> IOAS_TABLE_SHIFT;

	if (__builtin_expect(slot < table->entries, 1)) {
		const uint64_t entry = __atomic_load_n(&table->entry[slot], __ATOMIC_ACQUIRE);
		const uint64_t offset = addr & ((UINT64_C(1) << IOAS_TABLE_SHIFT) - 1);

		if (__builtin_expect((entry & IOAS_ENTRY_LINEAR) != 0 &&
				     *length <= (UINT64_C(1) << IOAS_TABLE_SHIFT) - offset, 1))
			return addr + (entry - IOAS_ENTRY_LINEAR);
	}
	return ioas_lookup_run(table, va, length);
}

/**
 * Translate an address for which ioas_lookup() has found nothing: the answer is certain. Waits for the space's
 * lock, and while the memory may be about to go (ioas_forget_begin()), which hides it from lookups.
 *
 * @param space The space.
 * @param va    Any address.
 * @return The IOVA of that byte, or IOAS_BAD_IOVA if it is not mapped.
 */
uint64_t ioas_lookup_or_wait(struct ioas *space, const void *va);

/**
 * Tell whether any byte of a range is mapped. Lock-free, any thread, at any time. Where the range reaches beyond
 * the last address, what is beyond it does not count.
 *
 * Cost: what ioas_lookup() does, for each 2 MiB of the range that lie in the flat array (and in a 2 MiB of
 * which something was once mapped alone, for each 4 KiB).
 *
 * @param table  From ioas_table().
 * @param va     Any address.
 * @param length Bytes; 0: no byte is mapped.
 * @return Whether one is.
 */
bool ioas_lookup_any(const struct ioas_table *table, const void *va, uint64_t length);

/**
 * Translate a burst of addresses, such as the data pointers of the mbufs of a burst. Lock-free,
 * any thread, at any time. Uses AVX-512 (blocks of 32) or AVX2 (blocks of 16) where the CPU has them;
 * shorter bursts, and blocks with an address that is not mapped or in a detail, cost about what as
 * many single lookups do.
 *
 * @param table From ioas_table().
 * @param va    The addresses.
 * @param iova  Where the IOVAs go: IOAS_BAD_IOVA for addresses that are not mapped.
 * @param n     How many.
 * @return How many of them are mapped: n if all.
 */
unsigned int ioas_lookup_bulk(const struct ioas_table *table, const void *const *va, uint64_t *iova,
			      unsigned int n);

/**
 * Tell the way in which ioas_lookup_bulk() works on this CPU. No lock.
 *
 * @return "avx512", "avx2" or "plain".
 */
const char *ioas_lookup_bulk_name(void);

/** A piece of memory as a device sees it, for scatter-gather lists. */
struct ioas_segment {
	uint64_t iova;   /**< First IOVA. */
	uint64_t length; /**< In bytes, not 0. */
};

/**
 * Turn a list of buffers into a list of segments, as few as possible: neighbours whose IOVAs follow
 * one another become one. Lock-free, any thread, at any time.
 *
 * @param table    From ioas_table().
 * @param iov      The buffers. Empty ones are left out.
 * @param n_iov    How many.
 * @param segments Where the segments go, or NULL.
 * @param n        How many fit.
 * @return How many segments there are, which may be more than n (then the first n were stored), or
 *   -EFAULT a byte of a buffer is not mapped.
 */
int ioas_lookup_iovec(const struct ioas_table *table, const struct iovec *iov, unsigned int n_iov,
		      struct ioas_segment *segments, unsigned int n);

#ifdef __cplusplus
}
#endif

#endif /* IOAS_H */
