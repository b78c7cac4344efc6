"""TF Serving's REST API (https://www.tensorflow.org/tfx/serving/api_rest)."""

from __future__ import annotations

import base64
import binascii
import json
import time
from typing import Any
from urllib.parse import quote

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.serving.client import errors
from fakeloc_tf.serving.client.address import Connection
from fakeloc_tf.serving.client.transport import MAX_MESSAGE_BYTES, Wanted

try:
    import requests
    import urllib3
except ImportError as error:
    raise FakelocError(
        f"a server over REST needs requests ({error}); install it with "
        "`pip install fakeloc-tf[serving]`"
    ) from error

_CHUNK = 1 << 16
# Of an error's text, what a message shows.
_SHOWN = 300
_BUSY = (429, 502, 503, 504)


class RestTransport:
    """Requests over HTTP; connections are kept open."""

    def __init__(self, connection: Connection) -> None:
        """Connects at the first request."""
        self._connection = connection
        self._url = connection.address.url
        self._session = requests.Session()
        # Else a .netrc could take the token's place.
        self._session.auth = _Bearer(connection.token)
        # A proxy of the environment is another machine, which is told nothing of what
        # is for this one, least of all the token.
        local = connection.address.is_local
        self._proxies = {"no_proxy": connection.address.host} if local else None
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=connection.parallel)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def predict(self, wanted: Wanted) -> dict[str, Any]:
        """See `Transport`."""
        (name,) = wanted.inputs
        rows = [{"b64": base64.b64encode(x).decode()} for x in wanted.inputs[name]]
        body = {"signature_name": wanted.signature, "instances": rows}
        answer = self._ask(
            "POST", f"{_place(wanted.model, wanted.version)}:predict", body
        )
        try:
            return _columns(answer["predictions"], wanted.outputs, len(rows))
        except (KeyError, TypeError, ValueError) as error:
            raise errors.malformed(self._url, _reason(error)) from error

    def versions(self, model: str) -> dict[int, str]:
        """See `Transport`."""
        answer = self._ask("GET", _place(model, None))
        try:
            return {
                int(row["version"]): str(row["state"])
                for row in answer["model_version_status"]
            }
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise errors.malformed(self._url, _reason(error)) from error

    def close(self) -> None:
        """See `Transport`."""
        self._session.close()

    def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The JSON object that the server answers."""
        end = time.monotonic() + self._connection.timeout_seconds
        try:
            with self._session.request(
                method,
                f"{self._url}{path}",
                json=body,
                timeout=self._connection.timeout_seconds,
                proxies=self._proxies,
                # A redirect would turn the POST into a GET.
                allow_redirects=False,
                verify=str(self._connection.ca_file or "") or True,
                stream=True,
            ) as answer:
                return self._read(answer, end)
        except requests.exceptions.SSLError as error:
            raise errors.not_trusted(self._url, _reason(error)) from error
        except requests.exceptions.Timeout as error:
            seconds = self._connection.timeout_seconds
            raise errors.too_slow(self._url, seconds) from error
        except requests.exceptions.RequestException as error:
            raise errors.unreachable(self._url, _reason(error)) from error

    def _read(self, answer: requests.Response, end: float) -> dict[str, Any]:
        """Reads an answer of any status, up to a bound of size and of time."""
        data = bytearray()
        # `iter_content` waits for whole chunks: a byte a minute would never be late.
        while chunk := self._chunk(answer):
            data += chunk
            if len(data) > MAX_MESSAGE_BYTES:
                limit = f"more than {MAX_MESSAGE_BYTES >> 20} MB"
                raise errors.too_large(self._url, limit)
            if time.monotonic() > end:
                raise errors.too_slow(self._url, self._connection.timeout_seconds)
        if answer.status_code != 200:
            raise self._error(answer, bytes(data))
        try:
            parsed = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise errors.malformed(self._url, _reason(error)) from error
        if not isinstance(parsed, dict):
            raise errors.malformed(self._url, f"JSON of {type(parsed).__name__}")
        return parsed

    def _chunk(self, answer: requests.Response) -> bytes:
        """What has come; empty = the end."""
        try:
            return answer.raw.read1(_CHUNK, decode_content=True)
        except urllib3.exceptions.TimeoutError as error:
            seconds = self._connection.timeout_seconds
            raise errors.too_slow(self._url, seconds) from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise errors.unreachable(self._url, _reason(error)) from error

    def _error(self, answer: requests.Response, data: bytes) -> errors.ServerError:
        """What an answer that is none says."""
        code, url = answer.status_code, self._url
        reason = f"HTTP {code}: {_error_text(data)}"
        if code in _BUSY:
            return errors.busy(url, reason, _seconds(answer.headers.get("Retry-After")))
        if code in (401, 403):
            return errors.not_allowed(url, reason)
        if code == 413:
            return errors.too_large(url, reason)
        # A proxy's 404 is a page; TF Serving's is an object with `error`.
        if code == 404 and _is_tf_serving(data):
            return errors.NotServedError(f"{url}: {reason}")
        if 300 <= code < 400:
            place = answer.headers.get("Location", "elsewhere")
            return errors.ServerError(f"{url} has moved to {place}; give that address")
        if code == 400:
            return errors.refused(url, reason)
        return errors.malformed(url, reason)


class _Bearer(requests.auth.AuthBase):
    """Puts the token into the header, if there is one."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _place(model: str, version: int | None) -> str:
    """Path of a model, or of one version of it."""
    path = f"/v1/models/{quote(model, safe='')}"
    return path if version is None else f"{path}/versions/{version}"


def _columns(rows: Any, names: Any, count: int) -> dict[str, list[Any]]:
    """Rows as TF Serving has them → a column for each name."""
    if len(rows) != count:
        raise ValueError(f"{len(rows)} rows for {count} crops")
    # A signature of one output has its values without names.
    if len(names) == 1 and not any(isinstance(row, dict) for row in rows):
        rows = [{names[0]: row} for row in rows]
    return {name: [_value(row[name]) for row in rows] for name in names}


def _value(value: Any) -> Any:
    """Strings as bytes; `b64` is how TF Serving sends those that may be no text."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict):
        try:
            return base64.b64decode(value["b64"], validate=True)
        except binascii.Error as error:
            raise ValueError(f"no base64: {error}") from error
    return value


def _error_text(data: bytes) -> str:
    """TF Serving's `error`, else the start of whatever came."""
    try:
        text = str(json.loads(data)["error"])
    except (ValueError, KeyError, TypeError, RecursionError):
        text = data.decode(errors="replace")
    return " ".join(text[:_SHOWN].split()) or "no text"


def _is_tf_serving(data: bytes) -> bool:
    try:
        return "error" in json.loads(data)
    except (ValueError, TypeError, RecursionError):
        return False


def _seconds(retry_after: str | None) -> float | None:
    """`Retry-After` in seconds; its other form, a date, is left to the back-off."""
    try:
        return max(0.0, float(retry_after or ""))
    except ValueError:
        return None


def _reason(error: Exception) -> str:
    """What an exception says, without what it is wrapped in."""
    if isinstance(error, KeyError):
        return f"there is no {error}"
    inner = error.args[0] if error.args else error
    return str(getattr(inner, "reason", inner))[:_SHOWN]
