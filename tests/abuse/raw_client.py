"""Clients that no HTTP library would be: slow, broken off, or not quite HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_READ_TIMEOUT_S = 60

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def request(data: bytes, path: str = "/predict") -> bytes:
    """A whole POST of a raw body, after which the server closes."""
    head = f"POST {path} HTTP/1.1\r\nHost: catdog\r\nConnection: close\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


@asynccontextmanager
async def connection(url: str) -> AsyncIterator[Connection]:
    """A TCP connection; gone afterwards, whatever the server still has to say."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def say(url: str, data: bytes) -> bytes:
    """Send bytes, and read until the server closes. Returns what it said, if anything."""
    async with connection(url) as (reader, writer):
        writer.write(data)
        async with asyncio.timeout(_READ_TIMEOUT_S):
            return await reader.read()


async def leave(url: str, data: bytes, *, after_s: float = 0.0) -> None:
    """Send bytes, and be gone without a word."""
    async with connection(url) as (_, writer):
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(after_s)


async def trickle(url: str, at_once: bytes, slowly: bytes, *, interval_s: float = 1.0) -> bytes:
    """Send a beginning, then byte after byte until the server answers. Returns its header."""
    async with connection(url) as (reader, writer):
        answer = asyncio.create_task(reader.readuntil(b"\r\n\r\n"))
        writer.write(at_once)
        for i in range(len(slowly)):
            done, _ = await asyncio.wait([answer], timeout=interval_s)
            if done:
                break
            writer.write(slowly[i : i + 1])
        return await answer
