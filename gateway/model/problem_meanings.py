"""What the gateway's warnings mean, for people: cause and cure, by the event of the log line."""

from collections.abc import Mapping
from typing import Final

from gateway.model.catalogue import Meaning

_READ_AGAIN: Final = (
    "Look with the version that wrote it; a row that was damaged is set anew, or brought back from a copy."
)

MEANINGS: Final[Mapping[str, Meaning]] = {
    # operators
    "operator_down": Meaning(
        "No bind to the operator is up.", "Ask the operator; `operator show` says what each bind met."
    ),
    "operator_circuit_open": Meaning(
        "The operator answered so many messages with errors that nothing is sent there for a while.",
        "Look at its errors by code; other operators of the route carry on, and it is tried again by itself.",
    ),
    "operator_not_started": Meaning(
        "A link could not be begun: its settings, certificate or secret.", "Mend what the line names, and reload."
    ),
    "bind_down": Meaning(
        "A bind to an operator ended, or was refused.", "Ask the operator where it does not come back by itself."
    ),
    "flawed_answer": Meaning(
        "An operator answers what its interface does not allow.", "Send the operator what was counted; messages go on."
    ),
    "flawed_callback": Meaning(
        "A receipt over HTTP could not be read, or was not from the operator.",
        "Compare its form with the operator's settings.",
    ),
    "receipt_unreadable": Meaning(
        "A receipt names no message of ours, or a state that nobody knows.",
        "Compare with `receipt` settings of the operator.",
    ),
    "certificate_unusable": Meaning(
        "A certificate or its key cannot be read, or is over.", "Put a new one there, and reload."
    ),
    # customers
    "account_unreadable": Meaning("The row of a customer, key, account or endpoint cannot be read.", _READ_AGAIN),
    "key_refused": Meaning(
        "Somebody asked with a key that is unknown, over, or not for that address.",
        "Ask the customer where it is one of its own; revoke a key that others have.",
    ),
    "bind_refused": Meaning(
        "An SMPP account was refused: password, address, binds or state.",
        "Compare the reason with the account's settings.",
    ),
    "bind_locked_out": Meaning(
        "Too many wrong passwords from one network; it is not heard for a while.",
        "Ask the customer; make another password.",
    ),
    "flawed_pdu": Meaning(
        "A customer's client sends what SMPP does not allow.", "Tell the customer the command and the flaw."
    ),
    "webhook_failed": Meaning(
        "A customer's endpoint did not take an event; it is tried again.",
        "Tell the customer where it lasts; send a test.",
    ),
    "webhook_endpoint_disabled": Meaning(
        "A customer's endpoint failed for too long, or said that it is gone.",
        "Once it is mended, resume it and replay.",
    ),
    "confirmation_refused": Meaning(
        "The confirmation of a stop or start could not be sent.",
        "Look at the customer's quota, sender and routes for its class.",
    ),
    "code_refused": Meaning(
        "A code that proves a number could not be sent.", "Look at the platform's own sender and at routes for codes."
    ),
    "sender_unreadable": Meaning("An entry of the register of senders cannot be read.", _READ_AGAIN),
    # stores and keys
    "store_lost": Meaning(
        "The ledger or the key store came back without what it had.", "Bring back the newest; see docs/restore.md."
    ),
    "trouble": Meaning(
        "The ledger, or its disk or server, does not do its work.",
        "Look at its disk, memory and log; messages are refused meanwhile.",
    ),
    "trouble_over": Meaning("A trouble of a store has ended.", "Look why it came."),
    "backup_failed": Meaning("A copy of the ledger was not made.", "Look at the disk that it goes to."),
    "restore_accepted": Meaning("Somebody said that an older store is to be used.", "Nothing, where that was meant."),
    "integrity_error": Meaning(
        "A record or sealed field is not as it was written; it was destroyed.",
        "Look who may write to the store; compare with a copy.",
    ),
    "wrong_record_stays": Meaning(
        "A wrong record could not be destroyed yet.", "See that the ledger answers; it is tried again."
    ),
    "sweep_failed": Meaning(
        "Forgetting did not go on.", "See that ledger and key store answer; what is overdue is made up for."
    ),
    "hold_overdue": Meaning(
        "Destruction of keys was to begin again after a hold, and has not.",
        "Look at `hold list`, and at the key store.",
    ),
    "notice_behind": Meaning(
        "The newest privacy notice lacks purposes of this build; pages show the one before.",
        "Publish with `notice publish` of the newest build.",
    ),
    "keys_withheld": Meaning(
        "The node lost touch with its key store; nothing is opened or sealed.",
        "See that the key store and its root answer.",
    ),
    "keystore_unavailable": Meaning(
        "The key store or the vault of its root does not answer.", "See that it does; keys are made ahead for an hour."
    ),
    "keys_not_kept": Meaning(
        "Keys that will be needed could not be made durable.", "See that the key store answers; it is tried again."
    ),
    "keys_not_moved": Meaning(
        "Digests of API keys were not moved under the new pepper.", "See that the ledger answers; it is tried again."
    ),
    "keys_not_locked": Meaning(
        "Memory of keys is not locked, and may be swapped.", "Raise LimitMEMLOCK, or turn swap off."
    ),
    "opening_refused": Meaning(
        "Something asked to open a field for a purpose that may not.", "Report it: it is a fault of the gateway."
    ),
    "ledger_writer_stays": Meaning(
        "The process that writes the ledger was not made.", "Look at memory and processes; the node writes by itself."
    ),
    "cluster_slots_moved": Meaning("The Redis cluster moved slots of the ledger.", "Nothing, where that was meant."),
    "leases_were_late": Meaning(
        "The node's leases ended before they were renewed; another node may have its messages.",
        "Look at the delay to the server.",
    ),
    # the process
    "clock_jumped": Meaning(
        "The system's clock jumped; nothing is forgotten.", "Set the clock right, or say `clock confirm`."
    ),
    "descriptors_short": Meaning("Fewer files may be open than the settings need.", "Raise LimitNOFILE."),
    "descriptors_exhausted": Meaning(
        "No file can be opened any more; connections are turned away.", "Raise LimitNOFILE; look who holds them."
    ),
    "log_lines_lost": Meaning(
        "Lines of the log could not be written, and are lost.", "Look at the disk, or the program, that takes them."
    ),
    "task_died": Meaning("A loop of the node ended, and the node stops.", "Report it: it is a fault of the gateway."),
    "unexpected_error": Meaning(
        "An error of the gateway's own ended one piece of work.", "Report it, with type and place."
    ),
    "uncaught": Meaning("An error of the gateway's own was caught by nobody.", "Report it, with type and place."),
    "loop_warning": Meaning("The event loop warns of something left open.", "Report it where it comes often."),
    "stop_overdue": Meaning(
        "Something did not end in time when the node stopped.", "Report it; everything acknowledged is in the ledger."
    ),
    "worker_died": Meaning(
        "A worker ended by itself; another one is started.", "Look at its last lines, and at memory."
    ),
    "worker_failed_to_start": Meaning("A worker did not start.", "Look at its last lines."),
    "worker_failed_to_stop": Meaning("A worker ended with an error.", "Look at its last lines."),
    "worker_hung": Meaning("A worker does not answer.", "Look at the machine's load."),
    "worker_killed": Meaning("A worker did not end in time and was killed.", "Look what it waited for."),
    "worker_not_started": Meaning(
        "A worker is not started again, as it failed too often.", "Mend what its lines name, and start anew."
    ),
    # what is wanted, and who did what
    "reload_refused": Meaning(
        "The settings that are written cannot be taken over.", "Mend what the line names; the node goes on as it was."
    ),
    "reload_failed": Meaning(
        "A reload was not taken over by all processes, so by none.", "Look at `reload_refused` of each."
    ),
    "wanted_unreadable": Meaning(
        "What is wanted was written by a later version.", "Bring all nodes to the same version."
    ),
    "person_unreadable": Meaning("The row of somebody who administers cannot be read.", _READ_AGAIN),
    "audit_not_cosigned": Meaning(
        "A witness did not cosign the audit log.", "See that the witness answers; it is asked again."
    ),
    "audit_not_kept_up": Meaning(
        "Work on the audit log was not done.", "Look at its folder; it is tried again within an hour."
    ),
    "request_failed": Meaning(
        "A request was ended by an error of the gateway's own.", "Report it, with type and place."
    ),
    "library": Meaning("A library that the gateway uses warned of something.", "Look at the log at that time."),
}
"""Every warning and error that is logged has one; a test holds both together."""
