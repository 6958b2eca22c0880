import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.people.agents import UNKNOWN, Agent, reduced

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.policy("P-04")
@pytest.mark.parametrize(
    ("header", "agent"),
    [
        (
            f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/131.0.0.0 Safari/537.36",
            ("chrome", 131, "desktop"),
        ),
        (
            f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.86",
            ("edge", 131, "desktop"),
        ),
        (f"{MOZILLA} (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", ("firefox", 133, "desktop")),
        (
            f"{MOZILLA} (iPhone; CPU iPhone OS 18_1 like Mac OS X) {WEBKIT} Version/18.1 Mobile/15E148 Safari/604.1",
            ("safari", 18, "phone"),
        ),
        (
            f"{MOZILLA} (iPad; CPU OS 18_1 like Mac OS X) {WEBKIT} CriOS/131.0.1 Mobile/15E148",
            ("chrome", 131, "tablet"),
        ),
        (
            f"{MOZILLA} (Linux; Android 14; SM-S928B) {WEBKIT} SamsungBrowser/27.0 Chrome/125 Mobile Safari/537.36",
            ("samsung", 27, "phone"),
        ),
        (f"{MOZILLA} (Linux; Android 14; SM-X910) {WEBKIT} Chrome/131.0 Safari/537.36", ("chrome", 131, "tablet")),
        ("curl/8.5.0", ("program", 8, "other")),
        ("", ("other", 0, "other")),
        ("x" * 5_000 + " Firefox/133.0", ("other", 0, "other")),
    ],
)
def test_a_browser_is_reduced_to_family_major_version_and_device(header: str, agent: tuple[str, int, str]) -> None:
    assert reduced(header) == Agent(*agent)


@pytest.mark.policy("P-04")
@given(st.text(max_size=600))
def test_nothing_of_a_header_remains_but_words_of_a_closed_list(header: str) -> None:
    agent = reduced(header)
    assert agent.family in {"edge", "opera", "samsung", "firefox", "chrome", "safari", "program", "other"}
    assert agent.device in {"desktop", "phone", "tablet", "other"}
    assert 0 <= agent.major <= 9_999


def test_an_agent_reads_well() -> None:
    assert str(Agent("chrome", 131, "desktop")) == "chrome 131, desktop"
    assert str(UNKNOWN) == "other, other"
