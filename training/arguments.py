"""How `training fit` answers what it cannot read."""

import sys
from typing import NoReturn

from pytorch_lightning.cli import LightningArgumentParser

HELP = "python -m training fit --help"
DEFAULTS = "training/configs/default.yaml"


class ArgumentParser(LightningArgumentParser):
    """LightningCLI's, with errors of a sentence: its usage alone fills a screen."""

    def error(self, message: str, _: Exception | None = None) -> NoReturn:
        """Say what is wrong and where the allowed keys are listed; exit with 2."""
        what = " ".join(message.split())
        print(
            f"Error: {what}. `{HELP}` lists every key and its type; {DEFAULTS} has those that "
            "matter, with their defaults.",
            file=sys.stderr,
        )
        sys.exit(2)
