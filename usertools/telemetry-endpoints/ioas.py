# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-ioas authors

"""
What dpdk-telemetry-exporter.py (DPDK 24.11 and newer) exports of the plugin
librte_bus_ioas: doc/guides/telemetry.rst.
"""

COUNTERS = {
    "maps": "Areas that were mapped.",
    "unmaps": "Areas that were unmapped.",
    "attaches": "Devices that were attached.",
    "detaches": "Devices that were detached.",
    "misses": "Addresses that were asked for and have no IOVA.",
}
GAUGES = {
    "maps_now": "Areas that are mapped.",
    "maps_max": "The most areas that were mapped at a time.",
    "bytes_now": "Bytes that are mapped.",
    "bytes_max": "The most bytes that were mapped at a time.",
}
INFO_GAUGES = {
    "devices": "Devices that are attached.",
    "quarantine": "Bytes whose IOVAs are in quarantine.",
    "room": "Maps that the kernel still takes.",
    "memlock_free": "Bytes of RLIMIT_MEMLOCK that are left.",
}
# Nanoseconds, from 1 microsecond to 17 seconds.
BUCKETS = [1 << n for n in range(10, 35)]


def info():
    """Each metric's description and type."""
    metrics = {name: (text, "counter") for name, text in COUNTERS.items()}
    metrics.update((name, (text, "gauge")) for name, text in GAUGES.items())
    metrics.update((name, (text, "gauge")) for name, text in INFO_GAUGES.items())
    metrics["bytes_by_node"] = ("Bytes that are mapped, by NUMA node.", "gauge")
    metrics["entries"] = ("IOMMU entries that they need, by size.", "gauge")
    metrics["failures"] = ("Calls that failed, by errno.", "counter")
    for call in ("map", "unmap"):
        name = f"{call}_latency_seconds"
        metrics[f"{name}_bucket"] = (f"Calls that took at most so long: {call}.", "counter")
        metrics[f"{name}_sum"] = (f"Seconds that all calls took: {call}.", "counter")
        metrics[f"{name}_count"] = (f"Calls: {call}.", "counter")
    return metrics


def number(value):
    """Large numbers come as strings."""
    return int(value, 0) if isinstance(value, str) else value


def latency(name, what):
    """As Prometheus has histograms: the same buckets always, and each counts what those below it do."""
    for below in BUCKETS:
        calls = sum(number(n) for ns, n in what["below_ns"].items() if int(ns) <= below)
        yield f"{name}_bucket", calls, {"le": below / 1e9}
    yield f"{name}_bucket", number(what["calls"]), {"le": "+Inf"}
    yield f"{name}_sum", number(what["total_ns"]) / 1e9, {}
    yield f"{name}_count", number(what["calls"]), {}


def metrics(sock):
    """Asks the application; an empty list where it does not use the plugin."""
    stats = sock.cmd("/ioas/stats")
    space = sock.cmd("/ioas/info")
    if not stats or not space:
        return []
    out = [(name, number(stats[name]), {}) for name in (*COUNTERS, *GAUGES)]
    out += [(name, number(space[name]), {}) for name in INFO_GAUGES if name in space]
    for node, n in stats["bytes_by_node"].items():
        out.append(("bytes_by_node", number(n), {"node": node}))
    for size in ("4K", "2M", "1G"):
        out.append(("entries", number(stats["entries"][size]), {"size": size}))
    for call in ("map", "unmap", "attach"):
        for error, n in stats[f"{call}_failures"].items():
            out.append(("failures", number(n), {"call": call, "error": error}))
    for call in ("map", "unmap"):
        out += latency(f"{call}_latency_seconds", stats[f"{call}_latency"])
    return out
