# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-ioas authors

"""Sphinx: the guides as HTML, and the pages of tools/ as manual pages."""

from pathlib import Path

here = Path(__file__).parent

project = 'dpdk-ioas'
author = 'The dpdk-ioas authors'
release = version = (here / '../../VERSION').read_text().strip()

html_theme = 'sphinx_rtd_theme'
html_static_path = ['static']
html_css_files = ['custom.css']
html_show_copyright = False
html_show_sourcelink = False
html_show_sphinx = False
highlight_language = 'none'
smartquotes = False

# The first line of a page is its name, the second what follows the hyphen.
man_pages = [
    ('tools/' + page.stem, page.stem, page.read_text().splitlines()[2][len('.. what: '):], [author], 1)
    for page in sorted((here / 'tools').glob('dpdk-ioas-*.rst'))
]
