"""Fits the weights of one-time codes to the development texts: `python -m benchmarks.fit_codes >
redaction/code_weights.py`.

A logistic regression over the signs of `redaction.codes`, by gradient descent with a small penalty; the same texts
give the same weights. Texts held out for measuring are not read. `--folds` prints how many candidates it judges
wrongly when each fifth of the texts is left out in turn.
"""

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from redaction.codes import candidates, signs
from redaction.plain_text import plain

CORPUS = Path(__file__).resolve().parent.parent / "tests" / "corpus" / "detect.jsonl"
ROUNDS = 2000
RATE = 0.5
PENALTY = 0.0004
Example = tuple[list[str], bool]
Weights = Mapping[str, float]


def bare(value: str) -> str:
    return "".join(char for char in plain(value) if char.isalnum())


def examples(path: Path = CORPUS) -> Iterator[Example]:
    """The signs of each candidate, and whether it is a code."""
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        codes = {bare(value) for value in entry["find"].get("otp", ())}
        others = {bare(value) for kind, values in entry["find"].items() if kind != "otp" for value in values}
        low = plain(entry["text"]).lower()
        for start, end in candidates(low):
            digits = bare(low[start:end])
            if not any(digits in other for other in others):
                yield signs(low, start, end), digits in codes


def score(weights: Weights, signs_of: Sequence[str]) -> float:
    return weights.get("", 0.0) + sum(weights.get(sign, 0.0) for sign in signs_of)


def fit(known: Sequence[Example]) -> Weights:
    """Weights by sign; "" is the bias."""
    weights: dict[str, float] = defaultdict(float)
    for _ in range(ROUNDS):
        slopes: dict[str, float] = defaultdict(float)
        for signs_of, is_code in known:
            error = is_code - 1 / (1 + math.exp(-score(weights, signs_of)))
            for sign in ("", *signs_of):
                slopes[sign] += error
        for sign, slope in slopes.items():
            weights[sign] += RATE * (slope / len(known) * 10 - PENALTY * 10 * weights[sign])
    return weights


def folds(known: Sequence[Example], count: int = 5) -> int:
    """Candidates judged wrongly by weights that were not fitted to them."""
    wrong = 0
    for fold in range(count):
        weights = fit([each for at, each in enumerate(known) if at % count != fold])
        wrong += sum((score(weights, signs_of) > 0) != is_code for signs_of, is_code in known[fold::count])
    return wrong


def module(weights: Weights) -> str:
    lines = "\n".join(f'    "{sign}": {weights[sign]:.2f},' for sign in sorted(weights) if sign)
    return (
        '"""What each sign of `redaction.codes` is worth; written by `benchmarks/fit_codes.py`, not by hand."""\n\n'
        "from typing import Final\n\n"
        f"BIAS: Final = {weights['']:.2f}\n"
        f"WEIGHTS: Final[dict[str, float]] = {{\n{lines}\n}}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", action="store_true", help="judge instead of writing weights")
    known = list(examples())
    if parser.parse_args().folds:
        print(f"{folds(known)} of {len(known)} candidates judged wrongly")
    else:
        print(module(fit(known)))


if __name__ == "__main__":
    main()
