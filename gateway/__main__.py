"""`python -m gateway` is `connect-gateway`."""

from gateway.cli import main

main()
