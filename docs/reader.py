"""Reads what the gateway sealed, without the gateway: sealed-format.md in code. Needs Python and `cryptography`.

    python reader.py keys.db root.key ledger.db [message id in hex]

prints each message that can still be opened. Whoever runs it reads personal data and needs a lawful reason to.
"""

import hashlib
import hmac
import sqlite3
import struct
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def unpack(data, at=0):
    """One MessagePack value and where it ends."""
    first = data[at]
    if first <= 0x7F or first >= 0xE0:
        return (first if first <= 0x7F else first - 256), at + 1
    if first in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[first], at + 1
    if 0xCC <= first <= 0xD3:
        size = 1 << (first & 3)
        return int.from_bytes(data[at + 1 : at + 1 + size], "big", signed=first >= 0xD0), at + 1 + size
    lengths = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4, 0xDC: 2, 0xDD: 4}
    width = lengths.get(first, 0)
    size = int.from_bytes(data[at + 1 : at + 1 + width], "big") if width else first & (0x1F if first >= 0xA0 else 0x0F)
    at += 1 + width
    if 0x80 <= first <= 0x9F or first in (0xDC, 0xDD):
        items = []
        for _ in range(size * (2 if first <= 0x8F else 1)):
            item, at = unpack(data, at)
            items.append(item)
        return items, at  # of a map, names and values by turns
    value = data[at : at + size]
    return (value.decode() if 0xA0 <= first <= 0xBF or first >= 0xD9 else value), at + size


def open_keys(blob, root, segments):
    """Period keys, and of each customer its keys, of the sealed key state. segments: octets of each by its id."""
    magic, version, salt, commitment = struct.unpack_from(">4sB16s16s", blob)
    expected = hmac.digest(root, b"connect-gateway root commitment", "sha256")[:16]
    if (magic, commitment) != (b"CGKS", expected):
        raise ValueError("not the root of this key store")
    material = hmac.digest(root, b"connect-gateway key state" + salt, "sha512")
    state, _ = unpack(AESGCM(material[:32]).decrypt(material[32:44], blob[37:], blob[:37]))
    if version == 1:
        return {(it[0], it[1]): it[2] for it in state[1]}, {it[0]: [it[1]] for it in state[2]}

    def opened(place):
        sealed = segments[place[:16]]
        return AESGCM(place[16:]).decrypt(bytes(12), sealed[5:], sealed[:5] + place[:16])

    periods, customers = {}, {}
    for tag, period, _, tree, parts in state[1]:
        rest = b"".join(opened(parts[at + 8 : at + 56]) for at in range(0, len(parts), 56))
        periods[tag, period] = bytes(6) + tree if tree else rest
    for kind, _, place in state[2]:
        for it in [it for rows in unpack(opened(place))[0][::2] for it in rows] if kind == "customers" else ():
            customers.setdefault(it[0], []).append(it[1])  # the present one, then those that were replaced
    return periods, customers


def derive(nodes, leaf):
    """The leaf key, from the one stored node above the leaf; None when it was punctured."""
    stored = {nodes[at : at + 6]: nodes[at + 6 : at + 38] for at in range(0, len(nodes), 38)}
    for level in range(15):
        key = stored.get(bytes([level]) + (leaf >> (42 - 3 * level)).to_bytes(5, "big"))
        if key is not None:
            for shift in range(39 - 3 * level, -1, -3):
                key = hashlib.blake2s(key + b"connect-gateway ggm" + bytes([leaf >> shift & 7])).digest()
            return key
    return None


def open_field(sealed, secrets, customer, message_id, field, tag):
    """The plaintext of one field. secrets: leaf key, then customer key, with each key that the customer had."""
    version, period, _, _, salt, commitment = struct.unpack_from(">BI5sI16s16s", sealed)
    parts = [b"\x01", struct.pack(">Q", customer), message_id, field.encode(), tag.encode(), struct.pack(">I", period)]
    aad = b"".join(struct.pack(">H", len(part)) + part for part in parts)
    for secret in secrets:
        material = hmac.digest(secret, salt + aad, "sha512")
        if version == 1 and hmac.compare_digest(material[32:48], commitment):
            return AESGCM(material[:32]).decrypt(material[48:60], sealed[46:], aad).rstrip(b"\0")[:-1]
    raise ValueError("sealed with other keys, or edited")


def read(keys_path, root_path, ledger_path, wanted=""):
    """(id, fields) of every message; content is None where a key is destroyed."""
    keys = sqlite3.connect(keys_path)
    (blob,) = keys.execute("SELECT blob FROM keystore").fetchone()
    segments = dict(keys.execute("SELECT id, octets FROM segment")) if blob[4] > 1 else {}
    with open(root_path) as file:
        periods, customers = open_keys(blob, bytes.fromhex(file.readline()), segments)
    rows = sqlite3.connect(ledger_path).execute("SELECT id, customer, tag, content FROM message WHERE content NOT NULL")
    for message_id, customer, tag, sealed in rows:
        period, leaf = int.from_bytes(sealed[1:5], "big"), int.from_bytes(sealed[5:10], "big")
        key = derive(periods.get((tag, period), b""), leaf)
        if wanted in message_id.hex():
            secrets = [key + each for each in customers.get(customer, ())] if key else []
            opened = secrets and open_field(sealed, secrets, customer, message_id, "content", tag)
            yield message_id.hex(), unpack(opened)[0] if opened else None


if __name__ == "__main__":
    for identifier, content in read(*sys.argv[1:]):
        print(identifier, content)
