"""What the gateway promises to people (P-01 to P-41), which tests show it, and what this version lacks of it.

The ids are stable: tests carry them as marks, and `connect-gateway privacy report` prints one row for each. A test
holds that none is left out, and that every test named here is there and carries the mark.
"""

from typing import Final

import msgspec


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """shown_by: tests, as `file::name`. lacks: one line about what this version does not do of it; '' for nothing."""

    id: str
    promise: str
    shown_by: tuple[str, ...] = ()
    lacks: str = ""


_CANARIES: Final = "tests/privacy/test_canaries.py::test_no_file_that_the_gateway_wrote_holds_a_canary_in_any_form"
_NO_BODY: Final = "tests/unit/redaction/test_seal.py::test_neither_the_api_nor_fraud_rules_nor_improvement_open_a_body"
_COOKIE: Final = "tests/unit/gateway/people/test_sessions.py::test_the_cookie_is_for_this_host_over_tls_and_no_script"
_TOLD: Final = "tests/unit/gateway/http_api/test_views.py::test_the_privacy_receipt_tells_what_went_where"


def _promise(number: int, promise: str, *shown_by: str, lacks: str = "") -> Promise:
    return Promise(id=f"P-{number:02}", promise=promise, shown_by=shown_by, lacks=lacks)


PROMISES: Final[tuple[Promise, ...]] = (
    _promise(
        1,
        "the policy is published and says what the gateway does",
        "tests/integration/test_public_pages.py::test_the_notice_says_who_why_how_long_and_to_whom",
    ),
    _promise(
        2,
        "people know who is responsible",
        "tests/unit/config/test_privacy.py::test_pages_need_somebody_who_is_responsible_and_answers",
    ),
    _promise(3, "of an account only name, company, e-mail, phone and credentials, sealed", _CANARIES),
    _promise(
        4,
        "of usage only address, browser type, device, time and activity",
        "tests/unit/gateway/people/test_agents.py::test_nothing_of_a_header_remains_but_words_of_a_closed_list",
        _CANARIES,
    ),
    _promise(5, "text and numbers are sealed before the first write", _CANARIES),
    _promise(
        6,
        "support data is a category of its own and masked at intake",
        "tests/unit/redaction/test_detect.py::test_what_is_certain_is_masked",
        "tests/unit/gateway/support/test_intake.py::test_what_names_somebody_is_taken_out_and_said",
        "tests/integration/test_support_desk.py::test_a_ticket_is_masked_at_intake_sealed_and_read_by_those_who_answer",
    ),
    _promise(
        7,
        "only what is necessary: every stored field stands in the inventory",
        "tests/acceptance/test_inventory.py::test_the_gateway_does_not_start_on_a_column_that_nobody_declared",
    ),
    _promise(
        8,
        "every opening names a purpose, and a policy decides",
        "tests/unit/redaction/test_seal.py::test_a_refused_opening_is_told_to_whoever_records_it",
    ),
    _promise(
        9,
        "there is a lawful basis for each purpose",
        "tests/unit/redaction/test_inventory.py::test_every_field_says_what_it_means_and_stands_under_its_name",
    ),
    _promise(10, "only the dispatcher opens a body", _NO_BODY),
    _promise(11, "fraud prevention and monitoring never see a body", _NO_BODY),
    _promise(
        12,
        "for improvement only sums of enough messages leave",
        "tests/integration/test_admin_quotas.py::test_small_cells_of_usage_are_hidden_from_a_viewer_alone",
    ),
    _promise(
        13,
        "a new purpose needs a new notice",
        "tests/integration/test_notice_of_a_node.py"
        "::test_a_purpose_that_the_last_notice_lacks_does_not_start_until_somebody_tells_it",
    ),
    _promise(
        14,
        "promotional and awareness messages need consent",
        "tests/unit/gateway/consent/test_judgement.py::test_what_rows_mean_for_a_promotional_message",
    ),
    _promise(
        15,
        "data is not sold: no customer gets recipients of another",
        "tests/contract/test_ledger_lists.py::test_somebody_elses_message_looks_unknown",
    ),
    _promise(
        16,
        "an operator gets the fields of its egress contract and no others",
        "tests/privacy/test_egress.py::test_the_operator_gets_exactly_the_fields_of_its_contract",
    ),
    _promise(
        17,
        "operators are bound by a contract, and links are protected",
        "tests/integration/test_operator_register.py::test_a_link_binds_only_where_the_register_allows_it",
    ),
    _promise(
        18,
        "people can read who processes data for the gateway",
        "tests/integration/test_public_pages.py::test_the_notice_says_who_why_how_long_and_to_whom",
    ),
    _promise(
        19,
        "those who were given data hear of its erasure",
        lacks="an erasure lists the operators to tell; telling them is left to people",
    ),
    _promise(
        20,
        "authorities get data on an instrument and by two persons",
        "tests/unit/gateway/people/test_requests.py::test_nobody_is_two_persons",
        "tests/integration/test_disclosures.py::test_an_authority_is_given_what_two_persons_agreed_on_and_no_more",
    ),
    _promise(
        21,
        "data is kept only as long as needed",
        "tests/privacy/test_retention_clocks.py::test_everything_goes_at_its_own_time_and_only_counts_remain",
    ),
    _promise(
        22,
        "data is kept as long as the law says",
        "tests/unit/redaction/test_retention.py::test_the_law_keeps_a_record_longer_than_its_customer_asks",
    ),
    _promise(
        23,
        "what is deleted cannot be opened, not from a copy either",
        "tests/privacy/test_attacked_erasure.py::test_nothing_of_the_erased_and_everything_of_100_neighbours",
    ),
    _promise(
        24,
        "connections are encrypted",
        "tests/unit/config/test_checks.py::test_a_plain_listener_on_a_public_address_is_refused",
    ),
    _promise(
        25,
        "everybody may do what the role says and nothing else",
        "tests/unit/gateway/people/test_roles.py::test_a_role_may_what_the_document_says_and_nothing_else",
    ),
    _promise(
        26,
        "who did what stands in a log that nobody can change unseen",
        "tests/integration/test_audit_verbs.py::test_what_was_changed_is_named",
    ),
    _promise(
        27,
        "security is assessed regularly",
        "tests/integration/test_assess.py::test_a_value_that_was_planted_in_a_log_is_found_with_file_and_offset",
    ),
    _promise(
        28,
        "breaches are told of in time",
        "tests/unit/gateway/rights/test_case_clocks.py::test_each_kind_has_its_clock",
        "tests/integration/test_breaches.py::test_a_breach_is_opened_over_the_api_and_drafted_and_closed_by_verbs",
    ),
    _promise(29, "the one cookie is strictly necessary", _COOKIE),
    _promise(
        30,
        "nothing is analysed before somebody opts in",
        "tests/integration/test_public_pages.py::test_views_are_counted_of_those_alone_who_said_yes",
    ),
    _promise(
        31,
        "people can read which cookies there are",
        "tests/integration/test_public_pages.py::test_the_table_of_cookies_names_those_of_pages_and_console",
    ),
    _promise(
        32,
        "people get what is held of them",
        "tests/contract/test_ledger_lists.py::test_a_subject_is_found_under_every_pseudonym_and_for_its_customer_only",
        "tests/integration/test_public_pages.py"
        "::test_somebody_asks_proves_the_number_by_a_code_and_follows_it_by_the_reference",
    ),
    _promise(
        33,
        "account data is corrected, with who and when",
        "tests/unit/gateway/people/test_people.py::test_a_correction_is_remembered_by_who_and_when_without_a_value",
    ),
    _promise(
        34,
        "a person is erased",
        "tests/integration/test_subject_verbs.py::test_a_person_is_erased_beside_a_running_node",
    ),
    _promise(
        35,
        "who withdraws consent gets nothing more, what waits included",
        "tests/integration/test_consent_nodes.py::test_what_waits_for_people_who_withdrew_does_not_leave",
    ),
    _promise(36, "people can know what becomes of a message's data", _TOLD),
    _promise(
        37,
        "requests are answered within 30 days",
        "tests/unit/gateway/rights/test_case_clocks.py::test_each_kind_has_its_clock",
    ),
    _promise(
        38,
        "data leaves the country with safeguards only",
        "tests/integration/test_operator_register.py::test_a_link_binds_only_where_the_register_allows_it",
    ),
    _promise(
        39,
        "versions of the policy are kept",
        "tests/integration/test_notice_of_a_node.py::test_another_period_in_the_settings_is_another_version",
    ),
    _promise(
        40,
        "continued use is a notice given and no consent",
        "tests/unit/gateway/accounts/test_notices.py::test_who_used_the_gateway_since_was_given_the_notice_once",
    ),
    _promise(
        41,
        "there is a contact that answers",
        "tests/unit/config/test_privacy.py::test_a_contact_that_nobody_answers_is_refused",
    ),
)
"""In the order of their ids."""
