"""A client never makes the server fetch a URL."""

import socket
from collections.abc import Iterator

import httpx
import pytest

PATHS = ["/predict", "/predict/batch", "/Network/score", "/score"]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody to connect to. Connections wait in its backlog until accepted."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


@pytest.mark.parametrize("path", PATHS)
def test_no_form_of_url_makes_the_server_connect(
    client: httpx.Client, listener: socket.socket, path: str
) -> None:
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/cat.jpg"
    for request in (
        {"files": {"image": (None, url)}},
        {"files": {"image": ("cat.jpg", url.encode())}},
        {"files": {"image": (url, b"")}},
        {"data": {"image": url}},
        {"json": {"image": url}},
        {"json": url},
        {"content": url},
        {"content": url, "headers": {"Content-Type": "image/jpeg"}},
        {"content": b"", "params": {"image": url, "url": url}},
    ):
        response = client.post(path, **request)
        if path == "/predict/batch" and "files" in request:
            assert "error" in response.json()["predictions"][0]
        else:
            assert 400 <= response.status_code < 500
    with pytest.raises(BlockingIOError, match="temporarily unavailable"):
        listener.accept()
