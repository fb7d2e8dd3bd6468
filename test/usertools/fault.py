#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-ioas authors

"""
Has dpdk-ioas-fault explain a fault, with a made-up application that answers.

    fault.py DPDK-IOAS-FAULT
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading

LINE = "DMAR: [DMA Write NO_PASID] Request device [00:0c.0] fault addr 0x1000 [fault reason 0x05] x\n"
QUESTION = "/ioas/iova,0x1000,0000:00:0c.0"
STRANGER = "  0000:00:0c.0 is not a device of this application (or has another name there)"
FREE = "  nothing is mapped there, nor was lately"

failed = False


def check(good, what):
    global failed
    print("ok" if good else "not ok", what)
    failed = failed or not good


def reply(server, answer):
    client, _ = server.accept()
    with client:
        client.send(b'{"version": "made up"}')
        question = client.recv(1024).decode()
        client.send(json.dumps({question: answer if question == QUESTION else None}).encode())


def explain(tool, path):
    done = subprocess.run([tool, "--input", "-", "--socket", path], input=LINE, text=True,
                          stdout=subprocess.PIPE, timeout=30, check=False)
    check(done.returncode == 0, "status 0: the log was read to its end")
    lines = done.stdout.splitlines()
    check(lines[0].startswith("0000:00:0c.0: DMA write to IOVA 0x1000 stopped by VT-d"), "the fault")
    return lines[1:]


def answered(tool, folder, answer):
    path = os.path.join(folder, "socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(path)
        server.listen()
        server.settimeout(30)
        thread = threading.Thread(target=reply, args=(server, answer))
        thread.start()
        lines = explain(tool, path)
        thread.join()
    os.unlink(path)
    return lines


def main():
    tool = sys.argv[1]
    free = {"iova": "0x1000", "state": "free", "isolated": 0}
    with tempfile.TemporaryDirectory() as folder:
        check(answered(tool, folder, free | {"attached": 1}) == [FREE], "a device of the application")
        check(answered(tool, folder, free | {"attached": 0}) == [STRANGER, FREE], "of another")
        check(answered(tool, folder, free) == [FREE], "a plugin that does not tell")
        lines = answered(tool, folder, None)
        check(lines[0].startswith("  not explained: the application at "), "no plugin")
        lines = explain(tool, os.path.join(folder, "none"))
        check(lines[0].startswith("  not explained: no DPDK application answers at "), "nobody answers")
    return 1 if failed else 0


sys.exit(main())
