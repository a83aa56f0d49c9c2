"""Nobody is told of us by what we use."""

import subprocess
import sys

import pytest

REPORTERS = {
    "service.openvino_engine": "import openvino.tools.ovc.telemetry_utils as user; user = user.tm",
    "training.graphs": "import nncf.telemetry.wrapper as user; user = type(user.telemetry)",
}


@pytest.mark.parametrize("ours", REPORTERS)
def test_what_reports_to_openvinos_maker_is_not_there(ours: str) -> None:
    script = f"import {ours}, sys; {REPORTERS[ours]}; print(user.__name__)"
    script += "; print([name for name in sys.modules if name.startswith('openvino_telemetry.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines() in (
        ["openvino.tools.ovc.telemetry_stub", "[]"],
        ["MagicMock", "[]"],  # NNCF's own stand-in
    ), done.stderr
