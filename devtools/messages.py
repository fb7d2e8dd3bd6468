#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compares what the library and the plugin log, and what the tools complain of, with
doc/guides/troubleshooting.rst.

usage: devtools/messages.py [--list]

Each such line has an entry there: a literal in the first line of a definition, with <words> where
the log line has values; as much of the line as tells it from others, from its beginning or from behind a
colon on. An entry for what nothing logs is wrong as well. Prints PASS or FAIL lines; --list: the lines.
"""

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
GUIDE = TOP / 'doc/guides/troubleshooting.rst'
SOURCES = sorted([*TOP.glob('lib/ioas/*.[ch]'), *TOP.glob('drivers/bus/ioas/*.[ch]'), *TOP.glob('app/*/*.[ch]')])

STRING = r'"(?:[^"\\\n]|\\.)*"'
COMMENT = re.compile(rf'({STRING})|/\*.*?\*/', re.S)
CALL = re.compile(r'\b(?:(?:ioas_log\([^;"]*?\bIOAS_LOG_|BUS_IOAS_LOG\()(ERR|WARNING|INFO|DEBUG),'
                  r'|fprintf\(\w+, (?=\w*NAME ")|printf\((?="  not explained)|complain\((?=")|errx\(1, )')
TOKEN = re.compile(rf'({STRING})|(\w+)|(\S)')
# PRIx64 and the like stand where a conversion goes on: they are joined as "d".
CONVERSION = re.compile(r'(?:0x)?%[-+ #0-9.*]*[lhzj]*[a-zA-Z]')
VALUE = '<>'
ENTRY = re.compile(r'``[^`]+``(?:, ``[^`]+``)*')


def literals(text, macros):
    """The strings among a call's arguments, as C joins them."""
    found, joined, depth = [], None, 1
    for string, word, mark in TOKEN.findall(text):
        value = string[1:-1] if string else macros.get(word, 'd' if word.startswith('PRI') else None)
        if value is not None:
            joined = (joined or '') + value
            continue
        if joined is not None:
            found.append(joined)
            joined = None
        depth += (mark == '(') - (mark == ')')
        if depth == 0:
            break
    return found


def same_form(line):
    """A line without its values."""
    return re.sub(rf'(?:{VALUE})+', VALUE, line)


def logged():
    """(level, where, line) of what is said; words that an argument adds stand for themselves."""
    texts = {source: COMMENT.sub(r'\1', source.read_text()) for source in SOURCES}
    defined = {source: dict(re.findall(r'#define (\w+) "([^"]*)"\n', text)) for source, text in texts.items()}
    everywhere = {name: value for source in SOURCES for name, value in defined[source].items()}
    for source, text in texts.items():
        macros = everywhere | defined[source]
        for call in CALL.finditer(text):
            line, *arguments = [same_form(CONVERSION.sub(VALUE, literal).replace('%%', '%'))
                                for literal in literals(text[call.end():], macros)]
            level, where = call[1] or 'ERR', str(source.relative_to(TOP))
            line = re.sub(r'^dpdk-ioas-\w+: ', '', line.removesuffix('\\n').strip())
            if re.search('[a-z]{3}', line):
                yield level, where, line
                arguments = [words for words in arguments if words.strip().count(' ') >= 3]
            yield from ((level, where, words.strip(' ,')) for words in arguments if ' ' in words)


def entries():
    """The literals that start a definition."""
    lines = GUIDE.read_text().splitlines()
    return {same_form(re.sub(r'<[^<>]+>', VALUE, literal))
            for line, below in zip(lines, lines[1:])
            if ENTRY.fullmatch(line) and below.startswith('    ')
            for literal in re.findall(r'``(.+?)``', line)}


def tells(entry, line):
    """Whether an entry stands for a line."""
    starts = [0, *(part.end() for part in re.finditer(rf': |^{VALUE}', line))]
    return any(line.startswith(entry, start) and not line[start + len(entry):][:1].isalnum()
               for start in starts)


def main():
    lines = list(logged())
    if sys.argv[1:] == ['--list']:
        print(*('\t'.join(line) for line in lines), sep='\n')
        return 0
    known = entries()
    wrong = [f'{where} says "{line}", which it does not have' for _, where, line in lines
             if not any(tells(entry, line) for entry in known)]
    wrong += [f'nothing says "{entry}"' for entry in sorted(known)
              if not any(tells(entry, line) for _, _, line in lines)]
    print(*(f'FAIL messages: {what}' for what in wrong) if wrong
          else [f'PASS messages: {GUIDE.name} has all {len(lines)}'], sep='\n')
    return int(bool(wrong))


if __name__ == '__main__':
    sys.exit(main())
