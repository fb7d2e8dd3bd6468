#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Makes mutants: small changes of C source, one at a time, each of which a test should notice.

usage: mutants.py list [--seed N] [--count N] [--match REGEX] [--known FILE] [--check] SOURCE...
       mutants.py apply SOURCE NUMBER
       mutants.py tests BUILD MAP SOURCE

list: a line for each mutant: SOURCE, its number there, what it is; --count: a random choice of them, the same
for the same --seed and sources; --match: those whose line matches; --known: without those that this file
lists; --check: instead, the entries of that file which are no mutant any more.
apply: prints the source with that mutant.
tests: the tests of a build folder of meson, those first that the map names for the source: name, program,
and the command, in the words of a shell. Of the plugin only those that the map names: "guest:NAME" is a
test of test/guest.
"""

import argparse
import json
import random
import re
import shlex
import sys
from pathlib import Path

# Parts of a line in which nothing is changed, blanked out so that columns stay.
IGNORED = re.compile(r"""\b(?:_Static_assert|__attribute__)\s*\([^;{]*\);|//.*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""", re.S)

# An operator and what stands in its place. They have spaces around them, unlike a pointer's star.
SWAPS = {'==': ['!='], '!=': ['=='], '<': ['<='], '<=': ['<'], '>': ['>='], '>=': ['>'], '&&': ['||'],
         '||': ['&&'], '+': ['-'], '-': ['+'], '*': ['+'], '/': ['*'], '&': ['|'], '|': ['&'], '<<': ['>>'],
         '>>': ['<<'], '+=': ['-=', '='], '-=': ['+=', '='], '|=': ['&=', '='], '&=': ['|=', '=']}
OPERATOR = re.compile(r'(?<= )([=!<>+*/&|-]=|<<|>>|&&|\|\||[<>+/&|-]|\*(?= ))(?=[ \n])')
# Not where another change does the same (behind a comparison, "-2" for "-1"), nor how large a buffer is.
NUMBER = re.compile(r'(?<![\w.])(?<![^<>][<>] )(?<![<>=!]= )(?<!\w\[)(?<!% )(0[xX][0-9a-fA-F]+|\d+)(?![\w.])')
TRUTH = re.compile(r'\b(true|false)\b')
CONTROL = re.compile(r'\b(if|while) \(')
RETURN = re.compile(r'return (?!0;|false;|true;|NULL;)[^;]+;', re.S)
# A statement that does something: no declaration, which has two words before the "=".
STATEMENT = re.compile(r'[*(]*\w[\w.>-]*(\[[^\]]*\])*\)*( [+*/&|^-]?=| <<=| >>=|\+\+;|--;|\()|(break|continue|goto \w+);')
# Tests of programs of app/.
TOOLS = ('info', 'perf', 'picture')
COUNTING = re.compile(r'(.*\S)(\+\+|--);$', re.S)


def blank(match):
    """Spaces in the place of text; lines stay lines."""
    return re.sub(r'[^\n]', ' ', match.group())


def closing(text, start):
    """Behind the parenthesis that closes the one at start."""
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == '(') - (text[at] == ')')
        if depth == 0:
            return at + 1
    return len(text)


def statements(code):
    """Where the statements begin and end that do something, inside functions."""
    for match in re.finditer(r'(?<=\n)\t+(?=[^\s#])', code):
        start = match.end()
        before = code[:match.start()].rstrip()
        if before[-1:] not in ('{', '}', ';', ':', ')') and not re.search(r'\b(else|do)$', before):
            continue
        end = code.find(';', start) + 1
        if end == 0 or not STATEMENT.match(code, start) or code[start:end].count('(') != code[start:end].count(')') \
           or '{' in code[start:end] or re.match(r'(if|while|for|switch|return|sizeof|else|do)\b', code[start:]):
            continue
        # A ")" before it may belong to an expression that goes on.
        if before.endswith(')') and not re.search(r'\b(if|while|for|switch) \([^;{}]*(;[^;{}]*;[^;{}]*)?\)$', before):
            continue
        yield start, end


def changes(text):
    """The mutants of a source: where a piece begins and ends, and what takes its place."""
    code = IGNORED.sub(blank, text)
    for match in OPERATOR.finditer(code):
        line = code[code.rfind('\n', 0, match.start()) + 1:match.start()]
        if line.startswith('#include'):
            continue
        for other in SWAPS.get(match.group(1), []):
            yield match.start(1), match.end(1), other
    for match in NUMBER.finditer(code):
        value = int(match.group(), 0)
        line = code[code.rfind('\n', 0, match.start()) + 1:match.start()]
        if not line.startswith('#include'):
            if line.endswith('return ') and value == 0:
                # Most callers only ask whether it is negative.
                yield match.start(), match.end(), '-1'
            elif not re.search(r'(?<=[=(,?:{]) -$|[(]-$|return -$', line):
                yield match.start(), match.end(), str(value + 1)
            if value > 0:
                yield match.start(), match.end(), str(value - 1)
    for match in TRUTH.finditer(code):
        yield match.start(), match.end(), 'false' if match.group() == 'true' else 'true'
    for match in CONTROL.finditer(code):
        start = match.end() - 1
        end = closing(code, start)
        yield start, end, f'(!{text[start:end]})'
        if match.group(1) == 'if':
            yield start, end, '(1)'
            yield start, end, '(0)'
    for match in RETURN.finditer(code):
        yield match.start(), match.end(), 'return 0;'
    for start, end in statements(code):
        yield start, end, ';'
        counting = COUNTING.fullmatch(text[start:end])
        if counting:
            yield start, end, f'{counting.group(1)} = 1;'
            yield start, end, counting.group(1) + ('--;' if counting.group(2) == '++' else '++;')


def shown(text, start, end, new):
    """A mutant in one line: the lines that it changes before and after."""
    first = text.rfind('\n', 0, start) + 1
    last = text.find('\n', end)
    old, changed = (re.sub(r'\s+', ' ', piece).strip()
                    for piece in (text[first:last], text[first:start] + new + text[end:last]))
    return f'{old} => {changed}'


def mutants(source):
    """The mutants of a file, in their order in it: number, line, what it looks like."""
    text = Path(source).read_text(encoding='utf-8')
    for number, (start, end, new) in enumerate(sorted(changes(text))):
        yield number, text.count('\n', 0, start) + 1, shown(text, start, end, new)


def known_ones(path):
    """The entries of the file: "SOURCE: OLD => NEW", each with a line of reason before it."""
    return [line for line in Path(path).read_text(encoding='utf-8').splitlines()
            if line.strip() and not line.startswith('#')]


def list_mutants(args):
    """Command list."""
    known = set(known_ones(args.known)) if args.known else set()
    found = [(source, number, line, what, f'{source}: {what}') for source in args.sources
             for number, line, what in mutants(source)]
    if args.check:
        gone = known - {name for *_, name in found}
        print(*sorted(gone), sep='\n', end='\n' if gone else '')
        return 1 if gone else 0
    chosen = [entry for entry in found if entry[4] not in known
              and (not args.match or re.search(args.match, f'{entry[0]}:{entry[2]}: {entry[3]}'))]
    if args.count is not None and args.count < len(chosen):
        chosen = random.Random(args.seed).sample(chosen, args.count)
    for source, number, line, what, _ in chosen:
        print(source, number, f'{source}:{line}: {what}', sep='\t')
    return 0


def apply(args):
    """Command apply."""
    text = Path(args.source).read_text(encoding='utf-8')
    start, end, new = sorted(changes(text))[args.number]
    # Lines keep their numbers.
    gone = text.count('\n', start, end) - new.count('\n')
    sys.stdout.write(text[:start] + new + '\n' * gone + text[end:])
    return 0


def tests(args):
    """Command tests."""
    build = Path(args.build).resolve()
    first = []
    for line in Path(args.map).read_text(encoding='utf-8').splitlines():
        if line.split()[:1] == [args.source]:
            first = line.split()[1:]
    rank = {name: i for i, name in enumerate(first)}
    is_library = not args.source.startswith('drivers/')
    found = [(rank[name], name, '', '') for name in first if name.startswith('guest:')]
    for test in json.loads((build / 'meson-info/intro-tests.json').read_text(encoding='utf-8')):
        suites = {suite.split(':')[-1] for suite in test['suite']}
        names = {test['name'], test['name'].split('-')[0]}
        if suites & {'unit', 'fuzz'} and test['name'] not in TOOLS and (is_library or names & set(rank)):
            program = Path(test['cmd'][0]).relative_to(build)
            order = min((rank[name] for name in names if name in rank), default=len(rank))
            command = ['env', *(f'{key}={value}' for key, value in test['env'].items()), *test['cmd']]
            found.append((order, test['name'], str(program), shlex.join(command)))
    for _, *columns in sorted(found, key=lambda entry: entry[0]):
        print(*columns, sep='\t')
    return 0


def main():
    """Reads the command line."""
    parser = argparse.ArgumentParser(usage=__doc__)
    commands = parser.add_subparsers(required=True)
    listing = commands.add_parser('list')
    listing.add_argument('--seed', default='1')
    listing.add_argument('--count', type=int)
    listing.add_argument('--match')
    listing.add_argument('--known')
    listing.add_argument('--check', action='store_true')
    listing.add_argument('sources', nargs='+')
    listing.set_defaults(run=list_mutants)
    applying = commands.add_parser('apply')
    applying.add_argument('source')
    applying.add_argument('number', type=int)
    applying.set_defaults(run=apply)
    testing = commands.add_parser('tests')
    testing.add_argument('build')
    testing.add_argument('map')
    testing.add_argument('source')
    testing.set_defaults(run=tests)
    args = parser.parse_args()
    return args.run(args)


if __name__ == '__main__':
    sys.exit(main())
