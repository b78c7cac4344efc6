"""What the service answers: the row of `fakeloc detect`, or a problem."""

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
import service_double
from PIL import Image
from service_double import FACE, ask

from fakeloc_tf.inference.inputs import InputFile, kind_of
from fakeloc_tf.inference.run import detect_files
from fakeloc_tf.inference.workers import Workers
from fakeloc_tf.media.images import encode_jpeg, encode_png
from fakeloc_tf.media.video import write_video
from fakeloc_tf.web.limits import MB

pytest.importorskip("fastapi", reason="the extra `service` is not installed")

OWN = {"name", "modified_ns", "path"}


def detected(path):
    """The row of `fakeloc detect`."""
    item = InputFile(path, kind_of(path), "x")
    detector = service_double.make_detector()
    with Workers(1) as workers:
        (row,) = detect_files(detector, [item], None, service_double.SETTINGS, workers)
    row = json.loads(json.dumps(row))
    return {key: row[key] for key in row if key not in OWN}


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("service-clip") / "clip.mp4"
    write_video(path, [FACE] * 4, 4.0)
    return path


def test_a_picture_is_answered_as_detect_does(api, picture):
    answer = ask(api, picture.read_bytes(), "me.JPG")
    assert answer.status_code == 200
    found = answer.json()
    assert found.pop("path") == "me.JPG"
    assert found == detected(picture)
    assert found["faces"] and api.files() == []


def test_a_video_is_answered_as_detect_does(api, clip):
    found = ask(api, clip.read_bytes(), "clip.mp4").json()
    assert found.pop("path") == "clip.mp4"
    assert found == detected(clip)
    assert found["tracks"][0]["peaks"]


def test_masks_are_those_of_the_faces(api, clip, picture):
    face = ask(api, picture.read_bytes(), masks=True).json()["faces"][0]
    mask = np.asarray(Image.open(io.BytesIO(base64.b64decode(face["mask_png"]))))
    # The double's map is the red of the crop.
    assert mask.shape == (72, 72)
    assert mask.mean() / 255 == pytest.approx(face["probability"], abs=1e-5)
    frames = ask(api, clip.read_bytes(), "a.mp4", masks=True).json()["frames"]
    assert all(face["mask_png"] for frame in frames for face in frame["faces"])


@pytest.mark.parametrize(
    ("params", "kind"),
    [({}, "image/jpeg"), ({"name": "b.jpg"}, "application/octet-stream")],
)
def test_the_body_may_be_the_file(api, params, kind, picture):
    answer = httpx.post(
        f"{api.url}/v1/detect",
        content=picture.read_bytes(),
        headers={"content-type": kind},
        params=params,
    )
    assert answer.json()["sha256"] == detected(picture)["sha256"]
    assert answer.json()["path"] == params.get("name", "upload.jpg")


def test_no_face_is_an_answer(api):
    grey = encode_png(np.full((200, 200, 3), 128, np.uint8))
    found = ask(api, grey, "a.png").json()
    assert found["status"] == "no_face" and found["faces"] == []
    small = encode_png(np.zeros((30, 30, 3), np.uint8))
    assert ask(api, small, "a.png").json()["status"] == "too_small"


@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("a.jpg", b"text", 422),
        ("a.mp4", b"text", 422),
        ("a.txt", b"text", 415),
        ("a", b"text", 415),
        ("a.jpg", b"", 400),
        ("a.jpg", bytes(MB + 1), 413),
        ("a.jpg", bytes(3 * MB), 413),
    ],
)
def test_faults_are_problems(api, name, data, status):
    answer = ask(api, data, name)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status and problem["title"]
    assert str(api.service.folder) not in problem["detail"]
    assert (problem.get("file_status") == "unreadable") == (status == 422)
    assert api.files() == []


def test_a_body_without_a_length_is_counted(api):
    answer = httpx.post(
        f"{api.url}/v1/detect",
        content=iter([bytes(MB)] * 3),
        headers={"content-type": "image/jpeg"},
    )
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form",
        b'--X\r\nContent-Disposition: form-data; name="other"\r\n\r\nx\r\n--X--\r\n',
        b'--X\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"'
        b"\r\n\r\nx",
        b'--X\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
        b'x\r\n--X\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"'
        b"\r\n\r\nx\r\n--X--\r\n",
    ],
)
def test_a_broken_form(api, body):
    kind = {"content-type": "multipart/form-data; boundary=X"}
    answer = httpx.post(f"{api.url}/v1/detect", content=body, headers=kind)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_nothing_of_a_name_becomes_a_path(api, picture):
    for name in ("../../../../tmp/evil.jpg", "C:\\evil.jpg", "/etc/evil.jpg"):
        assert ask(api, picture.read_bytes(), name).json()["path"] == "evil.jpg"


def test_other_routes_are_problems(api):
    for answer in (
        httpx.get(f"{api.url}/nothing"),
        httpx.get(f"{api.url}/v1/detect"),
        httpx.post(f"{api.url}/v1/detect?masks=perhaps"),
    ):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code >= 400


def test_no_answer_is_mixed_up(api):
    pictures = {
        f"{i}.jpg": encode_jpeg((FACE * (1 - 0.15 * i)).astype(np.uint8))
        for i in range(5)
    }
    alone = {name: ask(api, data, name).json() for name, data in pictures.items()}
    assert len({row["probability"] for row in alone.values()}) == 5
    names = [f"{i % 5}.jpg" for i in range(20)]
    with ThreadPoolExecutor(20) as pool:
        together = pool.map(lambda name: ask(api, pictures[name], name), names)
        assert [answer.json() for answer in together] == [alone[n] for n in names]
    api.wait(lambda service: service.places.taken == 0)
