"""From pictures to a better model: fine-tune, judge, export, promote."""

import os

# albumentations asks a package registry for its newest version whenever it is imported, and
# NNCF reports its use to its maker unless it believes to be in a test.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
os.environ.setdefault("NNCF_CI", "1")
