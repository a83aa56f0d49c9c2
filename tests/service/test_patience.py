"""service.patience on the applications that BentoML builds of our services."""

import subprocess
import sys

import pytest

CODE = """
from _bentoml_impl.server.app import ServiceAppFactory
from service import service
from bentoml._internal.server.http import traffic

service.{service}.inject_config()
classes = [made.cls for made in ServiceAppFactory(service.{service}).middlewares]
print(traffic.TimeoutMiddleware in classes, traffic.TimeoutMiddleware.__module__)
"""


@pytest.mark.parametrize("service", ["CatDog", "Network"])
def test_what_bentoml_builds_starts_no_timer_for_a_request(service: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(service=service)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", "service.patience"]
