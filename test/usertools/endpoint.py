#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-ioas authors

"""
Gives answers that an application has given to the endpoint for
dpdk-telemetry-exporter.py, and checks what it makes of them.

    endpoint.py ENDPOINT ANSWERS [METRICS]

ANSWERS is a file with lines "COMMAND: JSON", or what dpdk-telemetry.py
printed; of a command that has several, the last one is taken. METRICS is what
dpdk-telemetry-exporter.py told of the same application: the same, and no
answer contradicts another.
"""

import importlib.util
import json
import re
import sys

# All else is a gauge.
COUNTERS = {"maps", "unmaps", "attaches", "detaches", "misses", "failures"}
COUNTERS.update(f"{call}_latency_seconds_{part}" for call in ("map", "unmap")
                for part in ("bucket", "sum", "count"))

failed = False


def check(good, what):
    global failed
    print("ok" if good else "not ok", what)
    failed = failed or not good


class Socket:
    """As dpdk-telemetry-exporter.py has it."""

    def __init__(self, answers):
        self.answers = answers

    def cmd(self, uri, arg=None):
        return self.answers[uri if arg is None else f"{uri},{arg}"]


def load(path):
    spec = importlib.util.spec_from_file_location("ioas", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(path):
    answers = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            command, _, answer = line.strip().partition(": ")
            if command.startswith("/") and answer.startswith("{"):
                answers[command] = json.loads(answer)
            elif command.startswith('{"/'):
                answers.update(json.loads(line))
    return answers


def total(values):
    return sum(int(v, 0) for v in values.values())


def check_latency(metrics, stats, call):
    name, of = f"{call}_latency_seconds", stats[f"{call}_latency"]
    buckets = [(float(labels["le"]), n) for metric, n, labels in metrics
               if metric == f"{name}_bucket"]
    check(buckets == sorted(buckets) and [n for _, n in buckets] == sorted(n for _, n in buckets),
          f"{name}: buckets ascend")
    check(buckets[-1] == (float("inf"), int(of["calls"])) and len(buckets) == 26,
          f"{name}: the last has all")
    for below, n in buckets[:-1]:
        calls = sum(int(c) for ns, c in of["below_ns"].items() if int(ns) / 1e9 <= below)
        check(n == calls, f"{name}: calls below {below} s")
    check((f"{name}_sum", int(of["total_ns"]) / 1e9, {}) in metrics, f"{name}: sum")


def check_exported(path, info, metrics):
    """What Prometheus reads."""
    types, values, described = {}, [], set()
    with open(path, encoding="utf-8") as f:
        for line in f.read().splitlines():
            word = line.split(maxsplit=3)
            if line.startswith("# HELP "):
                described.add((word[2], word[3]))
            elif line.startswith("# TYPE "):
                check(word[2] not in types, f"{word[2]}: one type")
                types[word[2]] = word[3]
            else:
                name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
                values.append((name, float(value), dict(re.findall(r'(\w+)="(.*?)"', labels or ""))))
    names = {name for name, _, _ in metrics}
    check(types == {f"dpdk_ioas_{name}": info[name][1] for name in names}, "exported: types")
    check(described == {(f"dpdk_ioas_{name}", info[name][0]) for name in names}, "exported: descriptions")
    check(values == [(f"dpdk_ioas_{name}", float(n), {key: str(label) for key, label in labels.items()})
                     for name, n, labels in metrics], "exported: values")


def check_answers(answers):
    space, stats = answers["/ioas/info"], answers["/ioas/stats"]
    maps = list(answers["/ioas/maps"]["maps"].values())
    ranges = list(answers["/ioas/ranges"]["ranges"].values())

    check(sum(m["areas"] for m in maps) == int(space["maps"]) == int(stats["maps_now"]), "answers: maps")
    check(sum(int(m["length"], 0) for m in maps) == int(space["bytes"], 0) == int(stats["bytes_now"], 0),
          "answers: bytes")
    check(len(answers["/ioas/devices"]["devices"]) == space["devices"] ==
          int(stats["attaches"]) - int(stats["detaches"]), "answers: devices")
    check((ranges[0]["first"], ranges[-1]["last"]) == (space["aperture_first"], space["aperture_last"]),
          "answers: ranges")
    check(sum(int(m["length"], 0) for m in answers["/ioas/quarantine"]["quarantine"].values()) ==
          int(space["quarantine"], 0), "answers: quarantine")
    check([answers["/ioas/iova"][name] for name in ("state", "iova", "address")] ==
          ["mapped", maps[0]["iova"], maps[0]["address"]], "answers: an IOVA")


def main():
    endpoint, answers = load(sys.argv[1]), read(sys.argv[2])
    info, metrics = endpoint.info(), endpoint.metrics(Socket(answers))
    stats, space = answers["/ioas/stats"], answers["/ioas/info"]

    def values(name):
        return [n for metric, n, _ in metrics if metric == name]

    check(all(name in info for name, _, _ in metrics), "all are described")
    check(all(kind == ("counter" if name in COUNTERS else "gauge") for name, (_, kind) in info.items()),
          "all have their type")
    check(all(isinstance(n, (int, float)) for _, n, _ in metrics), "all are numbers")
    check(len(set((name, *labels.items()) for name, _, labels in metrics)) == len(metrics),
          "none comes twice")
    check(values("maps") == [int(stats["maps"])], "maps")
    check(values("bytes_now") == [int(stats["bytes_now"], 16)], "bytes")
    check(values("quarantine") == [int(space["quarantine"], 16)], "quarantine")
    check(sum(values("bytes_by_node")) == values("bytes_now")[0], "nodes")
    check(sum(values("failures")) == sum(total(stats[f"{call}_failures"])
                                         for call in ("map", "unmap", "attach")), "failures")
    check(("memlock_free" in space) == (len(values("memlock_free")) == 1), "what is absent")
    for call in ("map", "unmap"):
        check_latency(metrics, stats, call)
    if len(sys.argv) > 3:
        check_exported(sys.argv[3], info, metrics)
        check_answers(answers)
    nobody = {"/ioas/stats": None, "/ioas/info": None}
    check(endpoint.metrics(Socket(nobody)) == [], "an application without the plugin")
    return 1 if failed else 0


sys.exit(main())
