"""How a simulated SMSC is told to answer."""

import pytest
import typer

from gateway.cli.simulate import answers_of


def test_shares_and_milliseconds_are_read() -> None:
    assert answers_of("0.8:10, 0.15:100,0.05:1000") == ((0.8, 0.01), (0.15, 0.1), (0.05, 1.0))
    assert answers_of("") == ()


@pytest.mark.parametrize(
    "text", ["1", "x:1", "0.5:", "0:10", "-1:10", "nan:1", "0.5:nan", "0.5:-1", "0.5:inf", "0.6:1,0.5:1", "0.5:1:2"]
)
def test_what_is_no_mixture_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="answers"):
        answers_of(text)
