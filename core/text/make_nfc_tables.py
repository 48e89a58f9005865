"""Writes nfc_tables.cc from Python's own Unicode tables: python3 make_nfc_tables.py > nfc_tables.cc

Unicode 14 (Python 3.11), the version of Debian 12's PCRE2, which cuts the normalized text into words.
"""
import sys
import unicodedata

HANGUL = range(0xAC00, 0xD7A4)  # computed, not listed


def decompositions():
    for point in range(0x110000):
        if 0xD800 <= point < 0xE000 or point in HANGUL:
            continue
        parts = unicodedata.decomposition(chr(point))
        if not parts or parts.startswith("<"):
            continue
        parts = [int(part, 16) for part in parts.split()]
        composes = len(parts) == 2 and unicodedata.normalize("NFC", chr(point)) == chr(point)
        yield point, parts[0], parts[1] if len(parts) == 2 else 0, composes


def class_ranges():
    ranges = []
    for point in range(0x110000):
        value = unicodedata.combining(chr(point))
        if not value:
            continue
        if ranges and ranges[-1][1] == point - 1 and ranges[-1][2] == value:
            ranges[-1][1] = point
        else:
            ranges.append([point, point, value])
    return ranges


def lines(entries, per_line):
    for at in range(0, len(entries), per_line):
        yield "    " + " ".join(entries[at:at + per_line])


assert unicodedata.unidata_version == "14.0.0", unicodedata.unidata_version
out = [
    "// Written by make_nfc_tables.py from Unicode 14; do not edit.",
    '#include "core/text/nfc_tables.h"',
    "",
    "namespace ipr::text {",
    "",
    "// clang-format off",
]
rows = ["{0x%X, 0x%X, 0x%X, %s}," % (p, a, b, "true" if c else "false") for p, a, b, c in decompositions()]
out += ["const std::array<Decomposition, kDecompositions> kDecomposition = {{"] + list(lines(rows, 4)) + ["}};", ""]
ranges = ["{0x%X, 0x%X, %d}," % tuple(row) for row in class_ranges()]
out += ["const std::array<ClassRange, kClassRanges> kCombiningClass = {{"] + list(lines(ranges, 5)) + ["}};"]
out += ["// clang-format on", "", "}  // namespace ipr::text"]
print("\n".join(out))
print(len(rows), len(ranges), file=sys.stderr)
