"""Kannel as a peer: bearerbox and smsbox with a spool store, bound to the same SMSC, driven through sendsms.

Used only where it is installed; its configuration is written into the folder of the run. It keeps one file a message
and does not wait for the disk; it seals nothing. With delivery reports it asks for receipts and calls a URL for each.
"""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.ports import await_port, free_ports
from benchmarks.targets import Hook
from gateway.process.children import start_mortal

STOP_LIMIT_S: Final = 10.0
PLACES: Final = "/usr/local/sbin:/usr/sbin:/sbin"

BEARERBOX: Final = """
group = core
admin-port = {admin}
admin-password = {secret}
smsbox-port = {box}
box-allow-ip = "127.0.0.1"
store-type = spool
store-location = "{folder}/spool"
dlr-storage = internal
log-file = "{folder}/bearerbox.log"
log-level = 2

group = smsc
smsc = smpp
smsc-id = simulator
host = 127.0.0.1
port = {smsc}
smsc-username = gateway
smsc-password = secret
system-type = ""
transceiver-mode = true
max-pending-submits = 256
source-addr-ton = 5
source-addr-npi = 0
source-addr-autodetect = false
dest-addr-ton = 1
dest-addr-npi = 1
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
smsbox-id = bench
sendsms-port = {http}
sendsms-interface = 127.0.0.1
global-sender = INTERKEY
max-pending-requests = 512
log-file = "{folder}/smsbox.log"
log-level = 2

group = sendsms-user
username = bench
password = {secret}
concatenation = true
max-messages = 10
"""


class KannelMissing(Exception):
    """Kannel is not installed; one line for people."""


class KannelTarget:
    """One bearerbox and one smsbox. Messages are known by their recipients, since sendsms gives no ids."""

    shape = "kannel"
    secret = "bench"
    good_status = "202"
    records = False
    numbers_for_ids = True
    build = ""

    def __init__(self, folder: Path, *, name: str = "Kannel") -> None:
        self.name = name
        self._folder = folder.resolve() / "kannel"
        self._children: list[subprocess.Popen[bytes]] = []
        self.port = 0

    def start(self, smsc_port: int, hook: Hook | None) -> None:
        """Raises KannelMissing, or Wrong when it does not come up."""
        bearerbox, smsbox = program("bearerbox"), program("smsbox")
        (self._folder / "spool").mkdir(parents=True)
        admin, box, self.port = free_ports(3)
        path = self._folder / "kannel.conf"
        path.write_text(
            BEARERBOX.format(
                admin=admin, box=box, http=self.port, smsc=smsc_port, secret=self.secret, folder=self._folder
            ),
            encoding="ascii",
        )
        self._spawn(bearerbox, path)
        await_port(box)
        self._spawn(smsbox, path)
        await_port(self.port)

    def stop(self) -> None:
        for each in reversed(self._children):
            each.terminate()
            try:
                each.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()
        self._children.clear()

    def pids(self) -> Mapping[str, Sequence[int]]:
        return {self.name: [each.pid for each in self._children]}

    def recorded(self) -> dict[str, str]:
        return {}  # it keeps none, and is not asked

    def _spawn(self, path: str, configuration: Path) -> None:
        output = subprocess.DEVNULL
        self._children.append(start_mortal([path, str(configuration)], stdout=output, stderr=output))


def program(name: str) -> str:
    """Where it is installed. Raises KannelMissing."""
    found = shutil.which(name) or shutil.which(name, path=PLACES)
    if found is None:
        raise KannelMissing(f"Kannel is left out: {name} is not installed (on Debian: the package kannel)")
    return found
