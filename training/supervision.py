"""What the launcher of several processes and these processes agree on."""

import os

SUPERVISED = "CATDOG_SUPERVISED"  # set for processes whose end `training.launch` explains
LOST = 75  # exit status of a process that ended because others had (sysexits.h: EX_TEMPFAIL)
CONNECTED_WITHIN_S = 600  # the last process may start so much later than the first


def is_supervised() -> bool:
    """Whether `training.launch` started this process, and will say what ended it."""
    return SUPERVISED in os.environ and "TORCHELASTIC_RUN_ID" in os.environ  # not the launcher
