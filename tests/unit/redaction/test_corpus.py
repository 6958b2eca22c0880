"""How well the detectors do, on texts written for it (tests/corpus); run with -s to see the figures alone."""

import json
from collections import Counter
from pathlib import Path

import pytest

from redaction.detect import Kind, find, looks_like_otp, mask
from redaction.plain_text import plain

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
PRECISION, RECALL = 0.96, 0.94  # of the texts that rules and weights were made with
HELD_OUT = ("detect_holdout.jsonl", "detect_holdout_2.jsonl")
HELD_OUT_PRECISION, HELD_OUT_RECALL = 0.97, 0.95
FEWEST = {"detect.jsonl": 30, "detect_holdout.jsonl": 60, "detect_holdout_2.jsonl": 35}
"""Labels of each kind."""

Label = tuple[str, str]


def texts(name: str) -> list[tuple[str, Counter[Label]]]:
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    return [
        (it["text"], Counter(compact(kind, value) for kind, values in it["find"].items() for value in values))
        for it in entries
    ]


def compact(kind: str, value: str) -> Label:
    """The letters and digits alone; of a mobile number without what it is dialled with."""
    bare = "".join(char for char in plain(value).upper() if char.isalnum())
    return kind, bare[-9:] if kind == "mobile" else bare


def found(text: str) -> Counter[Label]:
    return Counter(compact(it.kind.value, text[it.start : it.end]) for it in find(text))


def figures(name: str) -> dict[str, tuple[float, float, int]]:
    """Precision, recall and number of labels by kind."""
    hits, false, missed = Counter[str](), Counter[str](), Counter[str]()
    for text, wanted in texts(name):
        got = found(text)
        hits.update(kind for kind, _ in (got & wanted).elements())
        false.update(kind for kind, _ in (got - wanted).elements())
        missed.update(kind for kind, _ in (wanted - got).elements())
    return {
        kind.value: (
            hits[kind.value] / max(1, hits[kind.value] + false[kind.value]),
            hits[kind.value] / max(1, hits[kind.value] + missed[kind.value]),
            hits[kind.value] + missed[kind.value],
        )
        for kind in Kind
    }


def show(name: str, measured: dict[str, tuple[float, float, int]], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{name}: {len(texts(name))} texts")
        for kind, (precision, recall, count) in measured.items():
            print(f"  {kind:<12} precision {precision:.3f}  recall {recall:.3f}  of {count}")


@pytest.mark.policy("P-06")
def test_precision_and_recall_over_the_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    measured = figures("detect.jsonl")
    show("detect.jsonl", measured, capsys)
    assert len(texts("detect.jsonl")) >= 1400
    for kind, (precision, recall, count) in measured.items():
        assert count >= FEWEST["detect.jsonl"], kind
        assert precision >= PRECISION, kind
        assert recall >= RECALL, kind


@pytest.mark.policy("P-06")
@pytest.mark.parametrize("name", HELD_OUT)
def test_precision_and_recall_over_texts_that_nothing_was_tuned_to(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    measured = figures(name)
    show(name, measured, capsys)
    for kind, (precision, recall, count) in measured.items():
        assert count >= FEWEST[name], kind
        assert precision >= HELD_OUT_PRECISION, kind
        assert recall >= HELD_OUT_RECALL, kind


@pytest.mark.parametrize("name", HELD_OUT)
def test_few_texts_are_taken_for_a_code_and_few_codes_are_not(name: str) -> None:
    taken = Counter((any(kind == "otp" for kind, _ in wanted), looks_like_otp(text)) for text, wanted in texts(name))
    assert taken[False, True] <= 0.01 * (taken[False, True] + taken[False, False])
    assert taken[True, False] <= 0.05 * (taken[True, True] + taken[True, False])


@pytest.mark.policy("P-06")
def test_nothing_that_was_found_survives_masking() -> None:
    for text, wanted in texts("detect.jsonl"):
        left = found(mask(text))
        assert not left & wanted, text


def test_the_question_whether_a_text_holds_a_code_agrees_with_the_search() -> None:
    differing = [
        text
        for text, _ in texts("detect.jsonl")
        if looks_like_otp(text) != any(each.kind is Kind.OTP for each in find(text))
    ]
    assert not differing


def test_no_text_stands_in_two_parts() -> None:
    parts = [{text for text, _ in texts(name)} for name in ("detect.jsonl", *HELD_OUT)]
    assert len(set[str]().union(*parts)) == sum(map(len, parts))
