"""Lightning's advice on what is meant to be as it is."""

import logging
import warnings

_KNOWN = (
    "LightningCLI's args parameter is intended to run from within Python",
    "Experiment logs directory .* exists and is not empty",
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",
    r"Found \d+ module\(s\) in eval mode at the start of training",
    "The '.*_dataloader' does not have many workers",
)


def hush() -> None:
    """Leave out the warnings that are known, the tips, and the list of absent accelerators."""
    for message in _KNOWN:
        warnings.filterwarnings("ignore", message)
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
