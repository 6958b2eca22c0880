"""Ledgers as released versions stored them, and what is in each of them.

`schema_N.sql` is a SQLite file of that schema, as SQL. `redis_N.txt` is a server with records of that format: a command
on each line, its words in hexadecimal. All hold what `contents` says, as far as their version knew it. A file that was
released is not changed; `python -m tests.integration.ledgers` writes the one of the present schema.
"""
