"""What a server says on a connection that no HTTP library holds."""

import socket

import httpx


def read_to_the_end(connection: socket.socket) -> bytes:
    """Until the server closes it."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def parse(said: bytes) -> httpx.Response:
    """An answer that came on a bare connection, which was closed after it."""
    head, _, body = said.partition(b"\r\n\r\n")
    status, *fields = head.decode().split("\r\n")
    headers = [tuple(field.split(": ", 1)) for field in fields]
    return httpx.Response(int(status.split()[1]), headers=headers, content=body)
