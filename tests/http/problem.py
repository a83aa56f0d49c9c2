"""What every error answer must look like (RFC 9457, and ours)."""

import httpx


def assert_problem(response: httpx.Response, status: int, slug: str) -> str:
    """Hold a response against the contract. Returns its detail."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert set(body) == {"type", "title", "status", "detail"}
    assert body["status"] == status
    assert body["type"] == f"/docs#{slug}"
    detail = body["detail"]
    assert isinstance(detail, str)
    assert detail.endswith(".")
    return detail


def assert_refused(response: httpx.Response, status: int, slug: str) -> str:
    """Likewise of one that may be sent again, and says when. Returns its detail."""
    detail = assert_problem(response, status, slug)
    assert int(response.headers["retry-after"]) >= 1
    return detail
