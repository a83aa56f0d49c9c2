"""CATDOG_CORS_ORIGINS=*, which the live server of tests/http does not have."""

import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse

from service.cross_origin import allow_origins


def test_a_star_allows_the_pages_of_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATDOG_CORS_ORIGINS", "*")
    transport = httpx.ASGITransport(allow_origins(PlainTextResponse("here")))

    async def ask(method: str, origin: str) -> httpx.Response:
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
            return await http.request(method, "/predict", headers=headers)

    for origin in ("https://shop.example", "http://localhost:8000"):
        for method in ("OPTIONS", "GET"):
            response = asyncio.run(ask(method, origin))
            assert response.status_code == 200
            assert response.headers["access-control-allow-origin"] == "*"
