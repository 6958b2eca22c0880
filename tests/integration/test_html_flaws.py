"""The judge of HTML finds what a validator would, and nothing in what is right."""

import pytest

from tests.html_flaws import flaws_of

RIGHT = "<!doctype html><html lang=en><head><title>x</title></head><body>{}</body></html>"


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        ("<div><span></div></span>", "div is closed within span"),
        ("<div>", "body is closed within div"),
        ("<p id=a></p><p id=a></p>", "the id a is there twice"),
        ("<label for=b>x</label>", "there is no id b"),
        ("<p><div></div></p>", "p holds div"),
        ("<ul><p>x</p></ul>", "ul holds p"),
        ("<a href=x><button>y</button></a>", "a holds button"),
        ("<form><form></form></form>", "form holds form"),
        ("<td>x</td>", "td stands in body"),
        ("<select><option value=''></option></select>", "option says nothing"),
        ("<input id=a id=b>", "input has id twice"),
        ("<br></br>", "br is closed, and holds nothing"),
    ],
)
def test_what_is_wrong_is_found(body: str, flaw: str) -> None:
    assert flaw in flaws_of(RIGHT.format(body))


def test_nothing_is_found_in_what_is_right() -> None:
    body = "<dl><div><dt>a</dt><dd>b</dd></div></dl><svg><g/><path d='x'/></svg><ul><li>c<ul><li>d</li></ul></li></ul>"
    assert flaws_of(RIGHT.format(body)) == []
    assert flaws_of("<html></html>") == ["it does not begin as HTML"]
