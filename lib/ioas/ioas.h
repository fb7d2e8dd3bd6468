/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_H
#define IOAS_H

/**
 * @file
 * I/O address spaces for user-space drivers.
 *
 * An I/O address space (IOAS) translates the addresses that a device puts on the bus (IOVAs) to memory. This
 * library creates one, attaches VFIO devices to it, and maps memory at IOVAs that the kernel chooses. It
 * answers which IOVA an address has without a lock or a system call.
 *
 * Terms: an *area* is the memory that one map call has mapped. One unmap call removes it as a whole; the
 * kernel cannot split it. If the process gives back a part of an area's memory (ioas_forget_begin()), lookups
 * do not find that part any more; the area stays until all of its memory is gone. The *aperture* reaches from
 * the first to the last IOVA that every attached device and its IOMMU can use; the holes in it are *reserved
 * regions* (an MSI window, for example). All lengths are in bytes. A range has a first and a last byte, both
 * inclusive.
 *
 * Errors: functions that return int return 0 or a positive count for success, and a negative errno for a
 * failure. After a failure the space is as it was before the call, and the log function has received a line
 * with the cause and the remedy.
 *
 * Threads: any thread may call any function. Functions that take a struct ioas_table take no lock and never
 * wait. Functions marked "No lock" take no lock either. All others serialise on one lock for each space; a
 * space and its followers share one. ioas_attach() does not hold the lock while it opens a character device.
 * A signal handler and the log function may call only the functions that take a struct ioas_table. No other
 * call on the object may run during or after ioas_destroy() or ioas_detach().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The result of a lookup for an address that is not mapped. No IOVA has this value: the last page of IOVAs is
 * never used. */
#define IOAS_BAD_IOVA UINT64_MAX

struct ioas;
struct ioas_device;
struct iovec;            /* <sys/uio.h> */
struct vfio_device_info; /* <linux/vfio.h> */

/** The severity of a log line. Order and meaning are those of syslog and of DPDK. */
enum ioas_log_level {
	IOAS_LOG_ERR,     /**< A call failed: cause and remedy. */
	IOAS_LOG_WARNING, /**< The call works, but not as asked. */
	IOAS_LOG_INFO,    /**< A choice and its reason. */
	IOAS_LOG_DEBUG,   /**< Every map, unmap, attach and detach. */
};

/**
 * Receives one line for the log. If several threads attach devices at once, they may call it at the same
 * time.
 *
 * @param level The severity.
 * @param line  The text, without a line feed. Valid during the call only.
 * @param arg   ioas_options.log_arg.
 */
typedef void (*ioas_log_fn)(enum ioas_log_level level, const char *line, void *arg);

/** A range of IOVAs, both ends inclusive. */
struct ioas_range {
	uint64_t first; /**< The first byte. */
	uint64_t last;  /**< The last byte. */
};

/** A descriptor that the caller has opened, for processes that must not open device nodes themselves. */
struct ioas_descriptor {
	/** The node of the descriptor: "/dev/iommu", "/dev/vfio/vfio", "/dev/vfio/N" (a group),
	 * "/dev/vfio/devices/vfioN"; or a PCI address, for the character device of that device. */
	const char *name;
	/** The descriptor, open for reading and writing. */
	int fd;
};

/** Options of a new space. Zeroed members mean the default. */
struct ioas_options {
	/** sizeof(struct ioas_options), so that later versions can add members. */
	size_t size;
	/** "iommufd" (/dev/iommu), "spapr" (the DMA windows of POWER), "type1" (VFIO's own container,
	 * /dev/vfio/vfio), or "auto" (also NULL): the first of these that works here. The log says why the others
	 * do not work. */
	const char *backend;
	/** The window: the IOVAs that may be chosen. Both 0: the whole aperture. */
	struct ioas_range window;
	/** The function that receives log lines. NULL: none. */
	ioas_log_fn log;
	/** Passed to @ref log. */
	void *log_arg;
	/** The NUMA nodes whose threads look up. Each node gets a replica of the lookup table in its own memory.
	 * NULL: the nodes whose CPUs this process may run on. */
	const int *nodes;
	/** The number of @ref nodes. */
	unsigned int n_nodes;
	/** Descriptors to use instead of opening the nodes. They belong to the caller, who keeps them open until
	 * the space is destroyed; the library works with duplicates. A device whose character device was handed in
	 * stays bound to the iommufd until the caller closes the descriptor. Several spaces, also in several
	 * processes, may have the same /dev/iommu; then only this library may use IOMMU_VFIO_IOAS_SET on it. */
	const struct ioas_descriptor *descriptors;
	/** The number of @ref descriptors. */
	unsigned int n_descriptors;
	/** Another space that this space follows. The devices of this space can also access the memory that is
	 * mapped in the other one, from the first device of this space on. The memory has the same IOVA if this
	 * space's devices can use it and it is free here, else another one. Memory that is mapped in this space is
	 * for its own devices only. The kernel pins shared memory once. An unmap in the other space removes the
	 * memory from all spaces. IOVAs are chosen such that the devices of all these spaces can use them. If
	 * memory is mapped in both spaces, the later map is an alias, as with ioas_map_fixed().
	 *
	 * Needs backend iommufd. Leave @ref backend, @ref window, @ref descriptors and @ref quarantine zero: this
	 * space uses those of the other space. The other space must not itself follow a space, and must be
	 * destroyed last. NULL: the space follows none. */
	struct ioas *follow;
	/** With @ref follow, refuse memory that cannot have the IOVA that it has in the other space. The map
	 * there, or the attach here, then fails with EADDRINUSE. */
	bool same_iova;
	/** The quarantine: IOVAs of unmapped memory are not chosen again until this many more bytes have been
	 * unmapped. A device that still writes to freed memory then faults, instead of writing to the memory that
	 * gets its IOVA. UINT64_MAX: such IOVAs are never chosen again. The memory that one call unmaps is held as
	 * a whole, because pages that are mapped together again must be contiguous. Therefore a call that unmaps
	 * more than this is held too, and the quarantine can exceed this by up to one call. If no other IOVAs are
	 * left, the oldest calls are released first, with a warning. A map that fails leaves the quarantine as it
	 * was. 64 KiB of IOVAs stay free next to memory that is not contiguous with its neighbour, so that writes
	 * beyond the end fault. Costs IOVAs, and about 500 bytes of memory for each area in quarantine.
	 * ioas_map_fixed() may use IOVAs in quarantine. A space that follows has the quarantine of the other. 0:
	 * none. */
	uint64_t quarantine;
};

/**
 * Create an empty address space.
 *
 * @param options The options, or NULL for the defaults.
 * @param space   Where to store the new space.
 * @return 0, or
 *   -EINVAL   an option is wrong (unknown backend, window upside down or not page-aligned), or a
 *             descriptor that was handed in belongs to something else;
 *   -EBADF    a descriptor that was handed in is not open;
 *   -ENOENT   this kernel has no iommufd (Linux 6.2, CONFIG_IOMMUFD) or no VFIO container, or the
 *             module is not loaded;
 *   -EACCES   no permission to open /dev/iommu or /dev/vfio/vfio;
 *   -EOPNOTSUPP the VFIO container has no type1 IOMMU, or no sPAPR one; iommufd on POWER; the
 *             backend of the space to follow has no further address spaces;
 *   -ENOMEM   no memory, or no address space for the lookup table (RLIMIT_AS).
 */
int ioas_create(const struct ioas_options *options, struct ioas **space);

/**
 * Detach all devices, unmap all memory, and free the space. Cannot fail.
 *
 * No thread may look up in the space any more. Destroy the spaces that follow it first: otherwise the space
 * stays, and the log function receives a line.
 *
 * @param space The space, or NULL.
 */
void ioas_destroy(struct ioas *space);

/**
 * Check whether a device can be attached: it is bound to a VFIO driver, and an IOMMU translates for it. Reads
 * sysfs only. No lock.
 *
 * @param name A PCI address or the path of the device's sysfs folder.
 * @return Whether it can be attached; false also if the device does not exist.
 */
bool ioas_device_is_usable(const char *name);

/**
 * Check whether VFIO offers a device although no IOMMU translates for it (VFIO's mode "noiommu"). Such a
 * device uses IOVAs as physical addresses: it must not get the IOVAs of a space. Reads sysfs only. No lock.
 *
 * @param name A PCI address or the path of the device's sysfs folder.
 * @return Whether it does; true also if sysfs cannot be read.
 */
bool ioas_device_is_untranslated(const char *name);

/** Options for attaching a device. Zeroed members mean the default. */
struct ioas_attach_options {
	/** sizeof(struct ioas_attach_options), so that later versions can add members. */
	size_t size;
	/** Attach through a hardware page table (HWPT) for this device alone, made with @ref hwpt_flags,
	 * instead of the one that the kernel picks. Backend iommufd, devices with a character device. */
	bool hwpt;
	/** IOMMU_HWPT_ALLOC_... flags from <linux/iommufd.h>: dirty tracking, parent of a nested table, and
	 * the flags of newer kernels. The kernel refuses flags that the IOMMU does not support (EOPNOTSUPP). */
	uint32_t hwpt_flags;
	/** The VF token: the 16 bytes of a UUID in the order of its text. An SR-IOV virtual function whose
	 * physical function is bound to vfio-pci needs the token that the physical function was opened with.
	 * Such a physical function sets the token for its virtual functions. Other devices ignore it. For
	 * devices that are opened through their group. NULL: none. */
	const unsigned char *vf_token;
};

/**
 * Open a device and attach it to the space.
 *
 * The device must be bound to vfio-pci (or another VFIO driver). If it has a character device
 * /dev/vfio/devices/vfioN (Linux 6.6, CONFIG_VFIO_DEVICE_CDEV) and the backend is iommufd, it is opened by
 * that. Otherwise it is opened through its IOMMU group /dev/vfio/N, which then belongs to this process with
 * all its devices. Attach devices before memory is mapped if possible: an attach fails if the device reserves
 * IOVAs that are in use.
 *
 * The kernel resets a device that it opens, which can take 100 ms. Devices with a character device are
 * attached faster if each has its own thread; other calls do not wait meanwhile.
 *
 * @param space  The space.
 * @param name   A PCI address ("0000:00:02.0") or the path of the device's sysfs folder, which may contain
 *   links.
 * @param options The options, or NULL for the defaults.
 * @param device Where to store the handle.
 * @return 0, or
 *   -EINVAL     an option is wrong, another device of its IOMMU group is attached to another space, or the
 *               firmware demands a 1:1 mapping for it;
 *   -EOPNOTSUPP the backend, the kernel or the IOMMU does not support an option;
 *   -ENODEV     the device does not exist, or is not bound to a VFIO driver;
 *   -ENOENT     the device is bound, but no IOMMU translates for it;
 *   -EACCES     no permission to open the character device or the group, or the VF token is wrong;
 *   -EBUSY      the device or its group is in use elsewhere;
 *   -EPERM      another device of its group is bound to a kernel driver, or interrupts are not
 *               isolated;
 *   -EADDRINUSE the device reserves IOVAs that are mapped already;
 *   -ENOMEM     RLIMIT_MEMLOCK or memory is too small: the first device pins all mapped memory;
 *   -EEXIST     it is attached already, to this space or to one that shares memory with it;
 *   others      the kernel's answer.
 */
int ioas_attach(struct ioas *space, const char *name, const struct ioas_attach_options *options,
		struct ioas_device **device);

/**
 * Attach a PASID of an attached device to its space: the space then also translates the DMA that the device
 * tags with that number.
 *
 * Needs Linux 6.15, a device and an IOMMU with PASIDs, and the device attached through a HWPT made for them
 * (IOMMU_HWPT_ALLOC_PASID in ioas_attach_options.hwpt_flags).
 *
 * @param device The handle.
 * @param pasid  The number, from 1 to 2^20 - 1.
 * @return 0, or
 *   -EINVAL     the number is out of range;
 *   -EOPNOTSUPP the backend or the kernel does not support PASIDs;
 *   others      the kernel's answer.
 */
int ioas_attach_pasid(struct ioas_device *device, uint32_t pasid);

/**
 * Undo ioas_attach_pasid(). ioas_detach() does so for all PASIDs of the device. Cannot fail.
 *
 * @param device The handle.
 * @param pasid  A PASID that was attached. The call ignores any other.
 */
void ioas_detach_pasid(struct ioas_device *device, uint32_t pasid);

/**
 * Detach a device and close it. Memory stays mapped for the other devices and for later ones.
 *
 * The aperture grows to the IOVAs that the remaining devices allow. After the last device it stays as it is,
 * so that the device can come back to memory that was mapped meanwhile.
 *
 * @param device The handle, which is not valid any more afterwards. NULL: nothing happens.
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
 * Get a device's open VFIO descriptor. No lock.
 *
 * @param device The handle.
 * @return The descriptor. It belongs to the library: do not close it.
 */
int ioas_device_fd(const struct ioas_device *device);

/**
 * Get a device's name. No lock.
 *
 * @param device The handle.
 * @return The name of the device's folder in sysfs, also if it was attached by a link: for PCI the address.
 *   Valid as long as the handle is.
 */
const char *ioas_device_name(const struct ioas_device *device);

/**
 * Ask the kernel about a device (VFIO_DEVICE_GET_INFO). No lock.
 *
 * @param device The handle.
 * @param info   The caller sets argsz to the size in bytes and all else to zero; the kernel fills it.
 * @return 0, or the kernel's answer (-EINVAL: argsz is too small).
 */
int ioas_device_info(const struct ioas_device *device, struct vfio_device_info *info);

/**
 * Map memory at a kernel-chosen IOVA, for devices to read and write. With type1 and sPAPR the library chooses
 * it by the same rules.
 *
 * The memory becomes one area. Its IOVA is congruent to its address modulo the largest power of two that fits
 * into the length, up to 1 GiB, so that the IOMMU can use entries as large as the memory's pages. The IOVA is
 * never 0 and never equal to the address. The area is contiguous, and lies in the aperture and the window.
 * While a device is attached, the kernel pins the pages and counts them against RLIMIT_MEMLOCK. Without a
 * device the kernel checks and pins nothing until the next attach.
 *
 * @param space  The space.
 * @param va     First byte, aligned to 4 KiB (to the page size of the IOMMU if that is larger).
 * @param length In bytes, not 0, aligned as well.
 * @param iova   Where to store the IOVA, or NULL.
 * @return 0, or
 *   -EINVAL    zero, misaligned or wrapping;
 *   -EEXIST    part of the memory is mapped already;
 *   -ERANGE    beyond 2^57, the end of user addresses;
 *   -ENOSPC    no free range of IOVAs is long enough, or (type1) the kernel takes no more maps:
 *              65,535 by default, vfio_iommu_type1.dma_entry_limit;
 *   -ENOMEM    RLIMIT_MEMLOCK or memory is too small;
 *   -EFAULT    not readable and writable memory;
 *   -EADDRINUSE a space that follows, with ioas_options.same_iova, cannot have that IOVA;
 *   others     the kernel's answer.
 */
int ioas_map(struct ioas *space, void *va, uint64_t length, uint64_t *iova);

/**
 * Map memory at a fixed IOVA, which the caller names.
 *
 * Memory may be mapped at several IOVAs in this way. If any part of the memory is mapped already, the new
 * area becomes an alias, which lookups do not see: they return the first IOVA, as long as that is mapped.
 * Fixed IOVAs may lie outside the window, but not outside the aperture.
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
 * Check whether ioas_map_fixed() could use a range of IOVAs: all of it lies in the aperture and none in a
 * reserved region. Does not check whether memory is mapped there.
 *
 * @param space  The space.
 * @param iova   First IOVA.
 * @param length In bytes.
 * @param hole   Where to store the first range that the range touches and that cannot be used, or NULL. It is
 *   a reserved region, all IOVAs beyond the aperture (then last is UINT64_MAX), or page 0.
 * @return 0, or
 *   -EINVAL    zero length or wrapping;
 *   -ERANGE    part of it cannot be used (not logged).
 */
int ioas_check_fixed(struct ioas *space, uint64_t iova, uint64_t length, struct ioas_range *hole);

/**
 * Set another window, for a device that reaches fewer IOVAs than the IOMMU. It holds for maps and
 * reservations from now on. The parts of earlier reservations that lie outside of it are not used any more.
 *
 * @param space  The space; one that follows another shares its window.
 * @param window As ioas_options.window. Both 0: the whole aperture.
 * @return 0, or
 *   -EINVAL     upside down or not page-aligned;
 *   -ERANGE     the attached devices can use no IOVA of it;
 *   -EADDRINUSE memory is mapped at a chosen IOVA outside of it.
 */
int ioas_set_window(struct ioas *space, struct ioas_range window);

/**
 * Unmap all areas that lie in a range of addresses.
 *
 * Afterwards no IOVA leads into the range: the call also removes aliases made by ioas_map_fixed(), and the
 * copies in spaces that follow this one. It ignores parts of the range that are not mapped. If this space
 * follows another, the areas that came from there stay. If the kernel refuses to unmap an area, lookups do
 * not find it any more and it counts as removed, but its IOVAs are lost: they are not used again, and a log
 * line says so.
 *
 * @param space  The space.
 * @param va     First byte.
 * @param length In bytes.
 * @return The number of areas removed (0 if none), or
 *   -EINVAL    zero length or wrapping;
 *   -EBUSY     an area crosses the border of the range: nothing was removed.
 */
int ioas_unmap(struct ioas *space, const void *va, uint64_t length);

/**
 * Unmap all areas that lie in a range of IOVAs. Otherwise like ioas_unmap().
 *
 * @param space  The space.
 * @param iova   First IOVA.
 * @param length In bytes.
 * @return As ioas_unmap().
 */
int ioas_unmap_iova(struct ioas *space, uint64_t iova, uint64_t length);

/**
 * Announce that memory of this process may be about to go, or to get other pages. Call it before munmap(),
 * mremap(), mmap() with MAP_FIXED, shmdt() and madvise() with MADV_DONTNEED, and call ioas_forget_end() right
 * after.
 *
 * From here on no lookup finds an IOVA of the range, and a map of any part of it waits for ioas_forget_end().
 * The call waits only for a lock that is held over a few stores and system calls. It allocates, frees and
 * logs nothing. Therefore an allocator may call it with its own locks held, also from inside a call of this
 * library.
 *
 * @param space  The space. The call also serves spaces that follow it, or that it follows.
 * @param va     First byte. Whole pages of the CPU are affected.
 * @param length In bytes. 0: nothing.
 * @return A token for ioas_forget_end(), which this process must call.
 */
unsigned int ioas_forget_begin(struct ioas *space, const void *va, uint64_t length);

/**
 * Report what happened to the memory of ioas_forget_begin(). Waits and allocates as little as that call.
 *
 * If the memory went, lookups return no IOVA for it any more. An area that has lost all of its memory is
 * unmapped: before the return, or, if another thread has the space's lock, by that thread when it releases
 * the lock. An area that has memory left keeps it at the same IOVAs: the kernel cannot split an area, so all
 * of its pages stay pinned until the last one has gone. If the memory stayed, because the kernel has refused
 * the call, lookups find it again, at the same IOVAs.
 *
 * @param space The space.
 * @param token From ioas_forget_begin().
 * @param gone  Whether the memory went.
 * @return Whether any of the range was mapped, or may have been: threads that call at the same time are not
 *   told apart.
 */
bool ioas_forget_end(struct ioas *space, unsigned int token, bool gone);

/**
 * Have the kernel report memory that goes without ioas_forget_begin(): unmapped by libc itself, by a raw
 * system call, or by a library that does not know this one; moved; or with its pages dropped. Call it before
 * the memory is mapped. Uses userfaultfd, which needs no privilege (Linux 5.11). The first call starts a
 * thread. When the call returns, memory that went before it has been forgotten.
 *
 * As soon as the library has read the event, the kernel lets the thread continue that took the memory away,
 * some microseconds before lookups forget the memory. Pages that are dropped from shared memory come back
 * with the same contents, so the library does not follow that, nor a hole that is punched into the file of
 * the memory.
 *
 * @param space  The space. The call also serves spaces that follow it, or that it follows.
 * @param va     First byte, aligned to the page size, of memory that is mapped in this process.
 * @param length In bytes, aligned as well.
 * @param shared Whether it is a shared mapping (MAP_SHARED).
 * @return 0, or
 *   -ENOSYS, -EPERM, -EINVAL  this kernel, or a seccomp filter, refuses userfaultfd, or the architecture has no
 *             write protection (POWER): one debug line says so at the first call;
 *   -EINVAL   memory of this kind cannot be followed (SysV shared memory, files, before Linux 6.7);
 *   others    the kernel's answer.
 */
int ioas_watch(struct ioas *space, const void *va, uint64_t length, bool shared);

/**
 * Keep a range of IOVAs for a range of addresses, so that all memory that is mapped in it is linear: the IOVA
 * is the address plus one constant.
 *
 * It costs only IOVAs, and holds for all spaces that follow the same one. If a part of the IOVAs becomes
 * unusable later (because a device with a smaller aperture came), maps there get another IOVA.
 *
 * @param space  The space.
 * @param va     First byte, aligned to 4 KiB.
 * @param length In bytes, aligned to 4 KiB.
 * @return 0, or
 *   -EINVAL    zero, misaligned or wrapping;
 *   -EEXIST    it overlaps with an earlier range;
 *   -ENOSPC    no free range is long enough (not logged: maps still work);
 *   -ENOMEM    no memory.
 */
int ioas_reserve(struct ioas *space, const void *va, uint64_t length);

/** Memory of this process. */
struct ioas_memory {
	struct ioas_range mapping; /**< The mapping that contains it. All of the mapping has the same properties. */
	uint64_t page;             /**< The size of its pages in bytes. */
	uint64_t inode;            /**< The inode of its file; for SysV shared memory the identifier; 0: none. */
	bool writable;             /**< This process can write to it. */
	bool shared;               /**< MAP_SHARED. */
};

/**
 * Describe the memory at an address of this process. Asks the kernel (PROCMAP_QUERY, Linux 6.11), or reads
 * /proc/self/smaps, which takes a millisecond if a process has many mappings. No lock.
 *
 * @param va     Any address.
 * @param memory Where to store the answer.
 * @return 0, -ENOENT if nothing is mapped there, or the kernel's answer.
 */
int ioas_memory_at(const void *va, struct ioas_memory *memory);

/**
 * Find the mapping of this process that contains an address, or the next one above it. Unlike
 * ioas_memory_at() it allocates nothing, so an allocator may call it. No lock.
 *
 * @param va Any address.
 * @param mapping Where to store it.
 * @param shared Where to store whether its memory is shared.
 * @return False if nothing is mapped at the address or above it.
 */
bool ioas_mapping_from(const void *va, struct ioas_range *mapping, bool *shared);

/**
 * Get the size of the pages at an address, as ioas_memory_at() does.
 *
 * @param va      Any address.
 * @param mapping Where to store the first and the last address of the mapping that contains it, or NULL. All
 *   of the mapping has pages of that size.
 * @return The size in bytes; 0 if nothing is mapped there, or it cannot be read.
 */
uint64_t ioas_page_size(const void *va, struct ioas_range *mapping);

/**
 * Keep IOVAs for the memory around an address, as ioas_reserve() does. The reservation covers the part of the
 * range that contains the address and that no earlier reservation has. If an end of that memory goes
 * (ioas_forget_end()), the end is not reserved any more.
 *
 * @param space The space.
 * @param va    An address in the range. If a reservation has it already, nothing happens.
 * @param range Addresses, aligned to 4 KiB, for example of a mapping.
 * @return 0, or
 *   -EINVAL    the address is not in the range, or it is misaligned;
 *   -ENOSPC    no free range is long enough (not logged: maps still work);
 *   -ENOMEM    no memory.
 */
int ioas_reserve_around(struct ioas *space, const void *va, struct ioas_range range);

/** The state of a space. */
struct ioas_info {
	const char *backend;       /**< The backend's name. Valid while the space lives. */
	bool kernel_chooses;       /**< The kernel chooses IOVAs; else the library does. */
	unsigned int devices;      /**< Attached devices. */
	uint64_t maps;             /**< Areas. */
	uint64_t bytes;            /**< The sum of their lengths. */
	uint64_t alignment;        /**< The alignment of IOVAs and lengths, in bytes. */
	struct ioas_range aperture; /**< First and last usable IOVA; see ioas_ranges() for holes. */
	struct ioas_range window;   /**< The window; without one last is UINT64_MAX. */
	uint64_t quarantine;        /**< Bytes that are in quarantine now. */
	uint64_t quarantine_limit;  /**< ioas_options.quarantine; quarantine can exceed it by one call. */
};

/**
 * Read the state of a space, all of it at one moment.
 *
 * @param space The space.
 * @param info  Where to store it.
 */
void ioas_get_info(struct ioas *space, struct ioas_info *info);

/**
 * Ask the kernel how many more maps it takes.
 *
 * @param space The space.
 * @return The number; UINT64_MAX if the kernel does not report it (type1 does since Linux 5.10, with a
 *   device), or has no limit.
 */
uint64_t ioas_room(struct ioas *space);

/** iommufd maps memory of a file by its descriptor (IOMMU_IOAS_MAP_FILE, Linux 6.13). */
#define IOAS_FEATURE_MAP_FILE (1u << 0)
/** Such maps can go to another process (IOMMU_IOAS_CHANGE_PROCESS, Linux 6.13). */
#define IOAS_FEATURE_CHANGE_PROCESS (1u << 1)
/** The IOMMUs of all attached devices can record which pages a device has written to. */
#define IOAS_FEATURE_DIRTY_TRACKING (1u << 2)

/**
 * Ask the kernel for the features that it offers and the library does not use. Each call asks the kernel
 * itself, not its version.
 *
 * @param space The space.
 * @return IOAS_FEATURE_ bits; 0 with a backend other than iommufd. A device that was opened through its group
 *   does not report dirty tracking, so that bit is 0 then.
 */
unsigned int ioas_features(struct ioas *space);

/**
 * Read the ranges that the attached devices allow, in ascending order.
 *
 * @param space  The space.
 * @param ranges Where to store them, or NULL.
 * @param n      The number of ranges that fit.
 * @return The number of ranges, which may be more than n.
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
 * Visit all areas in the order of their IOVAs, with the space locked: the function must not call the library
 * for this space.
 *
 * @param space The space.
 * @param fn    Called for each area. A return value other than 0 ends the walk.
 * @param arg   Passed to fn.
 * @return 0, or the value with which fn ended the walk.
 */
int ioas_walk(struct ioas *space, int (*fn)(const struct ioas_area *area, void *arg), void *arg);

/**
 * ioas_walk() for areas in quarantine, which were unmapped and whose IOVAs are not chosen again yet.
 *
 * @param space The space.
 * @param fn    Called for each area. A return value other than 0 ends the walk.
 * @param arg   Passed to fn.
 * @return 0, or the value with which fn ended the walk.
 */
int ioas_walk_quarantine(struct ioas *space, int (*fn)(const struct ioas_area *area, void *arg),
			 void *arg);

/** Steps of a histogram of latencies. */
#define IOAS_LATENCY_STEPS 40

/** The durations of successful calls, from entry to return, in nanoseconds. They include the wait for the space's
 * lock. */
struct ioas_latency {
	uint64_t calls;    /**< The number of calls. */
	uint64_t total_ns; /**< The sum. */
	uint64_t max_ns;   /**< The longest. */
	/** Calls that took less than 2^i ns and at least half of that. The last step also counts all longer calls. */
	uint64_t steps[IOAS_LATENCY_STEPS];
};

/** Failures are counted by errno, from 1 to this minus 1, which is EHWPOISON, Linux's last. Index 0 counts all
 * others. */
#define IOAS_ERRORS 134

/** Counts since the space was created. */
struct ioas_stats {
	uint64_t maps;      /**< Areas that were added, including copies if this space follows another. */
	uint64_t unmaps;    /**< Areas that were removed, also because a map was undone for all spaces. */
	uint64_t maps_now;  /**< Areas now: maps minus unmaps. */
	uint64_t maps_max;  /**< The most areas at any time. */
	uint64_t bytes_now; /**< The sum of the areas' lengths. */
	uint64_t bytes_max; /**< The largest sum at any time. */
	uint64_t attaches;  /**< Number of attached devices, ever. */
	uint64_t detaches;  /**< Number of detached devices, ever. */
	/** Calls of ioas_map() and ioas_map_fixed() that failed, by errno: map_failures[ENOMEM]. */
	uint64_t map_failures[IOAS_ERRORS];
	/** The same for ioas_unmap() and ioas_unmap_iova(), plus areas that the kernel refused to unmap. */
	uint64_t unmap_failures[IOAS_ERRORS];
	/** The same for ioas_attach(). */
	uint64_t attach_failures[IOAS_ERRORS];
	struct ioas_latency map;   /**< Calls of ioas_map() and ioas_map_fixed(). */
	struct ioas_latency unmap; /**< Calls of ioas_unmap() and ioas_unmap_iova() that removed areas. */
};

/**
 * Read the counters. Lookups are not counted, because they write nothing. Takes the lock.
 *
 * @param space The space.
 * @param stats Where to store the counters.
 */
void ioas_get_stats(struct ioas *space, struct ioas_stats *stats);

/** The number of entry sizes that are counted: 4 KiB, 2 MiB, 1 GiB. */
#define IOAS_ENTRY_SIZES 3

/**
 * Count the entries that an IOMMU needs for an area, as far as its placement and its pages show. It needs one
 * of 1 GiB where IOVA and address allow it and the pages are as large, else one of 2 MiB, else one of 4 KiB.
 * An IOMMU that lacks a size uses the next smaller one. Pages that happen to be adjacent in physical memory
 * can take fewer entries. Works on its arguments only. No lock.
 *
 * @param area    From ioas_walk().
 * @param page    The size of the area's pages in bytes, from ioas_page_size(). 0 (not known) counts like 4
 *   KiB.
 * @param entries Counts by size, the smallest first. The call adds to them.
 */
void ioas_area_entries(const struct ioas_area *area, uint64_t page, uint64_t entries[IOAS_ENTRY_SIZES]);

/**
 * The reverse lookup, for fault reports: find the memory that an IOVA leads to. Takes the lock.
 *
 * @param space The space.
 * @param iova  Any IOVA.
 * @param area  Where to store the area, or NULL.
 * @return The address of that byte, or NULL if the IOVA is not mapped.
 */
void *ioas_lookup_iova(struct ioas *space, uint64_t iova, struct ioas_area *area);

/** The states of an IOVA. */
enum ioas_iova_state {
	IOAS_IOVA_MAPPED,   /**< It leads to memory. */
	IOAS_IOVA_UNMAPPED, /**< It led to memory, which was unmapped. */
	IOAS_IOVA_FREE,     /**< The library remembers no map there. */
	IOAS_IOVA_UNUSABLE, /**< Reserved, or beyond the aperture: nothing can be mapped there. */
};

/** The result of ioas_explain(). */
struct ioas_explanation {
	enum ioas_iova_state state; /**< The state. */
	/** Mapped or unmapped: the area. Else the nearest area below, because a device may have written
	 * beyond its end; length is 0 if there is none. */
	struct ioas_area area;
	/** Mapped or unmapped: the address of the byte. */
	void *va;
	/** Unmapped: the time, in nanoseconds of CLOCK_MONOTONIC. */
	uint64_t unmapped_at;
	/** Unmapped: the IOVA is in quarantine. */
	bool quarantined;
	/** Unusable: the range that contains the IOVA; last is UINT64_MAX beyond the aperture. */
	struct ioas_range hole;
};

/**
 * Report all that is known about an IOVA, for fault reports. Takes the lock. The library remembers the last
 * 1,024 areas that were unmapped, and all areas in quarantine.
 *
 * @param space       The space.
 * @param iova        Any IOVA.
 * @param explanation Where to store the result.
 */
void ioas_explain(struct ioas *space, uint64_t iova, struct ioas_explanation *explanation);

/** A DMA that an IOMMU has stopped, as the kernel's log reports it. */
struct ioas_fault {
	const char *iommu; /**< "VT-d", "AMD-Vi", "SMMUv3" or "virtio-iommu". */
	/** The PCI address of the device. SMMUv3 and virtio-iommu report only the number by which the IOMMU knows
	 * the device. It is converted as if it were the requester ID in domain 0000, which is true unless the
	 * firmware says otherwise. VT-d reports no domain: it counts as 0000. */
	char device[16];
	uint64_t iova;     /**< The IOVA that the device used. VT-d reports its page. */
	bool read;         /**< It was a read. Neither read nor write: not known. */
	bool write;        /**< It was a write. */
	char reason[64];   /**< The kernel's words, or the name of the event. */
	uint64_t at;       /**< The time in nanoseconds, about that of CLOCK_MONOTONIC; 0: not known. */
};

/** The state of ioas_fault_parse() between lines. Zero it before the first. */
struct ioas_fault_parser {
	unsigned int words;  /**< Lines of the current event so far, including the headline; 0: none. */
	uint64_t word[4];    /**< The words of an SMMUv3 event. */
	uint64_t at;         /**< The time of the report. */
	char name[32];       /**< The SMMU that reports the event. */
};

/**
 * Look for a stopped DMA in a line of the kernel's log, with or without its time, as `dmesg` and /dev/kmsg
 * print it. The parser knows the reports of VT-d, AMD-Vi, SMMUv3 (five lines each) and virtio-iommu, as Linux
 * 5.10 to 6.12 write them. Newer kernels name the device of an SMMUv3 event in a sixth line. If the number in
 * the event led to another device, the parser reports the event again, with the right one. Any thread. No
 * lock.
 *
 * @param parser The parser of this log.
 * @param line   The line, with or without a line feed.
 * @param fault  Where to store the report.
 * @return Whether this line completed a report.
 */
bool ioas_fault_parse(struct ioas_fault_parser *parser, const char *line, struct ioas_fault *fault);

/** Each entry of the lookup table covers this many bytes (as a power of two). */
#define IOAS_TABLE_SHIFT 21
/** Each entry of a detail covers this many bytes (as a power of two). */
#define IOAS_DETAIL_SHIFT 12
/** Each block of the slower path covers this many bytes (as a power of two). */
#define IOAS_FAR_SHIFT 39
/** No user address has more bits than this (x86-64 with 5 levels: 56, arm64 and ppc64: 52). */
#define IOAS_VA_BITS 57
/** The number of entries of a detail. */
#define IOAS_DETAIL_ENTRIES (1u << (IOAS_TABLE_SHIFT - IOAS_DETAIL_SHIFT))
/** The entry is iova - va, with this bit set in the (otherwise zero) page offset. */
#define IOAS_ENTRY_LINEAR UINT64_C(1)
/** The entry is the address of a detail, with this bit set. */
#define IOAS_ENTRY_DETAIL UINT64_C(2)
/** The part of an entry without the flags. */
#define IOAS_ENTRY_MASK (~UINT64_C(0xfff))

/**
 * The data of a lookup: one replica of the table, in the memory of one NUMA node. Constant after
 * ioas_create(), and valid while the space lives.
 */
struct ioas_table {
	/** One entry for each 2 MiB of the address space, from address 0. An entry is 0 if nothing is mapped. */
	const uint64_t *entry;
	/** The number of entries. Addresses beyond them take the slower path. 2^26 (47 bits of address; on
	 * Arm 2^27), or 0 if the address space of the array could not be reserved. */
	uint64_t entries;
	/** The slower path: one pointer for each 512 GiB of the address space, NULL or to the entries. */
	const uint64_t *const *far_entry;
	/** The NUMA node of its memory; -1: the node on which the writer ran. */
	int node;
};

/**
 * Get the replica of the lookup table for the calling thread: the one on the NUMA node that the thread runs
 * on now. Call it once in each thread, when the thread is on its final CPU, and keep the result. No lock.
 *
 * @param space The space.
 * @return The replica; one of another node if this node has none.
 */
const struct ioas_table *ioas_table(const struct ioas *space);

/**
 * Get the replica of the lookup table for threads that run on a NUMA node. No lock.
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
 * @param tables Where to store them, or NULL.
 * @param n      The number of replicas that fit.
 * @return The number of replicas, which may be more than n.
 */
unsigned int ioas_tables(const struct ioas *space, const struct ioas_table **tables,
			 unsigned int n);

/**
 * ioas_lookup() for addresses beyond the flat array. Call that instead.
 *
 * @param far_entry Of the table.
 * @param addr      The address.
 * @return As ioas_lookup().
 */
uint64_t ioas_lookup_far(const uint64_t *const *far_entry, uint64_t addr);

/**
 * Check whether an address lies in the flat array, so that ioas_lookup_flat() may look it up. Every address
 * below 2^47 (on Arm 2^48) does, unless the array could not be reserved (RLIMIT_AS). Linux places all memory
 * there unless a program asks for a higher address.
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
 * ioas_lookup() for memory that the caller knows to lie in the flat array; saves one comparison for each
 * address. Call ioas_table_is_flat() once, for the last byte of a pool or a ring.
 *
 * @param table From ioas_table().
 * @param va    An address in the flat array. Any other address reads memory outside the table.
 * @return The IOVA of that byte, or IOAS_BAD_IOVA if it is not mapped.
 */
static inline uint64_t
ioas_lookup_flat(const struct ioas_table *table, const void *va)
{
	const uint64_t addr = (uint64_t)(uintptr_t)va;
	/* Acquire (on x86 a plain load): the data that an entry leads to is at least as new as the entry. */
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
 * A mapping is visible as soon as the call that made it has returned, if the address reached this thread with
 * proper synchronisation. It is not visible any more as soon as the call that unmaps it has returned. If a
 * lookup finds a mapping, the thread also sees all writes that preceded the map call.
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
 * ioas_lookup_length() across entries. Call that instead.
 *
 * @param table  As there.
 * @param va     As there.
 * @param length As there.
 * @return As ioas_lookup_length().
 */
uint64_t ioas_lookup_run(const struct ioas_table *table, const void *va, uint64_t *length);

/**
 * Translate an address, and count the bytes from there that have consecutive IOVAs. Lock-free, any thread, at
 * any time.
 *
 * The bytes may belong to several areas. While a writer changes part of them, the result holds for each byte
 * at some moment of the call. Cost: inside 2 MiB as ioas_lookup(), then about 1 ns for each further 2 MiB.
 *
 * @param table  From ioas_table().
 * @param va     Any address.
 * @param length In: the number of bytes that the caller wants. Out: the number of them that are contiguous,
 *   from 1 to the wanted number; 0 if va is not mapped, or the wanted number was 0.
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
 * Translate an address that ioas_lookup() has not found, with a definite result. Waits for the space's lock.
 * Also waits while the memory may be about to go (ioas_forget_begin()), because lookups do not find it then.
 *
 * @param space The space.
 * @param va    Any address.
 * @return The IOVA of that byte, or IOAS_BAD_IOVA if it is not mapped.
 */
uint64_t ioas_lookup_or_wait(struct ioas *space, const void *va);

/**
 * Check whether any byte of a range is mapped. Lock-free, any thread, at any time. Bytes beyond the last
 * address do not count.
 *
 * Cost: as ioas_lookup(), for each 2 MiB of the range in the flat array (and for each 4 KiB of a 2 MiB in
 * which a part was mapped at some time).
 *
 * @param table  From ioas_table().
 * @param va     Any address.
 * @param length In bytes; 0: no byte is mapped.
 * @return Whether one is.
 */
bool ioas_lookup_any(const struct ioas_table *table, const void *va, uint64_t length);

/**
 * Translate a burst of addresses, such as the data pointers of the mbufs of a burst. Lock-free, any thread,
 * at any time. Uses AVX-512 (blocks of 32) or AVX2 (blocks of 16) if the CPU has them. Shorter bursts, and
 * blocks with an address that is not mapped or in a detail, cost about as much as single lookups.
 *
 * @param table From ioas_table().
 * @param va    The addresses.
 * @param iova  Where to store the IOVAs: IOAS_BAD_IOVA for addresses that are not mapped.
 * @param n     The number of addresses.
 * @return The number of mapped addresses: n if all are mapped.
 */
unsigned int ioas_lookup_bulk(const struct ioas_table *table, const void *const *va, uint64_t *iova,
			      unsigned int n);

/**
 * Get the method that ioas_lookup_bulk() uses on this CPU. No lock.
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
 * Convert a list of buffers to a list of segments, as few as possible: neighbours with consecutive IOVAs
 * become one segment. Lock-free, any thread, at any time.
 *
 * @param table    From ioas_table().
 * @param iov      The buffers. Empty ones are left out.
 * @param n_iov    The number of buffers.
 * @param segments Where to store the segments, or NULL.
 * @param n        The number of segments that fit.
 * @return The number of segments, which may be more than n (then the first n were stored), or
 *   -EFAULT a byte of a buffer is not mapped.
 */
int ioas_lookup_iovec(const struct ioas_table *table, const struct iovec *iov, unsigned int n_iov,
		      struct ioas_segment *segments, unsigned int n);

#ifdef __cplusplus
}
#endif

#endif /* IOAS_H */
