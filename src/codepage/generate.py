#!/usr/bin/env python3
"""Prints tables.rs: the 22 EBCDIC pages, byte to Unicode.

    python3 src/codepage/generate.py FOLDER > src/codepage/tables.rs

FOLDER holds the .ucm files named below. They are part of ICU: charset/data/ucm of
https://github.com/unicode-org/icu-data, under the Unicode License V3 (SPDX: Unicode-3.0),
https://www.unicode.org/license.txt. The printed tables are those of the commit named below.
"""

import pathlib
import re
import sys

COMMIT = "14b13ee77cba09ad096b4417401be1ab50bdf3b5"

# The pages in the order of `CodePage`, and the version of each at ICU.
PAGES = [
    (37, "P100-1999"), (273, "P100-1999"), (277, "P100-1999"), (278, "P100-1999"),
    (280, "P100-1999"), (284, "P100-1999"), (285, "P100-1999"), (297, "P100-1999"),
    (500, "P100-1999"), (871, "P100-1999"), (924, "P100-1998"), (1047, "P100-1995"),
] + [(page, "P100-1997") for page in range(1140, 1150)]

HEADER = f"""\
//! The EBCDIC pages to the letter: byte to Unicode, one row for each high half of the byte.
//!
//! Printed by `generate.py`; do not edit. The assignments are those of ICU's .ucm files named below
//! (<https://github.com/unicode-org/icu-data>, charset/data/ucm, commit {COMMIT[:12]}), copyright
//! International Business Machines Corporation, Unicode, Inc. and others, under the Unicode License
//! V3 (SPDX: Unicode-3.0, <https://www.unicode.org/license.txt>).

/// A page: what each byte stands for. All are below U+10000.
pub(super) type Standard = [u16; 256];

/// All of them, in the order of [`super::CodePage::EBCDIC`].
#[rustfmt::skip]
pub(super) const EBCDIC: [&Standard; {len(PAGES)}] = ["""

# A line of a CHARMAP: one character, one byte, and 0 for a mapping that holds in both directions.
MAPPING = re.compile(r"<U([0-9A-F]{4})> \\x([0-9A-F]{2}) \|0\s*$")


def read(path):
    """The 256 characters of a page; the page must be complete and each of them stand in it once."""
    table = {}
    for line in path.read_text("ascii").splitlines():
        if mapping := MAPPING.match(line):
            character, byte = (int(digits, 16) for digits in mapping.groups())
            assert byte not in table, f"{path}: {byte:02X} twice"
            table[byte] = character
    assert sorted(table) == list(range(256)), f"{path}: {len(table)} bytes of 256"
    assert len(set(table.values())) == 256, f"{path}: a character stands twice"
    return [table[byte] for byte in range(256)]


def main(folder):
    print(HEADER)
    for page, _ in PAGES:
        print(f"    &IBM{page:03},")
    print("];")
    for page, version in PAGES:
        name = f"ibm-{page}_{version}.ucm"
        table = read(pathlib.Path(folder, name))
        print(f"\n/// IBM-{page:03}: {name}.\n#[rustfmt::skip]")
        print(f"const IBM{page:03}: Standard = [")
        for high in range(0, 256, 16):
            row = ", ".join(f"0x{character:02x}" for character in table[high:high + 16])
            print(f"    {row},")
        print("];")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
