#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Tests devtools/mutate/mutants.py: the mutants of a small source are those below, the same seed chooses the
same of them, and each of the list can be made. usage: mutants.py MUTANTS"""

import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = '''\
#include <a + b>
/* if (a == 0) return 1; */
#define TWO 2
static int
f(int a, const char *const b)
{
\tchar text[8] = "if (a == 0)";
\tint n = -1;

\tif (a < TWO &&
\t    b != NULL)
\t\tg(a,
\t\t  b);
\tn++;
\treturn n << 3;
}
'''

EXPECTED = '''\
s.c:3: #define TWO 2 => #define TWO 1
s.c:3: #define TWO 2 => #define TWO 3
s.c:8: int n = -1; => int n = -0;
s.c:10: if (a < TWO && b != NULL) => if (!(a < TWO && b != NULL))
s.c:10: if (a < TWO && b != NULL) => if (0)
s.c:10: if (a < TWO && b != NULL) => if (1)
s.c:10: if (a < TWO && => if (a <= TWO &&
s.c:10: if (a < TWO && => if (a < TWO ||
s.c:11: b != NULL) => b == NULL)
s.c:12: g(a, b); => ;
s.c:14: n++; => ;
s.c:14: n++; => n = 1;
s.c:14: n++; => n--;
s.c:15: return n << 3; => return 0;
s.c:15: return n << 3; => return n >> 3;
s.c:15: return n << 3; => return n << 2;
s.c:15: return n << 3; => return n << 4;
'''


def run(folder, *args):
    """What mutants.py prints in a folder, and its status."""
    done = subprocess.run([mutants, *args], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout, done.returncode


def listed(folder, *args):
    """The lines of command list, without the columns for the script."""
    return ''.join(line.split('\t')[2] for line in run(folder, 'list', *args, 's.c')[0].splitlines(True))


def check(folder):
    """What is wrong, or None."""
    if listed(folder) != EXPECTED:
        return 'other mutants: ' + listed(folder)
    chosen = [listed(folder, '--count', '5', '--seed', seed) for seed in ('1', '1', '2')]
    if chosen[0] != chosen[1] or chosen[0] == chosen[2] or chosen[0].count('\n') != 5:
        return f'wrong choice: {chosen}'
    for number, line in enumerate(EXPECTED.splitlines()):
        made = run(folder, 'apply', 's.c', str(number))[0]
        if made.count('\n') != SOURCE.count('\n') or made == SOURCE:
            return f'not made: {line}'
    if 'g(' in run(folder, 'apply', 's.c', '9')[0]:
        return 'a statement is still there'
    known = EXPECTED.splitlines()[7].replace('s.c:10:', 's.c:')
    (folder / 'known').write_text(f'# reason\n{known}\n', encoding='utf-8')
    if listed(folder, '--known', 'known').count('\n') != EXPECTED.count('\n') - 1:
        return 'a known mutant is listed'
    if run(folder, 'list', '--check', '--known', 'known', 's.c') != ('', 0):
        return 'a known mutant is missed'
    (folder / 'known').write_text('# reason\ns.c: a => b\n', encoding='utf-8')
    if run(folder, 'list', '--check', '--known', 'known', 's.c') != ('s.c: a => b\n', 1):
        return 'a known mutant that is gone is not told'
    return None


if __name__ == '__main__':
    mutants = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as path:
        (Path(path) / 's.c').write_text(SOURCE, encoding='utf-8')
        wrong = check(Path(path))
    print(wrong or 'all as it should be')
    sys.exit(1 if wrong else 0)
