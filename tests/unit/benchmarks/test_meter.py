import os
import subprocess
import sys

from benchmarks.meter import Meter

USES = "import sys; sum(range(3_000_000)); print(flush=True); sys.stdin.read()"


def test_a_process_that_the_target_starts_meanwhile_counts_from_its_beginning() -> None:
    """As a gateway's writing process, which comes once commits are large."""
    meter = Meter({"gateway": [os.getpid()]}, "gateway")
    before = meter.read()
    with subprocess.Popen([sys.executable, "-c", USES], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        own = os.times()
        after = meter.read()
        rss_mb = meter.rss_mb()
        assert after.cpu_s["gateway"] > own.user + own.system
        child.communicate()
    assert after.cpu_s["gateway"] > before.cpu_s["gateway"]
    assert rss_mb > 0
