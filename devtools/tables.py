#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Finds simple tables of the guides that break in HTML.

usage: devtools/tables.py [FILE]...

In a reST simple table each line with text in its first column starts a row. A first cell that goes on in
the next line therefore becomes two rows, and its neighbours are torn apart. Such a table has to be a
list-table. Prints PASS or FAIL lines; without FILE for all guides.
"""

import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
BORDER = re.compile(r' *=+( +=+)+')


def tables(lines):
    """(number of the first row's line, columns, rows) of each simple table; columns are (start, end)."""
    borders = [number for number, line in enumerate(lines) if BORDER.fullmatch(line)]
    for first, last in zip(borders, borders[1:]):
        rows = lines[first + 1:last]
        if all(row.strip() for row in rows):
            yield first + 1, [match.span() for match in re.finditer('=+', lines[first])], rows


def goes_on(cell, below, width):
    """Whether a first cell looks as if the cell below were its rest; width: None where no cell goes on."""
    opened = cell.count('(') > cell.count(')') or cell.count('``') % 2
    # A writer breaks a line where the next word has no room.
    full = width and len(cell) + 1 + len(below.split()[0]) > width and ' ' in cell and re.match('[a-z(]', below)
    return opened or full or cell.endswith((',', ' or', ' and', ' of', ' the'))


def broken(columns, rows):
    """(index, reason) of each row that looks as if it were the rest of the one above."""
    (start, end), second = columns[0], columns[1][0]
    cells = [row[start:second].strip() for row in rows]
    width = end - start if '' in cells else None
    for index, cell in enumerate(cells):
        if index > 0 and cell and cells[index - 1] and goes_on(cells[index - 1], cell, width):
            yield index, 'goes on from the line above'
        elif cell and not rows[index][second:].strip():
            yield index, 'has no second cell'


def main():
    wrong = []
    files = [Path(name) for name in sys.argv[1:]] or sorted((TOP / 'doc/guides').rglob('*.rst'))
    for file in files:
        for line, columns, rows in tables(file.read_text().splitlines()):
            wrong += [f'{file.name}:{line + index + 1}: the row "{rows[index].split("  ")[0].strip()}" {reason}'
                      for index, reason in broken(columns, rows)]
    print(*(f'FAIL tables: {what}: use a list-table' for what in wrong) if wrong
          else [f'PASS tables: whole in {len(files)} guides'], sep='\n')
    return int(bool(wrong))


if __name__ == '__main__':
    sys.exit(main())
