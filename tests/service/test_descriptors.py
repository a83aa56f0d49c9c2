"""How many connections are held, by the limits that a process starts with."""

import subprocess
import sys

import pytest

from tests.live_server import REPOSITORY

ASK = """
import resource, sys
from service import descriptors
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
before = descriptors.most_connections()
descriptors.raise_limit()
print(before, descriptors.most_connections(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "before", "after", "raised_to"),
    [
        (1024, 8192, 512, 4096, 4096 + 128 + 2048),  # as a shell or systemd has it
        (1024, 4000, 512, 2000, 4000),
        (1024, 1024, 512, 512, 1024),
        (8000, 8192, 4096, 4096, 8000),
    ],
)
def test_the_soft_limit_is_raised_as_far_as_the_hard_one_allows(
    soft: int, hard: int, before: int, after: int, raised_to: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(soft), str(hard)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [str(n) for n in (before, after, raised_to, hard)], done.stderr
