#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks workflow files: YAML without a key twice, and every script of the repository that they run is
there. usage: workflows.py FILE..."""

import os
import re
import sys

import yaml


class Loader(yaml.SafeLoader):
    """Refuses a key that is there twice."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"'{key}' twice", node.start_mark)
        return super().construct_mapping(node, deep)


def strings(value):
    """All strings of a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def wrong(path):
    """What is wrong with a file, or None."""
    try:
        with open(path, encoding="utf-8") as file:
            document = yaml.load(file, Loader)
    except (OSError, yaml.YAMLError) as error:
        return str(error)
    scripts = [s for text in strings(document) for s in re.findall(r"(?<!\S)\./\S+", text)]
    if not scripts:
        return f"{path}: it runs no script"
    for script in scripts:
        if not os.access(script, os.X_OK):
            return f"{path}: {script} is no script of this folder"
    return None


if __name__ == "__main__":
    failures = [failure for failure in map(wrong, sys.argv[1:]) if failure]
    print(*failures, sep="\n", end="\n" if failures else "")
    sys.exit(1 if failures or len(sys.argv) < 2 else 0)
