"""Where customers bind: the gateway as their SMSC (S-50..S-55).

Thin, like the HTTP API: `reading` parses, `intake` admits and hands to the one door, `errands` answers what is asked
of a message, `telling` delivers receipts and messages from people, `binding` says who may bind, `server` owns the
sockets. A submit_sm is answered after its commit (Law 2).
"""
