"""What the key scheme and sealed fields compute: by OpenSSL in one call each where that is built, else by `pure`.

Both give the same for the same; `compiling/openssl.c` is part of the compiled build, and so is `compiling/blake2s.c`,
for digests that begin alike and the way to a leaf.
"""

from typing import TYPE_CHECKING, Final

from redaction.primitives import pure

if TYPE_CHECKING:
    from redaction.primitives import pure as chosen
    from redaction.primitives.pure import Begun as Begun
    from redaction.primitives.pure import descend as descend
    from redaction.primitives.pure import digest_16 as digest_16
else:
    try:
        from redaction.primitives import openssl as chosen
    except ImportError:
        chosen = pure
    try:
        from redaction.primitives.hashing import Begun, descend, digest_16
    except ImportError:
        Begun, descend, digest_16 = pure.Begun, pure.descend, pure.digest_16

BY_OPENSSL: Final[bool] = chosen is not pure

forget = chosen.forget
hmac_sha256 = chosen.hmac_sha256
leaf_in = chosen.leaf_in
open_field = chosen.open_field
open_ready = chosen.open_ready
seal_field = chosen.seal_field
