"""Names of files as text for people and for JSON, whatever bytes they are made of."""

import io
import sys


def readable(name: str) -> str:
    r"""Bytes that are no UTF-8, which Python keeps as surrogates, become `\xe9` and the like."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")


def print_any_name() -> None:
    """Have stdout show a name that its encoding lacks with escapes, as stderr does by itself."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
