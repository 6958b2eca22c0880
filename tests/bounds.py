"""How long tests wait for what must happen: far longer than it takes, so that a busy machine breaks none of them.

Whoever waits this long has found a fault. How fast something is, is for the benchmarks to say.
"""

from typing import Final

LIMIT_S: Final = 60.0
