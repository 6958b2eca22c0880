"""`python -m gateway` is `connect-gateway`."""

from gateway.cli.main import main

main()
