"""From pictures to a better model: fine-tune, judge, export, promote."""

import os

import service  # noqa: F401  # OpenVINO, NNCF and BentoML tell nobody of us from then on

# albumentations asks a package registry for its newest version whenever it is imported.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
