"""Words by which people stop, start and ask for help, as phones write them."""

import pytest

from gateway.consent.replies import NOTHING, Said, Wish, read

SENDERS, KEYWORDS = ("INTERKEY", "Bank-AD"), ("عروض",)
STOPS = (
    "قف",
    "ايقاف",
    "إيقاف",
    "إيقـــاف",
    "قِفْ",
    "الغاء",
    "إلغاء",
    "إلغاء الاشتراك",
    "توقف",
    "stop",
    "STOP",
    " Stop. ",
    "«stop»".strip("«»"),
    "STOP!",
    "stop\u200f",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "stopall",
    "optout",
    "opt-out",
    "Opt out",
    "remove",
)
STARTS = ("ابدأ", "ابدا", "اشتراك", "start", "YES", "unstop")
HELPS = ("مساعدة", "مساعده", "help", "INFO")


@pytest.mark.parametrize(
    ("text", "wish"),
    [(each, wish) for words, wish in ((STOPS, Wish.STOP), (STARTS, Wish.START), (HELPS, Wish.HELP)) for each in words],
)
def test_a_word_that_is_the_whole_message_is_heard(text: str, wish: Wish) -> None:
    assert read(text).wish is wish


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("stop interkey", "INTERKEY"),
        ("INTERKEY stop", "INTERKEY"),
        ("قف عروض", ""),
        ("عُروض  قف", ""),
        ("Stop Bank-AD", "Bank-AD"),
    ],
)
def test_a_keyword_or_a_sender_may_stand_beside_it(text: str, sender: str) -> None:
    said = read(text, KEYWORDS, SENDERS)
    assert (said.wish, said.sender) == (Wish.STOP, sender)


@pytest.mark.parametrize("text", ["please stop sending", "don't stop", "stop it now", "قف عن ارسال الرسائل"])
def test_a_sentence_with_such_a_word_is_no_wish_and_can_be_counted(text: str) -> None:
    assert read(text, KEYWORDS, SENDERS) == Said(None, holds_stop=True)


@pytest.mark.parametrize("text", ["", "hello", "1234", "stopping", "توقفت", "interkey", "x" * 200 + " stop"])
def test_anything_else_is_nothing(text: str) -> None:
    assert read(text, KEYWORDS, SENDERS) == NOTHING


def test_the_language_is_that_of_the_word() -> None:
    assert read("قف").arabic
    assert not read("stop عروض", KEYWORDS).arabic
