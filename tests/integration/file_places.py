"""Settings of a ledger and its keys in files of their own, below one folder."""

from typing import Final

FILES: Final = """
ledger.path = "{0}/data/ledger.db"
keystore.path = "{0}/keys/keys.db"
keystore.root.path = "{0}/apart/root.key"
"""
"""To be formatted with the folder."""
