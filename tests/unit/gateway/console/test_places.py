"""The page that a form leads back to."""

import pytest

from gateway.console.places import place_of
from gateway.console.verbs import VERBS


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("/console/customers/cus_1/access", "/console/customers/cus_1/access"),
        ("/console/customers/cus_1", "/console/customers/cus_1"),
        ("/console/webhooks", "/console/webhooks"),
        ("", "/console/customers"),
        ("/console/customers/{id}", "/console/customers"),
        ("/console/customers//access", "/console/customers"),
        ("/console/customers/a/b/access", "/console/customers"),
        ("//elsewhere.example", "/console/customers"),
        ("/console/keys/x/revoke", "/console/customers"),
    ],
)
def test_a_form_leads_back_to_the_page_that_it_stood_on_or_to_its_own(said: str, path: str) -> None:
    assert place_of(VERBS["revoke_key"], "cgk_1", {"back": said}).path == path


def test_a_form_of_one_page_leads_back_to_what_it_was_about() -> None:
    place = place_of(VERBS["pause_operator"], "stc", {})
    assert (place.path, place.argument) == ("/console/operators/stc", "stc")
