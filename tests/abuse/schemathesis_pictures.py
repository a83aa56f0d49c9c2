"""Gives schemathesis a picture where the document asks for one, not any bytes.

Loaded by schemathesis itself, through SCHEMATHESIS_HOOKS.
"""

import schemathesis
from hypothesis import strategies

from service import images
from tests import pictures

for kind in images.KINDS:
    files = [pictures.plain(rgb, kind.decoder) for rgb in (pictures.RED, pictures.BLUE)]
    schemathesis.openapi.media_type(kind.media_type, strategies.sampled_from(files))
