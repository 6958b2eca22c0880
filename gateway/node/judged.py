"""What a node would say of a customer's message, which is not sent."""

from gateway.accept.inquiry import Inquired
from gateway.accept.request import MessageRequest
from gateway.accounts.customers import any_key
from gateway.model.refusals import Refusal
from gateway.node.road import Road
from gateway.node.stores import Stores


def judged(stores: Stores, road: Road, customer: int, request: MessageRequest) -> Inquired:
    """customer: its number. Raises Refusal where there is none."""
    found = stores.directory.customer(customer)
    if found is None:
        raise Refusal("not_found")
    return road.door.judge(any_key(found), request)
