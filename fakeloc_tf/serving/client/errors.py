"""What goes wrong between the client and the server, each with the way out."""

from __future__ import annotations

from fakeloc_tf.errors import FakelocError


class ServerError(FakelocError):
    """The server cannot be asked, or its answer cannot be used."""


class PassingError(ServerError):
    """A fault that may pass: worth another attempt.

    Attributes:
        retry_after: seconds that the server asks to wait; None = it does not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotServedError(ServerError):
    """The server does not have this model, or not this version of it."""


def unreachable(url: str, reason: object) -> PassingError:
    """Nobody answers, or the connection broke."""
    return PassingError(
        f"{url} cannot be reached ({reason}); is the server running, and are host and "
        "port right? TF Serving listens on 8501 for REST (http://) and on 8500 for "
        "gRPC (grpc://)"
    )


def busy(url: str, reason: object, retry_after: float | None = None) -> PassingError:
    """The server has no room, or is about to start or to stop."""
    return PassingError(
        f"{url} is too busy or not ready ({reason}); try again later, or send less at "
        "once (`--parallel`, `--batch-size`)",
        retry_after,
    )


def too_slow(url: str, seconds: float) -> PassingError:
    """No answer within the time-out."""
    return PassingError(
        f"{url} did not answer within {seconds:g} s; give it more time (`--timeout`) "
        "or fewer faces at once (`--batch-size`)"
    )


def not_trusted(url: str, reason: object) -> ServerError:
    """TLS failed."""
    return ServerError(
        f"{url}: no secure connection ({reason}); give the certificate of the "
        "authority that signed the server's (`--ca-file`), or the name that its "
        "certificate is for"
    )


def not_allowed(url: str, code: object) -> ServerError:
    """The server, or the proxy before it, wants to know who asks."""
    return ServerError(
        f"{url} refuses the request ({code}); set a valid token in the environment "
        "variable FAKELOC_SERVER_TOKEN"
    )


def too_large(url: str, reason: object) -> ServerError:
    """A message is beyond a limit of size."""
    return ServerError(
        f"{url}: a message is too large ({reason}); send fewer faces at once "
        "(`--batch-size`), or ask for maps of 8 bits (`--compact`)"
    )


def malformed(url: str, reason: object) -> ServerError:
    """What came is not an answer of TF Serving, or not of this model."""
    return ServerError(
        f"{url} gives an answer that cannot be read ({reason}); is it a TensorFlow "
        "Serving with an export of this version of `fakeloc export`?"
    )


def refused(url: str, reason: object) -> ServerError:
    """The server does not take the request: another model, another signature."""
    return ServerError(
        f"{url} does not take the request ({reason}); export the run again with "
        "`fakeloc export` and serve that"
    )
