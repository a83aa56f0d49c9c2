"""What is there when a service has started is no longer the garbage collector's business."""

import subprocess
import sys

SCRIPT = """
import gc
from service import garbage

garbage.freeze_what_is_there()
counts = [gc.get_freeze_count()]
for _ in range(3):
    kept = [[] for _ in range(1000)]
    ring = []
    ring.append(ring)
    del ring
    collected = gc.collect()
    counts.append(gc.get_freeze_count())
assert collected >= 1, collected
assert counts[0] > 1000, counts
assert counts[1] >= counts[0] + 1000, counts
assert counts[1] >= counts[2] == counts[3], counts
assert len(gc.callbacks) == 0
"""


def test_what_is_there_is_frozen_and_once_more_after_the_first_full_collection() -> None:
    """In a process of its own, which it changes for good."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
