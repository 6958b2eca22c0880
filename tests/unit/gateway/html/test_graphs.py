"""Graphs that the server draws."""

from xml.etree import ElementTree

from gateway.html.graphs import HEIGHT, WIDTH, bars, spark


def test_a_line_goes_through_all_values_within_its_frame() -> None:
    drawn = ElementTree.fromstring(spark([0, 5, 10]))
    line = drawn[1].attrib["points"].split()
    points = [tuple(float(number) for number in each.split(",")) for each in line]
    assert len(points) == 3
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert points[0][1] > points[1][1] > points[2][1], "more is higher"


def test_there_is_a_bar_for_each_value() -> None:
    assert len(ElementTree.fromstring(bars([1, 2, 0, 4]))) == 4
    assert len(ElementTree.fromstring(bars([3]))) == 1


def test_nothing_is_drawn_of_nothing() -> None:
    assert (spark([]), spark([1]), bars([])) == ("", "", "")
    ElementTree.fromstring(spark([0, 0]))
    ElementTree.fromstring(bars([0, 0]))


def test_who_has_pages_read_aloud_is_spared_the_drawing() -> None:
    assert 'aria-hidden="true"' in bars([1])
    assert "style=" not in bars([1]) + spark([1, 2])
