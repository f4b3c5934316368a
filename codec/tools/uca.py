#!/usr/bin/env python3
"""Writes the primary weights of a Default Unicode Collation Element Table, packed.

For each character: how far it lies behind the previous one (uvarint), how many weights it has
(one byte), and the weights (two bytes each, big-endian). Weights of zero are left out; sequences
of several characters are skipped, as MySQL and TiDB have no contractions. The result is gzipped.

The tables are public files of the Unicode Consortium, https://www.unicode.org/Public/UCA/. Version
9.0.0 (utf8mb4_0900_ai_ci) comes with the Python package pyuca 1.2 as allkeys-9.0.0.txt. Version
4.0.0 (utf8mb4_unicode_ci) is in no registry package known to us, so its table is not here and that
collation refuses to compare; with allkeys-4.0.0.txt at hand this script writes it.

usage: uca.py ALLKEYS OUT
       uca.py allkeys-9.0.0.txt ../src/main/resources/io/garrick/codec/collation/uca-9.0.0.bin.gz
"""
import gzip
import re
import sys

ENTRY = re.compile(r"^([0-9A-Fa-f]+)\s*;\s*((?:\[[^\]]*\])+)")
ELEMENT = re.compile(r"\[[.*]([0-9A-Fa-f]+)")

# U+FDFA has eighteen collation elements. MySQL keeps eight in 9.0.0 and has no entry in 4.0.0.
LONGEST = 8
LONG_LIGATURE = 0xFDFA


def read(path):
    table = {}
    version = ""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("@version"):
                version = line.split()[1]
            match = ENTRY.match(line)
            if match:
                weights = [int(weight, 16) for weight in ELEMENT.findall(match.group(2))]
                table[int(match.group(1), 16)] = weights
    if version.startswith("4."):
        table.pop(LONG_LIGATURE, None)
        table = {code: weights for code, weights in table.items() if code <= 0xFFFF}
    else:
        table[LONG_LIGATURE] = table[LONG_LIGATURE][:LONGEST]
    return {code: [weight for weight in weights if weight] for code, weights in table.items()}


def uvarint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def main():
    table = read(sys.argv[1])
    out = bytearray()
    previous = 0
    for code in sorted(table):
        weights = table[code]
        assert len(weights) <= LONGEST, hex(code)
        out += uvarint(code - previous) + bytes([len(weights)])
        for weight in weights:
            out += weight.to_bytes(2, "big")
        previous = code
    with open(sys.argv[2], "wb") as raw:
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
            packed.write(bytes(out))
    print(len(table), "characters,", len(out), "bytes")


main()
