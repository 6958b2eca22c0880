"""The custodian's book: it counts before anything is answered, and holds no number."""

from pathlib import Path

import pytest

from gateway.custodian.book import BOOK, DAY_MS, MOST_NUMBERS, Book
from gateway.custodian.folder import CustodianUnreadable, Folder, TooManyNumbers

KEY = bytes(32)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.begin(0)
    return folder


def numbers(first: int, count: int) -> list[str]:
    return [f"9665{first + at:08}" for at in range(count)]


def take(folder: Folder, asked: list[str], now_ms: int) -> None:
    Book(folder).take(case="R-1", numbers=asked, customers=3, secrets=4, span_ms=(0, 1), key=KEY, now_ms=now_ms)


def test_a_day_has_so_many_numbers_and_what_is_refused_is_written_down(folder: Folder) -> None:
    take(folder, numbers(0, MOST_NUMBERS - 1), DAY_MS)
    assert Book(folder).left(DAY_MS) == 1
    with pytest.raises(TooManyNumbers):
        take(folder, numbers(500, 2), DAY_MS + 1)
    take(folder, numbers(500, 1), DAY_MS + 2)
    assert Book(folder).left(DAY_MS + 2) == 0
    assert Book(folder).left(2 * DAY_MS) == MOST_NUMBERS - 1
    assert [(len(each.numbers), each.taken) for each in Book(folder).lines()] == [(199, True), (2, False), (1, True)]


def test_no_number_stands_in_the_book_and_the_same_one_is_known_again(folder: Folder) -> None:
    (asked,) = numbers(12_345_678, 1)
    take(folder, [asked, asked], 0)
    take(folder, [asked], 1)
    first, second = Book(folder).lines()
    assert first.numbers == second.numbers
    assert asked[4:] not in (folder.path / BOOK).read_text()


def test_a_book_that_was_changed_answers_nothing_more(folder: Folder) -> None:
    take(folder, numbers(0, 1), 0)
    (folder.path / BOOK).write_text("{}\n")
    with pytest.raises(CustodianUnreadable):
        take(folder, numbers(0, 1), 0)
