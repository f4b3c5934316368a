#!/usr/bin/env python3
"""Writes the weights of utf8mb4_general_ci that are not the character itself.

The rule is MySQL's: the simple upper case of Unicode 3.0, then the base letter of its canonical
decomposition, within nine planes of 256 characters; everything else weighs its own code point.
Python knows Unicode 3.2 and the current one; the differences to 3.0 are named below.

usage: general_ci.py > ../src/main/resources/io/garrick/codec/collation/general_ci.txt
"""
import unicodedata

UCD = unicodedata.ucd_3_2_0
PLANES = [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x1E, 0x1F, 0x21, 0x24, 0xFF]

# Added in Unicode 3.1 and 3.2, so unknown to the rule.
LATER = {0x0220, 0x03D8, 0x03D9, 0x03F4, 0x03F5, 0x048A, 0x048B, 0x04C5, 0x04C6, 0x04C9, 0x04CA}
LATER |= {0x04CD, 0x04CE} | set(range(0x0500, 0x0510))

# Sharp s weighs S; the short i keeps its breve; the lunate sigma was a sigma until Unicode 4.0.
EXCEPTIONS = {0x00DF: ord("S"), 0x0419: 0x0419, 0x0439: 0x0419, 0x03F2: 0x03A3}


def known(code):
    return code not in LATER and UCD.category(chr(code)) != "Cn"


def upper(code):
    text = chr(code).upper()
    if len(text) != 1:
        text = chr(code).title()
    return ord(text) if len(text) == 1 and known(ord(text)) else code


def base(code):
    parts = UCD.decomposition(chr(code)).split()
    if len(parts) < 2 or parts[0].startswith("<"):
        return code
    first = int(parts[0], 16)
    return first if UCD.category(chr(first))[0] == "L" else code


def weight(code):
    if code in EXCEPTIONS:
        return EXCEPTIONS[code]
    if not known(code):
        return code
    current = code
    while True:
        following = base(upper(current))
        if following == current:
            return current
        if following in EXCEPTIONS:
            return EXCEPTIONS[following]
        current = following


def main():
    print("# Weights of utf8mb4_general_ci, written by tools/general_ci.py: code point, weight.")
    for plane in PLANES:
        for code in range(plane << 8, (plane + 1) << 8):
            if weight(code) != code:
                print(f"{code:04X} {weight(code):04X}")


main()
