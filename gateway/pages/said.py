"""What the words of closed lists are called on the pages."""

from collections.abc import Mapping
from typing import Final

from gateway.html.words import N_

Sentences = Mapping[str, str]
"""By a word of a closed list, what pages say in English; the catalogue has the Arabic."""

TAGS: Final[Sentences] = {
    "otp": N_("One-time codes"),
    "transactional": N_("Service messages"),
    "promotional": N_("Promotional messages"),
    "discard": N_("Messages that are to be forgotten at once"),
}
"""What a tag is for; other tags are shown by their names."""
CLASSES: Final[Sentences] = {
    "otp": N_("One-time codes"),
    "transactional": N_("Service messages"),
    "promotional": N_("Promotional messages"),
    "awareness": N_("Awareness messages"),
    "warning": N_("Warnings"),
    "personal": N_("Personal messages"),
}
ACCOUNT: Final = N_("account data: name, company, e-mail address, telephone, endpoints")
CREDENTIALS: Final = N_("keys, passwords and sessions, encrypted or as digests")
TRAFFIC: Final = N_("messages: numbers, texts, status and times")
CASES: Final = N_("requests and complaints, and what was answered")
ACTIVITY: Final = N_("sign-ins: shortened address, family of browser, device, time")
ABUSE: Final = N_("counts against abuse, by digests")
DATA: Final[Sentences] = {
    **dict.fromkeys(("customer", "endpoint", "person", "person_name"), ACCOUNT),
    **dict.fromkeys(("api_key", "esme", "token", "session", "challenge", "keystore"), CREDENTIALS),
    **dict.fromkeys(("message", "inbox", "idempotency", "held"), TRAFFIC),
    **dict.fromkeys(("case", "case_waiting", "case_code", "hold", "package", "package_part", "request"), CASES),
    **dict.fromkeys(("signin", "lock"), ACTIVITY),
    **dict.fromkeys(("code_tally", "fraud_override", "fraud_block"), ABUSE),
    "permission": N_("consents, and what people stopped"),
    "document": N_("what our customers set for their messages"),
}
"""By table, or kind of document; others are called as in the record of processing activities."""
KEPT: Final[Sentences] = {
    "account": N_("Account data, after the account has ended"),
    "signin": N_("Sign-ins and activity"),
    "address": N_("The whole address that somebody signed in from; shortened after that"),
    "support": N_("Support tickets"),
    "consent": N_("Consents, after their last use"),
    "case_content": N_("What you write when you ask for something, after the answer"),
    "case_record": N_("That something was asked for and answered"),
    "package": N_("A copy of your data that you asked for"),
    "audit": N_("The record of who did what; it names nobody"),
    "usage": N_("Counts of messages; they name nobody"),
}
KINDS: Final[Sentences] = {
    "operator": N_("Operator"),
    "store": N_("Our own stores"),
    "provider": N_("Service provider"),
    "customer": N_("Customers"),
}
RECIPIENTS: Final[Sentences] = {
    "store": N_("Messages, keys and the audit log, encrypted"),
    "customer": N_("Each is told of its own messages, and of nobody else's"),
}
"""Of kinds that have no name of their own."""
FIELDS: Final[Sentences] = {
    "default": N_("sender, recipient, text, and what delivery needs"),
    "source": N_("sender"),
    "destination": N_("recipient"),
    "text": N_("text"),
    "data_coding": N_("character coding"),
    "udh": N_("numbering of parts"),
    "registered_delivery": N_("whether a receipt is wanted"),
    "validity": N_("until when it may be delivered"),
    "schedule": N_("when it is to be delivered"),
    "priority": N_("priority"),
    "esm_class": N_("kind of message"),
    "protocol_id": N_("protocol"),
    "reference": N_("a random reference"),
}
COOKIES: Final[Sentences] = {
    "signed_in": N_("Keeps somebody who administers signed in"),
    "look": N_("Remembers the language and the digits that you chose"),
    "counting": N_("Says that you agreed to be counted; it is the same for everybody and has no number"),
}
PLACES: Final[Sentences] = {"console": N_("Console for administrators"), "pages": N_("These pages")}
SECTIONS: Final[Sentences] = {
    "who": N_("Who is responsible"),
    "purposes": N_("Purpose"),
    "content": N_("Content is kept"),
    "record": N_("The record is kept"),
    "kept": N_("Other data is kept"),
    "recipients": N_("Recipient"),
    "cookies": N_("Cookie"),
    "consent": N_("Consent"),
    "rights": N_("Your rights"),
}
FACTS: Final[Sentences] = {
    "controller": N_("Controller"),
    "contact": N_("Contact"),
    "officer": N_("Data protection officer"),
    "classes": N_("Classes that need it"),
    "answer": N_("Answer within"),
    "complaint": N_("Complaint within"),
    "after_final": N_("after delivery, at the latest"),
    "at_once": N_("until the operator has it, at the latest"),
    "none": N_("nothing about people"),
    "this machine": N_("this machine"),
    "unknown": N_("unknown"),
}
SERVICES: Final[Sentences] = {
    "accepting": N_("Messages are taken"),
    "sending": N_("Messages are sent to operators"),
}
STATES: Final[Sentences] = {
    "up": N_("Works"),
    "partly": N_("Works in part"),
    "down": N_("Does not work"),
}
REQUESTS: Final[Sentences] = {
    "access": N_("See what you hold of me"),
    "copy": N_("Get a copy that I can take elsewhere"),
    "correction": N_("Correct what is wrong"),
    "erasure": N_("Erase what you hold of me"),
    "withdraw": N_("Withdraw my consent"),
    "object": N_("Object to messages"),
}
"""What may be asked for, in the order of the form."""
STANDING: Final[Sentences] = {
    "received": N_("Received"),
    "awaiting_proof": N_("Waits for the code that was sent to the number"),
    "open": N_("Received and proved; somebody will look at it"),
    "restricted": N_("Your data is left alone until it is decided"),
    "in_progress": N_("Somebody works at it"),
    "answered": N_("Answered"),
    "closed": N_("Answered and closed"),
    "expired": N_("Over: the number was not proved in time"),
    "refused": N_("Refused"),
}
REFUSED: Final[Sentences] = {
    "repetitive": N_("It repeats an earlier request"),
    "unfounded": N_("It has no ground"),
    "disproportionate": N_("It would take a disproportionate effort"),
    "not_ours": N_("We do not hold this data"),
    "held": N_("The law forbids us to destroy it yet"),
    "withdrawn": N_("It was taken back"),
}
DELAYED: Final[Sentences] = {
    "effort": N_("It takes more effort than usual"),
    "many_requests": N_("There are many requests of yours"),
}
PROBLEMS: Final[Sentences] = {
    "not_found": N_("There is no such page."),
    "invalid_number": N_("This is no mobile number. Write it as 05XXXXXXXX or +9665XXXXXXXX."),
    "number_not_served": N_("Codes are sent to numbers of this country only. Write to us instead."),
    "field_too_long": N_("What you wrote is too long."),
    "proof_wrong": N_("This is not the code that was sent. Try again, or ask for another one."),
    "proof_expired": N_("The code is too old. Ask for another one."),
    "too_many_codes": N_("There were too many attempts. Try again in an hour."),
    "reference_unknown": N_("This is no reference of ours. See whether it is whole."),
    "codes_off": N_("No codes are sent at the moment. Write to us instead."),
    "not_allowed": N_("This was sent by another site, and was not taken."),
    "changed_meanwhile": N_("This cannot be done at the moment. Try again in a minute."),
    "ledger_unavailable": N_("This cannot be done at the moment. Try again in a minute."),
    "keys_unavailable": N_("This cannot be done at the moment. Try again in a minute."),
    "other": N_("This did not work. Go back and try again."),
}
"""By the code of a refusal."""
