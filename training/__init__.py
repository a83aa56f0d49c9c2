"""From pictures to a better model: fine-tune, judge, export, promote."""

import os

# albumentations asks a package registry for its newest version whenever it is imported.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
