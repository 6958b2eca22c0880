"""What the version before did on a shared ledger, for the tests of rolling upgrades: how it packed records, its
functions in the server and its calls. Copied and frozen; it uses nothing of the gateway's engine.
"""
