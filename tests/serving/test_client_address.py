"""Addresses, tokens and certificates."""

import datetime
import ipaddress

import pytest
from tf_serving_double import Double

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.serving import Client
from fakeloc_tf.serving.client.address import Address, Connection
from fakeloc_tf.serving.client.errors import ServerError


@pytest.mark.parametrize(
    ("server", "url", "is_rest"),
    [
        ("http://host", "http://host:8501", True),
        ("https://host", "https://host:443", True),
        ("grpc://host", "grpc://host:8500", False),
        ("grpcs://host:1/", "grpcs://host:1", False),
        ("http://[::1]:2/tf/", "http://[::1]:2/tf", True),
    ],
)
def test_addresses(server, url, is_rest):
    address = Address.parse(server)
    assert (address.url, address.is_rest) == (url, is_rest)


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("host:8501", "is no address of a server; give http://HOST:8501"),
        ("ftp://host", "is no address of a server"),
        ("http://", "is no address of a server"),
        ("http://host:99999", "out of range"),
        ("grpc://host/path", "gRPC has no path '/path'"),
        ("http://me:secret@host", "FAKELOC_SERVER_TOKEN"),
        ("http://host?key=secret", "FAKELOC_SERVER_TOKEN"),
        ("http://me:secret@host:port", "port"),
    ],
)
def test_what_is_no_address_says_what_is(server, words):
    with pytest.raises(FakelocError, match=words) as caught:
        Client(server)
    assert "secret" not in str(caught.value)


def connection(server, **options):
    return Connection(Address.parse(server), 1.0, 1, **options)


def test_a_token_goes_over_no_open_network():
    for safe in ("http://localhost", "http://127.0.0.1", "grpc://[::1]", "https://a"):
        assert "sesame" not in repr(connection(safe, token="sesame"))
    for open_ in ("http://a", "grpc://10.0.0.1"):
        with pytest.raises(FakelocError, match="could read the token") as caught:
            connection(open_, token="sesame")
        assert "sesame" not in str(caught.value)
    with pytest.raises(FakelocError, match="no header may have"):
        connection("https://a", token="sesame\nX: y")


def test_a_certificate_needs_tls_and_a_file(tmp_path):
    with pytest.raises(FakelocError, match="no.pem is missing"):
        connection("https://a", ca_file=tmp_path / "no.pem")
    (tmp_path / "ca.pem").write_text("x")
    with pytest.raises(FakelocError, match="has no TLS"):
        connection("http://a", ca_file=tmp_path / "ca.pem")
    with pytest.raises(FakelocError, match="timeout 0: must be above 0"):
        Client("http://a", timeout_seconds=0)


@pytest.fixture(scope="module")
def secure(served_export, tmp_path_factory):
    """A double behind TLS, and the certificate that it signed itself."""
    pytest.importorskip("cryptography")
    key, certificate = write_certificate(tmp_path_factory.mktemp("tls"))
    with Double(served_export / "1", tls=(key, certificate)) as double:
        yield double, certificate


def write_certificate(folder):
    """Key and certificate of `localhost` as PEM files."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    hour = datetime.timedelta(hours=1)
    host = ipaddress.ip_address("127.0.0.1")
    names = [x509.DNSName("localhost"), x509.IPAddress(host)]
    signed = (
        x509.CertificateBuilder(name, name, secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - hour)
        .not_valid_after(now + hour)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(secret, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    form = serialization.PrivateFormat.PKCS8
    key.write_bytes(secret.private_bytes(pem, form, serialization.NoEncryption()))
    certificate.write_bytes(signed.public_bytes(pem))
    return key, certificate


@pytest.mark.parametrize("way", ["rest", "grpc"])
def test_tls_is_checked(secure, way):
    double, certificate = secure
    server = getattr(double, way)
    with Client(server, ca_file=certificate) as client:
        assert client.info.five_way
    with Client(server, retries=3) as client:
        with pytest.raises(ServerError, match="no secure connection .*--ca-file"):
            client.ready()
