"""What is said when there is no answer: RFC 9457, `application/problem+json`."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"
# Nobody reads it: the client hung up. nginx's number, for logs and metrics.
CLIENT_GONE = 499


class ProblemBody(BaseModel):
    """A fault, for programs and for people (RFC 9457)."""

    title: str = Field(description="The name of the HTTP status.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong, and the way out.")
    file_status: str | None = Field(
        None, description="`unreadable`: what `fakeloc detect` says of the file."
    )


class Problem(Exception):
    """A request that is not answered as it wished."""

    def __init__(
        self,
        status: int,
        detail: str,
        headers: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        """See `ProblemBody`; `members` are its further ones."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.members = members

    def response(self) -> JSONResponse:
        """The answer to send."""
        known = {status.value: status.phrase for status in HTTPStatus}
        title = known.get(self.status, "Client closed the request")
        body = {"title": title, "status": self.status, "detail": self.detail}
        return JSONResponse(
            body | self.members,
            self.status,
            headers=self.headers,
            media_type=MEDIA_TYPE,
        )


def documented(**texts: str) -> dict[int | str, dict[str, Any]]:
    """Faults of a route for its OpenAPI description.

    Args:
        texts: `s429="the queue is full"`: status and when it comes.
    """
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {
        int(name.removeprefix("s")): {
            "description": text,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for name, text in texts.items()
    }


def handle_all(app: FastAPI) -> None:
    """Makes every fault of `app` a problem."""

    async def own(_: Request, problem: Exception) -> JSONResponse:
        found = problem if isinstance(problem, Problem) else _of(problem)
        return found.response()

    for kind in (Problem, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, own)


def _of(error: Exception) -> Problem:
    """The problem of an exception of FastAPI's, or of any other."""
    if isinstance(error, RequestValidationError):
        # Not what was sent, which may be personal: where it is wrong, and why.
        faults = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return Problem(422, "; ".join(faults))
    if isinstance(error, HTTPException):
        headers = dict(error.headers or {})
        return Problem(error.status_code, str(error.detail), headers)
    return Problem(500, "Something went wrong here; the server's log says it.")
