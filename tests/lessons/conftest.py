"""What lessons that train have left behind."""

import pytest
from pydantic import BaseModel


@pytest.fixture(scope="module")
def figures(request: pytest.FixtureRequest) -> BaseModel:
    """Those of the lesson that a module of tests has as its `KEPT`."""
    return request.module.KEPT.read()
