"""From the ledger to an operator and back: routing, sending, answers, receipts, messages from people."""
