"""Templates of a room."""

import pytest

from gateway.html.catalogue import GROUND
from gateway.html.looks import Look
from gateway.html.templates import Templates, _environment

TEMPLATES = Templates(GROUND)


@pytest.mark.parametrize("look", Look)
def test_the_layout_says_its_language_and_direction_and_loads_from_here_alone(look: Look) -> None:
    page = TEMPLATES.page("layout.html", look, {}).decode()
    assert f'<html lang="{look.value}" dir="{look.direction}">' in page
    assert f'<link rel="stylesheet" href="{TEMPLATES.assets.path("style.css")}">' in page
    assert "<style" not in page
    assert "style=" not in page


def test_numbers_in_sentences_have_the_digits_of_the_look() -> None:
    template = _environment("gateway.console", Look.ARABIC_DIGITS).from_string(
        '{{ ngettext("%(num)s message found.", "%(num)s messages found.", 14) }}'
    )
    assert template.render() == 'عُثر على <bdi dir="ltr">١٤</bdi> رسالة.'


def test_a_template_that_is_not_there_is_an_error() -> None:
    with pytest.raises(Exception, match=r"nothing\.html"):
        TEMPLATES.page("nothing.html", Look.ENGLISH, {})
