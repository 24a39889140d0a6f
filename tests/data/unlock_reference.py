#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The arithmetic of unlock by phone, a second time, from docs/phone-unlock.md alone.

Prints the test vectors of that page, one `name value` a line.  With --check it
compares them with the page and fails when one is not there.
"""
import hashlib
import hmac
import pathlib
import struct
import sys

SCOPE_KEYS = [bytes([0x10 * scope + i for i in range(16)] * 2) for scope in (1, 2, 3, 4, 5)]
FIRST_SLOTS = {1: 0, 2: 25, 3: 50, 4: 75, 5: 90}
MASK_MASTER = bytes(range(32))
MACHINE, USER, EPOCH = "pc-0042.osaka", "tanaka", 207
DIGEST = hashlib.sha256(b"an installer").digest()


def text(value):
    raw = value.encode()
    return struct.pack("<I", len(raw)) + raw + b"\0"


def h(key, label, *parts):
    return hmac.new(key, text(label) + b"".join(parts), hashlib.sha256).digest()


def reduced(digits, raw):
    return int.from_bytes(raw, "big") % 10**digits


def digits(value, count):
    return bytes(int(c) for c in f"{value:0{count}d}")


def check(place, data):
    return next(c for c in range(2, 99) if (place * 10**6 + data * 100 + c) % 97 == 1)


def groups(place, data):
    out = []
    for i in range(0, len(data), 4):
        four = "".join(str(d) for d in data[i:i + 4])
        out.append(f"{four}{check(place + i // 4, int(four)):02d}")
    return " ".join(out)


def vector(scope, slot, nonce, log2_n):
    key = SCOPE_KEYS[scope - 1]
    where = text(MACHINE) + struct.pack("<IBB", EPOCH, scope, slot)
    mask = h(MASK_MASTER, "guard unlock mask 1", text(MACHINE), struct.pack("<I", EPOCH))
    code = reduced(16, h(key, "guard unlock code 1", where))
    salt = h(key, "guard unlock salt 1", where)[:16]
    verifier = hashlib.scrypt(f"{code:016d}".encode(), salt=salt, n=2**log2_n, r=8, p=1, maxmem=2**27, dklen=32)
    digest = bytes(32) if scope >= 4 else DIGEST
    number = digits(FIRST_SLOTS[scope] + slot, 2) + digits(EPOCH % 100, 2) + digits(nonce, 4)
    number += digits(reduced(8, h(mask, "guard unlock file 1", number, text(USER), digest)), 8)
    number += digits(reduced(4, h(mask, "guard unlock tag 1", number, text(USER))), 4)
    blind = reduced(16, h(mask, "guard unlock answer 1", number))
    answer = (code + blind) % 10**16
    name = f"{scope}/{slot}/{nonce:04d}/{log2_n}"
    return [
        (f"{name} mask", mask.hex()),
        (f"{name} code", f"{code:016d}"),
        (f"{name} salt", salt.hex()),
        (f"{name} verifier", verifier.hex()),
        (f"{name} request", groups(11, number)),
        (f"{name} answer", groups(51, digits(answer, 16))),
    ]


def main():
    lines = [("key-id", h(MASK_MASTER, "guard unlock key 1")[:4].hex())]
    for arguments in ((1, 0, 0, 12), (3, 1, 4711, 12), (4, 14, 9999, 13), (5, 9, 815, 12)):
        lines += vector(*arguments)
    lines = [f"{name} {value}" for name, value in lines]
    if sys.argv[1:] != ["--check"]:
        print("\n".join(lines))
        return 0
    page = pathlib.Path(__file__).resolve().parents[2] / "docs" / "phone-unlock.md"
    known = [line.strip() for line in page.read_text().splitlines()]
    missing = [line for line in lines if line not in known]
    for line in missing:
        print(f"not in {page.name}: {line}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
