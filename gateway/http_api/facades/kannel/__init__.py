"""Kannel's HTTP interface of its smsbox."""
