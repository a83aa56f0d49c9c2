"""What an operator may set, each through an environment variable named `CATDOG_...`.

Host, port and TLS stay BentoML's (`bentoml serve --help`).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from service import images

PREFIX = "CATDOG_"
REQUEST_TIMEOUT_S = 60  # BentoML cuts a request off here; ours below must all come first
_MIB = 1024 * 1024


class SettingsError(ValueError):
    """An environment variable holds what its setting does not allow."""


class Settings(BaseModel):
    """The service's settings; `CATDOG_` and the upper-case name is the variable."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(
        default="catdog:latest",
        pattern=r"^catdog(:[a-z0-9._-]+)?$",
        description="Tag of the promoted model to serve, as `make models` lists them.",
    )
    device: Literal["auto", "cpu", "gpu"] = Field(
        default="auto", description="Where the network runs; auto: on a GPU where there is one."
    )
    precision: Literal["auto", "int8", "bf16", "f16", "f32"] = Field(
        default="auto",
        description="What the network computes in; auto: what export chose, and f16 on a GPU.",
    )
    max_upload_bytes: int = Field(
        default=10 * _MIB, gt=0, description="Bytes of one picture, or of a raw body."
    )
    max_batch_bytes: int = Field(
        default=64 * _MIB, gt=0, description="Bytes of the whole body of a batch request."
    )
    max_batch_pictures: int = Field(default=64, gt=0, description="Pictures of a batch request.")
    max_pixels: int = Field(
        default=images.MAX_PIXELS,
        gt=0,
        le=images.MAX_PIXELS,
        description="Width times height of a picture.",
    )
    max_in_flight: int = Field(
        default=256,
        gt=0,
        description=(
            "Pictures worked on at once, of all requests, or fewer where the network is too slow "
            "to answer them in time, and 64 at most until it has shown its speed; past them, 429. "
            "One request alone is taken in any case."
        ),
    )
    max_buffered_bytes: int = Field(
        default=512 * _MIB,
        gt=0,
        description=(
            "Bytes of bodies held at once, of all requests; past them, 503. One body alone is "
            "held in any case."
        ),
    )
    upload_timeout_s: float = Field(
        default=25,
        gt=0,
        le=25,
        description="Seconds for a request's head to arrive, and again for its body.",
    )
    decode_cpu_timeout_s: float = Field(
        default=1.5,
        gt=0,
        le=20,
        description="Seconds of a core to decode one picture; past them, 422.",
    )
    decode_timeout_s: float = Field(
        default=5, gt=0, le=20, description="Seconds on the clock for the same."
    )
    answer_timeout_s: float = Field(
        default=30, gt=0, le=30, description="Seconds to decode and score; past them, 503."
    )
    api_keys_file: Path | None = Field(
        default=None,
        description="File with an API key a line; where it is set, requests need one of them.",
    )
    cors_origins: str = Field(
        default="",
        pattern=r"^(\*|(https?://[A-Za-z0-9.:\[\]-]+\s*)*)$",
        description=(
            "Origins whose pages may call the service from a browser, such as "
            "https://shop.example, separated by spaces; * for all."
        ),
    )
    access_log: bool = Field(default=True, description="Log a line of JSON for each request.")


def variable(field: str) -> str:
    """Name of the environment variable of a setting."""
    return PREFIX + field.upper()


def table() -> str:
    """Every setting in Markdown: variable, default, meaning."""
    rows = [
        (f"`{variable(name)}`", f"`{about.default}`" if about.default else "", about.description)
        for name, about in Settings.model_fields.items()
    ]
    head = ("variable", "default", "what it sets"), ("---",) * 3
    return "\n".join(f"| {' | '.join(map(str, cells))} |" for cells in (*head, *rows))


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Read and validate every setting; an unset or empty variable means the default.

    Raises:
        SettingsError: names the variable, what it holds, what is allowed.
    """
    given = {f: environ[variable(f)] for f in Settings.model_fields if environ.get(variable(f))}
    try:
        return Settings.model_validate(given)
    except ValidationError as exc:
        raise SettingsError(" ".join(_sentence(error) for error in exc.errors())) from exc


def _sentence(error: ErrorDetails) -> str:
    field = str(error["loc"][0])
    about = Settings.model_fields[field]
    why = error["msg"]
    if error["type"] == "string_pattern_mismatch":  # which it says in regular expressions
        why = "not of the right form"
    default = "none" if about.default in (None, "") else about.default
    return (
        f"{variable(field)} is {error['input']!r}: {why}. {about.description} "
        f"The default is {default}."
    )
