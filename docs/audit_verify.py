#!/usr/bin/env python3
"""Verify a copy of an audit log: `audit_verify.py FOLDER VERIFIER_KEY [--older CHECKPOINT ...] [--proof FILE ...]`,
or a certificate of destruction: `audit_verify.py CERTIFICATE.zip VERIFIER_KEY`.

Needs nothing but Python 3.9 and this file. FOLDER has `checkpoint` and `tile/` as https://c2sp.org/tlog-tiles says;
VERIFIER_KEY is that of the log (`connect-gateway audit key`), former ones after commas, and not from who gave you the
folder. Give with --older what you kept from before: whoever has the log's key can write another log, and not change
what you have. Exit code 0: all is as it was signed. Exit code 1: the first index that is wrong is printed, and why.
"""

# fmt: off
import argparse
import base64
import hashlib
import io
import json
import zipfile
from pathlib import Path

P, Q, WIDTH, HASH = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493, 256, 32
D = -121665 * pow(121666, P - 2, P) % P
class Flaw(Exception): ...
# Ed25519 (RFC 8032), verifying only
def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    return (f - e) * (h - g) % P, (h + g) * (f + e) % P, (h - g) * (h + g) % P, (f - e) * (f + e) % P
def times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        result = add(result, point) if scalar & 1 else result
        point, scalar = add(point, point), scalar >> 1
    return result
def decoded(octets):
    sign, y = int.from_bytes(octets, "little") >> 255, int.from_bytes(octets, "little") & ((1 << 255) - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x * pow(2, (P - 1) // 4, P) % P if (x * x - square) % P else x
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    return (P - x if x & 1 != sign else x), y, 1, (P - x if x & 1 != sign else x) * y % P
def verifies(public, said, signature):
    key, r, s = decoded(public), decoded(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or key is None or r is None or s >= Q:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + said).digest(), "little") % Q
    base = decoded((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    left, right = times(s, base), add(r, times(h, key))
    return not any((left[i] * right[2] - right[i] * left[2]) % P for i in (0, 1))

# Signed notes
def verifier_key(text):
    name, key_id, key = text.strip().split("+", 2)
    octets = base64.b64decode(key, validate=True)
    if octets[0] != 1 or hashlib.sha256(name.encode() + b"\n" + octets).hexdigest()[:8] != key_id:
        raise SystemExit("this is no verifier key of a log")
    return name, bytes.fromhex(key_id), octets[1:]
def checkpoint(octets, keys):
    text, _, lines = octets.decode().rpartition("\n\n")
    origin, size, root = (text + "\n").split("\n")[:3]
    if origin != keys[0][0]:
        raise Flaw(f"a checkpoint of another log: {origin}")
    for dash, signer, blob in (each.split(" ") for each in lines.splitlines()):
        signed = base64.b64decode(blob)
        for name, key_id, public in keys if dash == "—" else []:
            if (signer, signed[:4]) == (name, key_id) and verifies(public, f"{text}\n".encode(), signed[4:]):
                return int(size), base64.b64decode(root)
    raise Flaw(f"index {size}: resigned by unknown key")

# Tree and tiles
def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()
def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()
def root_of(row):
    while len(row) > 1:
        row = [node(*row[i : i + 2]) for i in range(0, len(row) - 1, 2)] + row[len(row) // 2 * 2 :]
    return row[0] if row else hashlib.sha256(b"").digest()
class Log:
    def __init__(self, folder, size):
        self.folder, self.size, self.cache = Path(folder), size, {}
    def read(self, level, number):
        width = min(WIDTH, (self.size >> 8 * (level if level != "entries" else 0)) - number * WIDTH)
        digits = f"{number:03d}".zfill(-(-len(f"{number:03d}") // 3) * 3)
        *groups, last = (digits[i : i + 3] for i in range(0, len(digits), 3))
        path = self.folder / "tile" / str(level) / "/".join(["x" + each for each in groups] + [last])
        for each in [path.with_name(f"{last}.p") / str(width)] * (width < WIDTH) + [path]:
            if width > 0 and each.is_file():
                return each.read_bytes(), width
        return b"", width
    def tile(self, level, number):
        if (level, number) not in self.cache:
            octets, width = self.read(level, number)
            if len(octets) < width * HASH:
                raise Flaw(f"index {number << 8 * (level + 1)}: missing tile, level {level}, number {number}")
            self.cache = self.cache if len(self.cache) <= 64 else {}
            self.cache[level, number] = [octets[i : i + HASH] for i in range(0, width * HASH, HASH)]
        return self.cache[level, number]
    def bundle(self, number):
        (octets, width), entries, at = self.read("entries", number), [], 0
        while len(octets[at:at + 2]) == 2 and len(entries) < width:
            start, at = at + 2, at + 2 + (octets[at] << 8 | octets[at + 1])
            entries += [octets[start:at]] if at <= len(octets) else []
        return entries
    def root(self, start, end):
        level, low, high = 0, start, end
        while low % WIDTH == 0 and high % WIDTH == 0 and high > low:
            level, low, high = level + 1, low // WIDTH, high // WIDTH
        if high == low or low // WIDTH == (high - 1) // WIDTH:
            return root_of(self.tile(level, low // WIDTH)[low % WIDTH :][: high - low] if high > low else [])
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        return node(self.root(start, middle), self.root(middle, end))
    def check_bundle(self, number, schema):
        entries, start, level = self.bundle(number), number * WIDTH, 0
        leaves, tile = [leaf(each) for each in entries], self.tile(0, number) if entries else []
        if not entries or leaves == tile[: len(leaves)] != tile:
            index = start + len(leaves)
            why = "missing" if self.bundle(number + 1) else f"truncated (size {index} < signed {self.size})"
            raise Flaw(f"index {index}: {why}")
        if leaves != tile:
            at = next(i for i in range(len(leaves)) if leaves[i] != tile[i])
            after = tile[at + 1 :] + (self.tile(0, number + 1) if (number + 1) * WIDTH < self.size else [])
            moved = after and after[: len(leaves) - at] == leaves[at : at + len(after)]
            why = "reordered" if sorted(leaves) == sorted(tile) else "missing" if moved else "altered"
            raise Flaw(f"index {start + at}: {why}")
        for at, each in enumerate(entries if schema else [], start):
            if not is_entry(each):
                raise Flaw(f"index {at}: no entry")
        while len(self.tile(level, number)) == WIDTH:
            if root_of(self.tile(level, number)) != self.tile(level + 1, number // WIDTH)[number % WIDTH]:
                end = (number + 1 << 8 * (level + 1)) - 1
                raise Flaw(f"index {number << 8 * (level + 1)}: altered, here or up to index {end}")
            if number % WIDTH != WIDTH - 1:
                break
            level, number = level + 1, number // WIDTH
def is_entry(octets):
    try:
        fields = json.loads(octets)
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
        return {"v", "t", "act", "actor", "res"} <= fields.keys() and len(octets) <= 1024 and canonical == octets
    except (ValueError, AttributeError):
        return False
def check_log(folder, keys, older, schema):
    size, root = checkpoint((Path(folder) / "checkpoint").read_bytes(), keys)
    known = sorted([*(checkpoint(Path(each).read_bytes(), keys) for each in older), (size, root)])
    if known[-1][0] > size:
        raise Flaw(f"index {size}: rolled back (size {size} < signed {known[-1][0]})")
    log, pruned, first = Log(folder, size), Path(folder) / "minimum", 0
    minimum = int(pruned.read_text()) if pruned.exists() else 0
    for number in range(minimum // WIDTH, -(-size // WIDTH)):
        log.check_bundle(number, schema)
    for each, signed in known:
        if each >= minimum and log.root(0, each) != signed:
            raise Flaw(f"index {first}: altered, here or up to index {each - 1}: another root was signed")
        first = each
    print(f"{size:,} entries, from index {minimum:,} on, are as they were signed")
def check_proof(name, proof, entry, keys):
    head, _, note = proof.partition(b"\n\n")
    number, *path_lines = [each for each in head.decode().split("\n")[1:] if not each.startswith("extra ")]
    size, root = checkpoint(note, keys)
    at, found, last = int(number.split()[1]), leaf(entry), size - 1
    for each in map(base64.b64decode, path_lines):
        is_right = at & 1 or at == last
        found = node(each, found) if is_right else node(found, each)
        while is_right and at and not at & 1:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    if last or found != root:
        raise Flaw(f"{number}: the proof does not hold")
    print(f"{number} of {size:,} is the entry in {name}")
def check_certificate(path, keys):
    octets, again = Path(path).read_bytes(), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(octets)) as file, zipfile.ZipFile(again, "w") as copy:
        parts = {each: file.read(each) for each in file.namelist()}
        for each in parts:
            info = zipfile.ZipInfo(each)
            info.create_system = 3
            copy.writestr(info, parts[each])
    said, names = json.loads(parts["entry.json"]), {"statement": "certificate.json", "page": "certificate.html"}
    same = again.getvalue() == octets and json.loads(parts["certificate.json"])["id"] == said["obj"]
    wrong = [each for each in names if hashlib.sha256(parts[names[each]]).hexdigest() != said["d"][each]]
    if said["act"] != "destruction" or wrong or not same:
        raise Flaw("the certificate is altered")
    check_proof(path, parts["entry.json.tlog-proof"], parts["entry.json"], keys)

asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
MANY, FLAG = {"nargs": "*"}, {"action": "store_true"}
for name, more in {"folder": {}, "key": {}, "--older": MANY, "--proof": MANY, "--no-schema": FLAG}.items():
    asked.add_argument(name, **more)
given, keys = (said := asked.parse_args()), [verifier_key(each) for each in said.key.split(",")]
try:
    for proof, entry in ((Path(each), Path(each).with_suffix("")) for each in given.proof or []):
        check_proof(entry, proof.read_bytes(), entry.read_bytes(), keys)
    if Path(given.folder).is_file():
        check_certificate(given.folder, keys)
    else:
        check_log(given.folder, keys, given.older or [], not given.no_schema)
except (Flaw, OSError, KeyError, ValueError, zipfile.BadZipFile) as flaw:
    raise SystemExit(str(flaw)) from None
