"""The custodian: who finds people in records whose content is dead, apart from every node."""
