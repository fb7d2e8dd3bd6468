#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks what examples/kubernetes gives to a cluster: well-formed objects whose containers have no
privilege, devices that are asked for and handed out, huge pages enough for -m. Prints PASS or FAIL
lines. usage: manifests.py
"""

import sys
from pathlib import Path

import yaml

from workflows import Loader

FOLDER = Path(__file__).resolve().parents[1] / 'examples/kubernetes'
UNITS = {'Ki': 1 << 10, 'Mi': 1 << 20, 'Gi': 1 << 30}


def pod_of(document):
    """The specification of the pod that an object makes."""
    spec = document['spec']
    return spec['template']['spec'] if 'template' in spec else spec


def incomplete(document):
    """What an object lacks that the cluster refuses or misses."""
    pod = pod_of(document)
    for key in ('apiVersion', 'kind'):
        if not isinstance(document[key], str):
            yield key
    if not isinstance(document['metadata']['name'], str):
        yield 'no name'
    if 'template' in document['spec']:
        labels = document['spec']['template']['metadata']['labels']
        if not document['spec']['selector']['matchLabels'].items() <= labels.items():
            yield 'a selector that its pods do not match'
    volumes = {volume['name'] for volume in pod.get('volumes', [])}
    for container in pod['containers']:
        if {mount['name'] for mount in container.get('volumeMounts', [])} != volumes:
            yield 'volumes and mounts of other names'
        if not container['image'] or not container['resources']['limits']:
            yield 'no image, or no limits'


def privileges(pod):
    """What a pod has that it must not have."""
    yield from (key for key in ('hostNetwork', 'hostPID', 'hostIPC') if pod.get(key))
    for container in pod['containers']:
        context = container.get('securityContext', {})
        if context.get('privileged'):
            yield 'privileged'
        if context.get('allowPrivilegeEscalation') is not False:
            yield 'allowPrivilegeEscalation'
        capabilities = context.get('capabilities', {})
        if capabilities.get('drop') != ['ALL'] or capabilities.get('add'):
            yield 'capabilities'


def handed_out(pod):
    """The resources of the generic device plugin."""
    arguments = pod['containers'][0]['args']
    domain = next(a.partition('=')[2] for a in arguments if a.startswith('--domain='))
    # JSON is YAML.
    return {f'{domain}/{yaml.safe_load(a.partition("=")[2])["name"]}'
            for a in arguments if a.startswith('--device=')}


def asks_wrong(pod, offered):
    """What a pod asks for that it does not get."""
    container = pod['containers'][0]
    limits, arguments = container['resources']['limits'], container['args']
    wanted = {name for name in limits if '/' in name}
    yield from (f'{name} is not asked for, or not handed out' for name in sorted(wanted ^ offered))
    pages = sum(int(size[:-2]) * UNITS[size[-2:]] for name, size in limits.items()
                if name.startswith('hugepages-'))
    if pages < int(arguments[arguments.index('-m') + 1]) << 20:
        yield 'fewer huge pages than -m'
    if not pod['securityContext'].get('runAsNonRoot'):
        yield 'it may run as root'


def main():
    wrong, pods = [], {}
    for path in sorted(FOLDER.glob('*.yaml')):
        try:
            document = yaml.load(path.read_text(), Loader)
            pods[document['kind']] = pod = pod_of(document)
            wrong += [f'{path.name}: {what}' for what in (*incomplete(document), *privileges(pod))]
        except (yaml.YAMLError, KeyError, TypeError) as error:
            wrong.append(f'{path.name}: {type(error).__name__} {" ".join(str(error).split())}')
    if not wrong:
        wrong += asks_wrong(pods['Pod'], handed_out(pods['DaemonSet']))
    print(*(f'FAIL manifests: {what}' for what in wrong) if wrong
          else ['PASS manifests: well-formed, without privilege'], sep='\n')
    return int(bool(wrong))


if __name__ == '__main__':
    sys.exit(main())
