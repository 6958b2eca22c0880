"""What leaves to an operator."""

from pathlib import Path

import pytest

from gateway.model.message import Status
from redaction.egress import EgressContract, EgressField, disclosed_fields
from tests.unit.gateway.road import running_road


@pytest.mark.policy("P-16")
async def test_only_what_the_contract_lets_out_leaves_and_the_record_says_so(tmp_path: Path) -> None:
    fields = frozenset({EgressField.DESTINATION, EgressField.TEXT, EgressField.DATA_CODING})
    contract = EgressContract(operator="loop", fields=fields)
    async with running_road(tmp_path, contracts={"loop": contract}) as road:
        message = await road.becomes(await road.send(), Status.SUBMITTED)
        sent = road.submitted[0][1]
        assert (sent.source, sent.receipt, sent.validity_s) == ("", False, None)
        assert set(disclosed_fields(message.disclosure)) == {"destination", "text", "data_coding"}
