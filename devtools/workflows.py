#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks workflow files: YAML without a key twice, every script of the repository that they run is there, and
where GitHub runs one in a container, git has been told before that the checkout is another user's.
usage: workflows.py FILE..."""

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


SCRIPT = re.compile(r"(?<!\S)\./\S+")


def untrusted(document):
    """The first job whose container runs a script before git takes the checkout, or None."""
    for name, job in document.get("jobs", {}).items():
        steps = job["steps"] if "container" in job else []
        text = "\n".join(step.get("run", "") for step in steps)
        script = SCRIPT.search(text)
        if script and "--add safe.directory" not in text[:script.start()]:
            return name
    return None


def wrong(path):
    """What is wrong with a file, or None."""
    try:
        with open(path, encoding="utf-8") as file:
            document = yaml.load(file, Loader)
    except (OSError, yaml.YAMLError) as error:
        return str(error)
    scripts = [s for text in strings(document) for s in SCRIPT.findall(text)]
    if not scripts:
        return f"{path}: it runs no script"
    for script in scripts:
        if not os.access(script, os.X_OK):
            return f"{path}: {script} is no script of this folder"
    job = untrusted(document)
    if job:
        return f"{path}: {job} runs a script before git knows safe.directory"
    return None


if __name__ == "__main__":
    failures = [failure for failure in map(wrong, sys.argv[1:]) if failure]
    print(*failures, sep="\n", end="\n" if failures else "")
    sys.exit(1 if failures or len(sys.argv) < 2 else 0)
