"""The compiled build: CONNECT_GATEWAY_COMPILED=1 makes one extension of compiling/modules.txt, by mypyc, and four
in C: compiling/openssl.c, which the build does without where OpenSSL's headers are missing, compiling/blake2s.c,
compiling/steady.c and compiling/overwriter.c.

Without the variable this file says nothing, and the wheel is pure. docs/decisions/0012 tells why there are two.
"""

import ast
import os
import re
from pathlib import Path

from setuptools import Extension, setup

ROOT = Path(__file__).resolve().parent
PACKAGES = ("config", "redaction", "operators", "gateway")
STRUCTS = {"Struct", "Pdu"}
GLOBAL = re.compile(r"(= CPyStatic_\w+___globals;\n *\w+ = CPyStatics\[\d+\];[^\n]*\n *\w+ = )CPyDict_GetItem\(")
"""Where generated code looks up a name of its module; see compiling/runtime.h."""


def modules() -> list[str]:
    """Paths of what is compiled."""
    lines = (ROOT / "compiling" / "modules.txt").read_text(encoding="utf-8").splitlines()
    return [line for each in lines if (line := each.partition("#")[0].strip())]


def refuse_differences(path: str) -> None:
    """mypyc drops the keywords of a class statement, and so `frozen` of a struct, and `from None`, without a word."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) and (node.keywords or STRUCTS & {_last(base) for base in node.bases}):
            raise SystemExit(
                f"{path}:{node.lineno}: {node.name} is a struct; types stay in modules that are not compiled"
            )
        if isinstance(node, ast.ExceptHandler) and any(isinstance(each, ast.Await) for each in ast.walk(node)):
            raise SystemExit(f"{path}:{node.lineno}: while it awaits here, all others see this error as theirs")
        if isinstance(node, ast.Raise) and node.cause is not None and not ast.unparse(node).startswith("raise alone("):
            raise SystemExit(f"{path}:{node.lineno}: `from` is lost; redaction.errors.alone keeps it")


def refuse_heirs(compiled: set[str]) -> None:
    """What is not compiled cannot derive from what is, and fails when it is loaded or called."""
    trees = {
        str(path): ast.parse((ROOT / path).read_text(encoding="utf-8"))
        for package in PACKAGES
        for path in (each.relative_to(ROOT) for each in (ROOT / package).rglob("*.py"))
    }
    classes = {
        path: {it.name: it for it in ast.walk(tree) if isinstance(it, ast.ClassDef)} for path, tree in trees.items()
    }
    closed = {name for path in compiled for name in classes[path]}
    for path in trees.keys() - compiled:
        for name, node in classes[path].items():
            bases = {_last(base) for base in node.bases} - classes[path].keys()
            if bases & closed:
                raise SystemExit(f"{path}:{node.lineno}: {name} derives from a class that is compiled")


def _last(base: ast.expr) -> str:
    """The last word of a base class's name."""
    return ast.unparse(base).partition("[")[0].rpartition(".")[2]


def extensions() -> list[Extension]:
    """What mypyc makes of the modules. Every source is checked with them, so that their types are known."""
    from mypyc.build import mypycify

    compiled = modules()
    for path in compiled:
        refuse_differences(path)
    refuse_heirs(set(compiled))
    os.chdir(ROOT)
    sources = [str(path) for package in PACKAGES for path in sorted(Path(package).rglob("*.py"))]
    made = mypycify(sources, only_compile_paths=compiled, opt_level="2", debug_level="0", multi_file=True)
    for each in made:
        each.extra_compile_args = [*each.extra_compile_args, "-include", str(ROOT / "compiling" / "runtime.h")]
        for source in map(Path, each.sources):
            source.write_text(GLOBAL.sub(r"\1GATEWAY_GLOBAL(", source.read_text(encoding="utf-8")), encoding="utf-8")
    return [*made, openssl(), hashing(), overwriter(), steady()]


def openssl() -> Extension:
    """What seals with one call. Nothing else is worse off without it."""
    return Extension("redaction.primitives.openssl", ["compiling/openssl.c"], libraries=["crypto"], optional=True)


def hashing() -> Extension:
    """Digests without an object for each. Elsewhere they are made by hashlib."""
    return Extension("redaction.primitives.hashing", ["compiling/blake2s.c"], optional=True)


def overwriter() -> Extension:
    """What overwrites freed memory. It needs a Linux; elsewhere memory is freed as usual."""
    return Extension("gateway.process.overwriter", ["compiling/overwriter.c"], optional=True)


def steady() -> Extension:
    """What time it is, without a tuple for each look. Elsewhere Python's `time` is asked."""
    return Extension("gateway.process.steady", ["compiling/steady.c"], optional=True)


setup(ext_modules=extensions() if os.environ.get("CONNECT_GATEWAY_COMPILED") == "1" else [])
