"""What peers get wrong is counted each time and is news once."""

from operators.flaws import Flaws


def test_the_first_of_a_kind_is_told_from_the_rest_and_all_are_counted() -> None:
    flaws = Flaws()
    found = [
        flaws.count(*each)
        for each in (
            ("north", "submit_sm_resp", "tail"),
            ("north", "submit_sm_resp", "tail"),
            ("north", "submit_sm_resp", "cut"),
            ("north", "deliver_sm", "tail"),
            ("south", "deliver_sm", "tail"),
            ("north", "deliver_sm", "tail"),
        )
    ]
    assert found == [True, False, True, True, True, False]
    assert flaws.total == 6
