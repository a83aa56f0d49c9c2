"""The service that ships: bytes in, an honest answer out. Imports no torch."""

import os
import sys

# OpenVINO tells Google Analytics of every import of itself, and NNCF of its use, by a package of
# their maker's. Where that cannot be imported, they go without. BentoML tells of each start.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # what import takes for a no
os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
