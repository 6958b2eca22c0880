"""What the key scheme and sealed fields compute: by OpenSSL in one call each where that is built, else by `pure`.

Both give the same for the same; `compiling/openssl.c` is built with the compiled build.
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from redaction.primitives.pure import (
        descend,
        forget,
        hmac_sha256,
        leaf_in,
        open_field,
        open_ready,
        seal_field,
    )

    BY_OPENSSL: Final[bool] = False
else:
    try:
        from redaction.primitives.openssl import (
            descend,
            forget,
            hmac_sha256,
            leaf_in,
            open_field,
            open_ready,
            seal_field,
        )

        BY_OPENSSL = True
    except ImportError:
        from redaction.primitives.pure import (
            descend,
            forget,
            hmac_sha256,
            leaf_in,
            open_field,
            open_ready,
            seal_field,
        )

        BY_OPENSSL = False

__all__ = ["BY_OPENSSL", "descend", "forget", "hmac_sha256", "leaf_in", "open_field", "open_ready", "seal_field"]
