"""Names and forms that mean harm, without the service around them."""

import asyncio

import httpx
import numpy as np
import pytest
import service_double
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fakeloc_tf.media.images import encode_png

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

from fakeloc_tf.web.service import upload  # noqa: E402
from fakeloc_tf.web.service.problems import Problem  # noqa: E402

GREY = encode_png(np.full((200, 200, 3), 128, np.uint8))


def receive(folder, body, content_type):
    """`upload.receive` of a body in pieces of 100 bytes."""

    async def chunks():
        for at in range(0, len(body), 100):
            yield body[at : at + 100]

    limits = service_double.LIMITS
    return asyncio.run(upload.receive(chunks(), content_type, None, folder, limits))


@pytest.mark.parametrize(
    "name",
    [
        "../../x.jpg",
        "..\\..\\x.jpg",
        "/etc/x.jpg",
        "a\0/../x.jpg",
        "x.jpg/.jpg.jpg",
        "x" * 4000 + ".jpg",
        "gpj.\u202ex.jpg",
        "C:\\x.jpg",
        "~x.jpg",
    ],
)
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    form = httpx.Request("POST", "http://a", files={"file": (name, GREY)})
    form.read()
    taken = receive(tmp_path, form.content, form.headers["content-type"])
    assert taken.path == tmp_path / "upload.jpg"
    assert [path.name for path in tmp_path.iterdir()] == ["upload.jpg"]
    assert len(taken.name) <= upload.MAX_NAME and "/" not in taken.name


BYTES = st.binary(max_size=60)
PIECES = st.lists(
    st.one_of(
        BYTES,
        st.sampled_from(
            [
                b"--b\r\n",
                b"--b--\r\n",
                b"\r\n",
                b"\r\n\r\n",
                b'content-disposition: form-data; name="file"; filename="a.png"\r\n',
                b"content-disposition: form-data; name*=utf-8''file; filename*0=x\r\n",
                b"content-disposition: \xff; filename=\\\r\n",
                b"content-transfer-encoding: base64\r\n",
            ]
        ),
    ),
    max_size=12,
)


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    pieces=PIECES, boundary=st.sampled_from(["b", "", '"', "b;charset=\xff", "b" * 300])
)
def test_a_form_is_a_file_or_a_problem(tmp_path, pieces, boundary):
    try:
        taken = receive(
            tmp_path, b"".join(pieces), f"multipart/form-data; boundary={boundary}"
        )
    except Problem as problem:
        assert problem.status in (400, 413, 415)
    else:
        assert taken.path.parent == tmp_path


def test_a_header_in_a_form_does_not_fill_the_memory(tmp_path, monkeypatch):
    # The parser has a bound too, in its newer versions.
    monkeypatch.setattr(
        "python_multipart.multipart.DEFAULT_MAX_HEADER_SIZE", 1 << 30, raising=False
    )
    form = upload._Form(upload._File(tmp_path, service_double.LIMITS))
    grow = form.callbacks()["on_header_value"]
    with pytest.raises(Problem, match="too long"):
        for _ in range(100):
            grow(b"x" * 1000, 0, 1000)
