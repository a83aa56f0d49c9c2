"""Names of files as text for people and for JSON, whatever bytes they are made of."""


def readable(name: str) -> str:
    r"""Bytes that are no UTF-8, which Python keeps as surrogates, become `\xe9` and the like."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")
