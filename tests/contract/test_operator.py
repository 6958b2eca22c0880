"""The contract of `operators.base.Operator`, kept by every kind of link."""

from collections.abc import AsyncIterator

import pytest

from operators.base import Accepted, DeferReason, Deferred, Down, Ready, ReceiptState, Refused, Submitted, Unknown
from tests.contract.links import LINKS, Link, a_text, until


@pytest.fixture(params=LINKS)
async def link(request: pytest.FixtureRequest) -> AsyncIterator[Link]:
    async with LINKS[request.param]() as link:
        await link.begin()
        yield link


async def test_a_link_that_began_is_up_and_has_room(link: Link) -> None:
    operator = link.operator
    assert operator.is_up()
    assert 0 < operator.room() <= 8
    assert operator.health().state == "up"
    assert operator.health().name == operator.name == "op"


async def test_each_message_is_answered_once_with_its_token_and_never_during_the_call(link: Link) -> None:
    tokens = [object() for _ in range(5)]
    for token in tokens:
        assert link.operator.submit(a_text(token)) == 1
    assert not link.heard.of(Submitted)
    answers = await link.heard.until(Submitted, 5)
    assert {id(each.token) for each in answers} == {id(token) for token in tokens}
    assert all(isinstance(each.result, Accepted) and each.result.operator_message_id for each in answers)
    assert {(each.operator, each.segment, each.late) for each in answers} == {("op", 0, False)}
    assert link.operator.health().submitted == 5


async def test_what_is_unanswered_is_answered_while_connections_are_made_anew(link: Link) -> None:
    tokens = [object() for _ in range(5)]
    for token in tokens:
        link.operator.submit(a_text(token))
    link.operator.steer(per_s=None, anew=True)
    answers = await link.heard.until(Submitted, 5)
    assert {id(each.token) for each in answers} == {id(token) for token in tokens}
    assert all(isinstance(each.result, Accepted) for each in answers)
    await until(lambda: link.operator.room() > 0 and link.operator.health().binds_up == link.operator.health().binds)
    link.operator.submit(a_text())
    assert isinstance((await link.heard.until(Submitted, 6))[-1].result, Accepted)


async def test_another_throughput_gives_room_now_and_again(link: Link) -> None:
    link.operator.steer(per_s=5.0, anew=False)
    for number in range(12):
        await until(lambda: link.operator.room() > 0)
        link.operator.submit(a_text(number))
        await link.heard.until(Submitted, number + 1)
    link.operator.steer(per_s=None, anew=False)
    await until(lambda: link.operator.room() > 0)


async def test_what_was_submitted_takes_room_until_it_is_answered(link: Link) -> None:
    before = link.operator.room()
    link.operator.submit(a_text())
    assert link.operator.room() < before
    await link.heard.until(Submitted)
    await link.news()


async def test_a_receipt_names_the_id_that_was_given(link: Link) -> None:
    link.operator.submit(a_text())
    (answer,) = await link.heard.until(Submitted)
    assert isinstance(answer.result, Accepted)
    receipt = await link.news()
    assert answer.result.operator_message_id in receipt.candidates
    assert (receipt.operator, receipt.state) == ("op", ReceiptState.DELIVERED)
    link.operator.acknowledge((receipt.handle,), True)


@pytest.mark.smpp("S-47")
async def test_a_receipt_that_could_not_be_taken_comes_again(link: Link, request: pytest.FixtureRequest) -> None:
    if "loopback" in request.node.name:
        pytest.skip("the operator in memory tells once")
    link.operator.submit(a_text())
    first = await link.news()
    link.operator.acknowledge((first.handle,), False)
    second = (await link.heard.until(type(first), 2))[1]
    assert second.candidates == first.candidates
    link.operator.acknowledge((second.handle,), True)


async def test_a_refusal_is_for_good(link: Link) -> None:
    assert isinstance(await link.result("refuse"), Refused)


@pytest.mark.smpp("S-33")
async def test_a_throttled_message_is_deferred(link: Link) -> None:
    result = await link.result("throttle")
    assert isinstance(result, Deferred)
    assert result.reason is DeferReason.THROTTLED


@pytest.mark.smpp("S-23")
async def test_a_message_without_an_answer_is_unknown_and_its_room_comes_back(link: Link) -> None:
    if "silence" not in link.moods:
        pytest.skip("the operator in memory always answers")
    room, readies = link.operator.room(), len(link.heard.of(Ready))
    assert isinstance(await link.result("silence"), Unknown)
    await until(lambda: link.operator.room() == room)
    await link.heard.until(Ready, readies + 1)


async def test_a_link_that_was_stopped_is_down_and_has_no_room(link: Link) -> None:
    await link.operator.stop(1.0)
    await link.heard.until(Down)
    assert not link.operator.is_up()
    assert link.operator.room() == 0
