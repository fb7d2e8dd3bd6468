#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-ioas authors

"""
Gives answers that an application has given to the endpoint for
dpdk-telemetry-exporter.py, and checks what it makes of them.

    endpoint.py ENDPOINT ANSWERS

ANSWERS is a file with lines "COMMAND: JSON"; of a command that has several,
the last one is taken.
"""

import importlib.util
import json
import sys

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


def main():
    endpoint, answers = load(sys.argv[1]), read(sys.argv[2])
    info, metrics = endpoint.info(), endpoint.metrics(Socket(answers))
    stats, space = answers["/ioas/stats"], answers["/ioas/info"]

    def values(name):
        return [n for metric, n, _ in metrics if metric == name]

    check(all(name in info for name, _, _ in metrics), "all are described")
    check(all(kind in ("counter", "gauge") for _, kind in info.values()), "all have a type")
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
    nobody = {"/ioas/stats": None, "/ioas/info": None}
    check(endpoint.metrics(Socket(nobody)) == [], "an application without the plugin")
    return 1 if failed else 0


sys.exit(main())
