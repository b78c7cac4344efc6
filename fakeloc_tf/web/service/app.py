"""The routes of the service and their OpenAPI description."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi_offline import FastAPIOffline
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

import fakeloc_tf
from fakeloc_tf.web import guard
from fakeloc_tf.web.service import metrics, problems
from fakeloc_tf.web.service.detection import OCTETS, Service
from fakeloc_tf.web.service.envelope import Envelope
from fakeloc_tf.web.service.problems import Problem, ProblemBody, documented
from fakeloc_tf.web.service.schema import Answer, Health, Model
from fakeloc_tf.web.service.upload import FIELD, FORM, MAX_NAME, TYPES

ABOUT = """Finds the faces of a picture or a video, scores each one, and says where it
may be manipulated. A verdict is a lead to follow, not proof. Nothing that is sent is
kept or logged. `fakeloc_tf/inference/README.md` describes every key."""
_BINARY = {"type": "string", "format": "binary"}
_FORM = {"type": "object", "required": [FIELD], "properties": {FIELD: _BINARY}}
BODY = {
    "required": True,
    "content": {FORM: {"schema": _FORM}}
    | {media_type: {"schema": _BINARY} for media_type in (*TYPES, OCTETS)},
}
_UNAUTHORIZED = {"s401": "The token is missing or wrong."}
Masks = Annotated[bool, Query(description="Add the map of each face, as PNG.")]
Name = Annotated[
    str | None,
    Query(
        max_length=MAX_NAME,
        description="Of a file that is the body itself; its suffix counts. Without it "
        "the type of the body does.",
    ),
]


def build(service: Service, model: Model, host: str, token: str | None) -> ASGIApp:
    """The ASGI app.

    Args:
        service: does the work.
        model: what it says of its model.
        host: that the server binds to; see `guard.host_check`.
        token: that clients must show; None = none.
    """
    app = FastAPIOffline(
        title="fakeloc",
        version=fakeloc_tf.__version__,
        description=ABOUT,
        redoc_url=None,
        middleware=guard.host_check(host),
    )
    problems.handle_all(app)
    asked = [Depends(_Bearer(token))] if token else []
    refused = _UNAUTHORIZED if token else {}
    _add_detect(app, service, asked, refused)
    _add_model(app, model, asked, refused)
    _add_metrics(app, service, asked, refused)
    _add_health(app, service)
    _describe_problems(app)
    return Envelope(app, service.metrics)


class _Bearer(HTTPBearer):
    """A dependency that refuses all but one token."""

    def __init__(self, token: str) -> None:
        super().__init__(
            scheme_name="token", description="FAKELOC_SERVE_TOKEN", auto_error=False
        )
        self._token = token.encode()

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials:
        shown = await super().__call__(request)
        given = shown.credentials.encode() if shown else b""
        if shown is None or not secrets.compare_digest(given, self._token):
            raise Problem(
                401,
                "Send the header `Authorization: Bearer TOKEN`.",
                {"WWW-Authenticate": "Bearer"},
            )
        return shown


def _add_detect(
    app: FastAPI, service: Service, asked: list[Any], refused: dict[str, str]
) -> None:
    faults = refused | {
        "s400": "The body is malformed or empty.",
        "s408": "The body did not arrive within the time limit.",
        "s413": "The file is too large.",
        "s415": "The file is of a type that is not read.",
        "s422": "The file cannot be read, or a parameter is wrong.",
        "s429": "The queue is full; `Retry-After` says when to come back.",
        "s500": "A fault of the service.",
        "s503": "The service is stopping, its disk is full, or its engine is down.",
        "s504": "The work took longer than the time limit.",
    }

    @app.post(
        "/v1/detect",
        summary="Look at a picture or a video",
        tags=["detection"],
        dependencies=asked,
        responses=documented(**faults),
        response_model=Answer,
        response_model_exclude_unset=True,
        openapi_extra={"requestBody": BODY},
    )
    async def detect(request: Request, masks: Masks = False, name: Name = None) -> Any:
        """What `fakeloc detect` says of one picture or video.

        Send a form with the field `file`, or the file itself as the body. A file
        without a face is answered with 200 and the status `no_face` or `too_small`.
        """
        return await service.detect(request, name, masks)


def _add_model(
    app: FastAPI, model: Model, asked: list[Any], refused: dict[str, str]
) -> None:
    @app.get(
        "/v1/model",
        summary="The model and its thresholds",
        tags=["detection"],
        dependencies=asked,
        responses=documented(**refused),
    )
    async def describe() -> Model:
        """Which model answers, its thresholds and what the verdicts mean."""
        return model


def _add_metrics(
    app: FastAPI, service: Service, asked: list[Any], refused: dict[str, str]
) -> None:
    answers = documented(**refused)
    answers[200] = {"content": {"text/plain": {"schema": {"type": "string"}}}}

    @app.get(
        "/metrics",
        summary="Metrics for Prometheus",
        tags=["operation"],
        dependencies=asked,
        response_class=Response,
        responses=answers,
    )
    async def ask_metrics() -> Response:
        """For Prometheus."""
        return Response(service.metrics.text(), media_type=metrics.CONTENT_TYPE_LATEST)


def _add_health(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", summary="Does it live?", tags=["operation"])
    async def healthz() -> Health:
        """The process lives."""
        return Health(ok=True, reasons=[])

    unready: dict[int | str, dict[str, Any]] = {
        503: {"model": Health, "description": "Send requests elsewhere for now."}
    }

    @app.get(
        "/readyz",
        summary="Are requests taken?",
        tags=["operation"],
        responses=unready,
    )
    async def readyz(response: Response) -> Health:
        """Requests are taken: the model is loaded, and the queue has room."""
        reasons = service.reasons()
        response.status_code = 503 if reasons else 200
        return Health(ok=not reasons, reasons=reasons)


def _describe_problems(app: FastAPI) -> None:
    """Adds the body of faults, which no route returns, to the description."""
    describe = app.openapi

    def with_problems() -> dict[str, Any]:
        schemas = describe()["components"]["schemas"]
        schemas.setdefault(ProblemBody.__name__, ProblemBody.model_json_schema())
        return describe()

    app.openapi = with_problems  # type: ignore[method-assign]
