"""Where the server is, and how the client talks to it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fakeloc_tf.errors import FakelocError

# TF Serving's own ports; behind TLS there is a proxy.
PORTS = {"http": 8501, "https": 443, "grpc": 8500, "grpcs": 443}
_FORM = (
    "give http://HOST:8501 or https://HOST for REST, grpc://HOST:8500 or grpcs://HOST "
    "for gRPC"
)


@dataclass(frozen=True)
class Address:
    """A server, without anything secret.

    Attributes:
        scheme: `http`, `https`, `grpc` or `grpcs`.
        host: name or number; IPv6 without brackets.
        port: 1..65535.
        path: before `/v1` of REST, where a proxy has one; else empty.
    """

    scheme: str
    host: str
    port: int
    path: str = ""

    @classmethod
    def parse(cls, server: str) -> Address:
        """Reads a URL.

        Raises:
            FakelocError: it is none of a server, or holds credentials.
        """
        try:
            parts = urlsplit(server)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            # Not the URL itself: there may be a password in it.
            raise FakelocError(f"the address of the server: {error}; {_FORM}") from None
        if parts.username is not None or parts.password is not None or parts.query:
            raise FakelocError(
                "the address of the server holds credentials or a query, which others "
                "on this machine can read; leave them out, and set a token in the "
                "environment variable FAKELOC_SERVER_TOKEN"
            )
        if parts.scheme not in PORTS or not host:
            raise FakelocError(f"{server!r} is no address of a server; {_FORM}")
        path = parts.path.rstrip("/")
        if path and parts.scheme.startswith("grpc"):
            raise FakelocError(f"{server}: gRPC has no path {path!r}; {_FORM}")
        return cls(parts.scheme, host, port or PORTS[parts.scheme], path)

    @property
    def target(self) -> str:
        """`host:port`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """For messages and for REST."""
        return f"{self.scheme}://{self.target}{self.path}"

    @property
    def is_rest(self) -> bool:
        """REST, else gRPC."""
        return self.scheme.startswith("http")

    @property
    def is_secure(self) -> bool:
        """TLS."""
        return self.scheme in ("https", "grpcs")

    @property
    def is_local(self) -> bool:
        """On this machine: what is sent passes no network."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


@dataclass(frozen=True)
class Connection:
    """How to talk to a server.

    Attributes:
        address: of the server.
        timeout_seconds: of one request.
        parallel: requests at the same time.
        token: sent as `Authorization: Bearer`; None = none.
        ca_file: PEM of the authorities to trust; None = those of the system.
    """

    address: Address
    timeout_seconds: float
    parallel: int
    token: str | None = None
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        address = self.address
        if not self.timeout_seconds > 0:
            raise FakelocError(f"timeout {self.timeout_seconds}: must be above 0")
        if self.ca_file is not None and not self.ca_file.is_file():
            raise FakelocError(
                f"{self.ca_file} is missing; give a PEM file of the authority's "
                "certificate"
            )
        if self.ca_file is not None and not address.is_secure:
            raise FakelocError(
                f"{address.url} has no TLS for {self.ca_file} to check; give "
                "https:// or grpcs://"
            )
        if self.token and not (self.token.isascii() and self.token.isprintable()):
            raise FakelocError("the token holds characters that no header may have")
        if self.token and not (address.is_secure or address.is_local):
            raise FakelocError(
                f"{address.url}: everybody on the way could read the token; give "
                "https:// or grpcs://, or unset FAKELOC_SERVER_TOKEN"
            )

    def __repr__(self) -> str:
        # Not the token.
        return f"Connection({self.address.url!r})"
