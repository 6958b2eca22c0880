"""Transport security towards an operator."""

from typing import Annotated

import msgspec
from msgspec import Meta

_Path = Annotated[str, Meta(min_length=1)]


class TlsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """TLS towards an operator (S-27). Certificates and keys are PEM files."""

    enabled: Annotated[bool, Meta(description="Speak TLS 1.2 or later on this link.")] = False
    ca_file: Annotated[_Path | None, Meta(description="Private CA; unset trusts those of the system.")] = None
    certificate: Annotated[_Path | None, Meta(description="Client certificate, with its chain.")] = None
    key: Annotated[_Path | None, Meta(description="Private key of the client certificate.")] = None
    verify_host: Annotated[
        _Path | None, Meta(description="Name that the operator's certificate must carry; unset means `host`.")
    ] = None
