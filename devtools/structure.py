#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Shows how the sources depend on one another, and fails where a dependency goes up.

usage: devtools/structure.py [FOLDER]

Prints for lib/ioas, drivers/bus/ioas and app (of the checkout, or of FOLDER) each file with its level, its
lines and the project's headers that it includes, then the variables that keep state. The level of a file is
one more than the highest level that it includes. The last lines begin with PASS or FAIL:

- lib/ioas includes nothing of drivers, app or DPDK. Its ground (GROUND) includes ioas.h and the ground.
- drivers and app include ioas.h and nothing else of lib/ioas, nor anything of each other or of test.
- The tools of app share app/common, which includes none of them.
- Headers do not include each other in a circle. A source does not include a header that depends on its own.
- No file of lib/ and drivers/ is longer than LIMIT.

The lists of exceptions below may only get shorter: an entry that is not needed any more is a failure too.
"""

import re
import sys
from pathlib import Path

LIMIT = 450

# Longer files, with the lines that they may have.
LONG = {
    'lib/ioas/ioas.h': 1006,  # mostly documentation
}

# Includes that the rules forbid.
ALLOWED = {
    # The rule of the kernel about RLIMIT_MEMLOCK, which the plugin and a tool tell users.
    ('app/info/system.c', 'lib/ioas/privilege.h'),
    ('drivers/bus/ioas/memlock.c', 'lib/ioas/privilege.h'),
    # Benchmarks of the library's parts, and of the library on the model of the kernel.
    ('app/perf/eal.c', 'lib/ioas/table.h'),
    ('app/perf/lookup.c', 'lib/ioas/bulk.h'),
    ('app/perf/lookup.c', 'lib/ioas/table.h'),
    ('app/perf/maps.c', 'test/model/kernel_model.h'),
    ('app/perf/memory.c', 'lib/ioas/table.h'),
    ('app/perf/munmap.c', 'test/model/kernel_model.h'),
}

PUBLIC = 'lib/ioas/ioas.h'
# What knows nothing of spaces: names without .c and .h.
GROUND = {'clock', 'log', 'privilege', 'sys', 'sys_memory', 'sys_process', 'sys_watch', 'tree'}
FOLDERS = ('lib/ioas', 'drivers/bus/ioas', 'app/common', 'app/fault', 'app/info', 'app/perf')

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)
# A definition at the beginning of a line.
VARIABLE = re.compile(r'^(?!extern |typedef |return )((?:\w+ )+\**(?:const )?)(\w+)(?:\[[^]]*\])*(?: = .*|;)$', re.M)
BLOCK = re.compile(r'^(?:static )?struct \{\n(?:.*\n)*?\} (?:\w+\()?(\w+)[^;\n]*(?:;| = \{)$', re.M)


def includes(name, files):
    """The headers of the project that a file includes, and what is wrong with the others."""
    found, wrong = set(), []
    folders = (str(Path(name).parent), 'app/common', 'lib/ioas', *FOLDERS, 'test/model')
    for mark, header in INCLUDE.findall(files[name]):
        paths = [f'{folder}/{header}' for folder in folders if f'{folder}/{header}' in files]
        if paths:
            found.add(paths[0])
        elif mark == '"':
            wrong.append(f'{name} includes {header}, which is not among the sources')
        elif name.startswith('lib/') and re.match('(rte|eal)_', header):
            wrong.append(f'{name} includes {header}: lib/ioas knows nothing of DPDK')
    return found, wrong


def level(name, graph, levels, path=()):
    """One more than the highest level of what a file includes; a circle of headers ends at its beginning."""
    if name in path:
        return -1
    if name not in levels:
        levels[name] = 1 + max((level(to, graph, levels, (*path, name)) for to in graph.get(name, ())), default=-1)
    return levels[name]


def reaches(name, graph):
    """All that a file includes, directly or not."""
    found, left = set(), list(graph.get(name, ()))
    while left:
        to = left.pop()
        if to not in found:
            found.add(to)
            left += graph.get(to, ())
    return found


def state(text):
    """The variables of a file that are not constant."""
    for kind, name in VARIABLE.findall(text):
        if not (kind.rstrip().endswith('const') or ('const' in kind.split() and '*' not in kind)):
            yield name
    yield from BLOCK.findall(text)


def forbidden(name, to):
    """Why a file must not include a header, or None."""
    folder, other = str(Path(name).parent), str(Path(to).parent)
    if folder == 'lib/ioas' and folder == other:
        if Path(name).stem in GROUND and to != PUBLIC and Path(to).stem not in GROUND:
            return 'it belongs to the ground of lib/ioas'
    elif folder != other and to != PUBLIC and not (folder.startswith('app/') and other == 'app/common'):
        return 'the arrow goes up' if folder == 'lib/ioas' else f'it is private to {other}'
    return None


def show(files, graph):
    """Prints the graph and the state."""
    levels = {}
    for folder in FOLDERS:
        print(folder)
        here = [name for name in graph if str(Path(name).parent) == folder]
        for name in sorted(here, key=lambda name: (level(name, graph, levels), name)):
            headers = ' '.join(sorted(to.removeprefix(f'{folder}/') for to in graph[name]))
            lines = files[name].count('\n')
            print(f'  {levels[name]}  {lines:5}  {Path(name).name:20}  {headers}'.rstrip())
        print()
    print('state')
    for name in graph:
        variables = ' '.join(sorted(set(state(files[name]))))
        if variables and name.endswith('.c') and not name.startswith('app/'):
            print(f'  {name:32}  {variables}')
    print()


def check_includes(graph):
    """What is wrong with the graph."""
    arrows = {(name, to) for name, headers in graph.items() for to in headers}
    reasons = {(name, to): forbidden(name, to) for name, to in sorted(arrows) if forbidden(name, to)}
    for name, to in sorted(set(reasons) - ALLOWED):
        yield f'{name} includes {to}: {reasons[name, to]}'
    for name, to in sorted(ALLOWED - set(reasons)):
        yield f'{name} does not include {to} any more: take it out of ALLOWED'
    circle = sorted(name for name in graph if name.endswith('.h') and name in reaches(name, graph))
    if circle:
        yield f'these headers include each other in a circle: {" ".join(circle)}'
    up = {(name, to) for name, to in arrows
          if name.endswith('.c') and to != name[:-1] + 'h' and name[:-1] + 'h' in reaches(to, graph)}
    for name, to in sorted(up):
        yield f'{name} includes {to}, which depends on {Path(name).stem}.h'


def check_sizes(files):
    """Which files are too long."""
    lines = {name: text.count('\n') for name, text in files.items() if name.startswith(('lib/', 'drivers/'))}
    for name, n in lines.items():
        if n > LONG.get(name, LIMIT):
            yield f'{name} has {n} lines, more than {LONG.get(name, LIMIT)}'
    for name in LONG:
        if lines.get(name, 0) <= LIMIT:
            yield f'{name} is not longer than {LIMIT} lines any more: take it out of LONG'


def main():
    top = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[1]
    files = {str(path.relative_to(top)): path.read_text()
             for folder in (*FOLDERS, 'test/model') for path in sorted((top / folder).glob('*.[ch]'))}
    graph, wrong = {}, []
    for name in files:
        if not name.startswith('test/'):
            graph[name], unknown = includes(name, files)
            wrong += unknown
    show(files, graph)
    wrong += [*check_includes(graph), *check_sizes(files)]
    print(*(f'FAIL structure: {what}' for what in wrong) if wrong
          else [f'PASS structure: {len(graph)} files'], sep='\n')
    return int(bool(wrong))


if __name__ == '__main__':
    sys.exit(main())
