"""Every step from every state: where it leads, or with which code it is refused."""

import pytest

from gateway.model.refusals import Refusal
from gateway.rights.case_states import MOVES, REQUESTS, Kind, Proof, State, Step, after, first_state

TABLE = """
              ask_proof       prove  expire   restrict    begin        answer    extend       refuse   close
received      awaiting_proof  open   expired  :proof      :proof       :proof    :proof       refused  :proof
awaiting_proof awaiting_proof open   expired  :proof      :proof       :proof    :proof       refused  :proof
open          :state          :state :state   restricted  in_progress  answered  open         refused  :state
restricted    :state          :state :state   :state      in_progress  answered  restricted   refused  :state
in_progress   :state          :state :state   :state      in_progress  answered  in_progress  :state   :state
answered      :state          :state :state   :state      :state       :state    :state       :state   closed
refused       :state          :state :state   :state      :state       :state    :state       :state   closed
expired       :closed         :closed :closed :closed     :closed      :closed   :closed      :closed  :closed
closed        :closed         :closed :closed :closed     :closed      :closed   :closed      :closed  :closed
"""
CODES = {":proof": "proof_missing", ":state": "case_state", ":closed": "case_closed"}
HEAD, *LINES = [line.split() for line in TABLE.strip().splitlines()]


def test_the_table_has_every_state_and_every_step() -> None:
    assert set(HEAD) == set(Step) == set(MOVES)
    assert {line[0] for line in LINES} == set(State)


@pytest.mark.parametrize("line", LINES, ids=lambda line: str(line[0]))
def test_each_step_leads_where_the_table_says_or_is_refused(line: list[str]) -> None:
    state = State(line[0])
    for step, wanted in zip(HEAD, line[1:], strict=True):
        if wanted in CODES:
            with pytest.raises(Refusal) as refused:
                after(state, Step(step))
            assert refused.value.code == CODES[wanted], step
        else:
            assert after(state, Step(step)) is State(wanted), step


def test_requests_of_people_wait_for_proof_and_others_do_not() -> None:
    for kind in Kind:
        assert first_state(kind, None) is (State.RECEIVED if kind in REQUESTS else State.OPEN)
        assert first_state(kind, Proof.LOGIN) is State.OPEN
