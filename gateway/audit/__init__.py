"""The audit log: what is written of an act, the tree that it becomes part of, and who puts it there."""
