"""The report: self-contained, escaped, complete."""

import re
from dataclasses import replace

from doubles import box, gradient, make_detector, make_info

from fakeloc_tf.inference.evidence import evidence_of
from fakeloc_tf.inference.outputs import face_row
from fakeloc_tf.inference.overlay import drawn
from fakeloc_tf.inference.process import FileReport
from fakeloc_tf.inference.report import Report
from fakeloc_tf.inference.timeline import HEIGHT, WIDTH, timeline


def image_report(path, probability=0.7):
    image = gradient()
    (face,) = make_detector([box(40, 30, 40)]).detect(image)
    row = {"path": path, "kind": "image", "sha256": "ab" * 32, "status": "ok"}
    row |= {"width": 160, "height": 120, "faces": [], "probability": probability}
    row |= {"verdict": "manipulated", "overlay": "overlays/x.png"}
    face_line = face_row(face, "masks/x.png")
    return FileReport(row, [evidence_of(image, drawn(face), face_line, "Face 0")])


def failed(path, status="unreadable"):
    row = {"path": path, "kind": "image", "sha256": None, "status": status}
    return FileReport(row | {"reason": "is empty"}, [])


def make_page(*files, **changes):
    report = Report(make_info(**changes), max_shown=2)
    for file in files:
        report.add(file)
    return report.html()


def test_nothing_comes_from_elsewhere():
    page = make_page(image_report("a.jpg"), failed("b.jpg"))
    sources = re.findall(r'(?:src|href)\s*=\s*"([^"]{0,40})', page)
    assert len(sources) == 3
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert "http" not in re.sub(r'http-equiv="', "", page)
    assert "<script" not in page


def test_strange_names_are_text():
    page = make_page(failed("<script>alert(1)</script>&.jpg"))
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;.jpg" in page


def test_every_file_is_listed_the_highest_score_first():
    page = make_page(
        failed("bad.jpg"),
        image_report("low.jpg", 0.2),
        image_report("high.jpg", 0.9),
        failed("odd.txt", "unsupported"),
    )
    order = ["high.jpg", "low.jpg", "bad.jpg", "odd.txt"]
    assert sorted(order, key=page.index) == order
    assert "is empty" in page
    assert "ab" * 32 in page


def test_pictures_are_bounded_and_the_rest_is_counted():
    files = [image_report(f"{i}.jpg", i / 10) for i in range(5)]
    page = make_page(*files)
    assert page.count("<section") == 2
    assert "<h3>4.jpg" in page and "<h3>3.jpg" in page
    assert "the other 3 are" in page


def test_the_limits_are_stated():
    page = make_page(failed("a.jpg"), threshold_source="chosen on cheese")
    assert "not calibrated" in page
    assert "demo" in page
    assert "chosen on cheese" in page


def test_a_calibration_says_what_it_is_of():
    page = make_page(failed("a.jpg"), calibration_source="fitted on <cheese>")
    assert "not calibrated" not in page
    assert "fitted on &lt;cheese&gt;" in page and "same share of fakes" in page


def video_row():
    def face(track, probability):
        return {"track": track, "probability": probability}

    frames = [
        {"frame": 0, "time": 0.0, "faces": [face(0, 0.0), face(1, 1.0)]},
        {"frame": 5, "time": 1.0, "faces": [face(0, 1.0)]},
        {"frame": 10, "time": 2.0, "faces": []},
        {"frame": 15, "time": 3.0, "faces": [face(0, 0.5)]},
    ]
    row = {"path": "v.mp4", "kind": "video", "sha256": "cd" * 32, "status": "ok"}
    row |= {"width": 8, "height": 8, "fps": 5.0, "frames_in_file": 20}
    row |= {"frames_scored": 4, "tracks": [{"track": 0}, {"track": 1}]}
    row |= {"probability": 0.5, "verdict": "real", "frames": frames}
    return row


def test_a_video_has_its_scores_over_time():
    (face,) = image_report("x").evidence
    shown = [replace(face, row=face.row | {"track": track}) for track in (1, 0)]
    page = make_page(FileReport(video_row(), shown))
    assert page.count("<polyline") == 3
    assert page.index("</i>track 1") < page.index("</i>track 0")
    assert "tracks with the highest mean" not in page
    page = make_page(FileReport(video_row(), shown[:1]))
    assert page.count("<polyline") == 1
    assert "The 1 tracks with the highest mean of 2" in page


def test_timeline_places_points_and_breaks_at_gaps():
    points = {0: [(0.0, 0.0), (1.0, 1.0), (3.0, 0.5)], 4: [(4.0, 1.0)]}
    plot = timeline(points, seconds=4.0, step=1.0, threshold=0.5)
    first, second = plot.lines
    assert [len(run.split()) for run in first.runs] == [2, 2]
    assert first.runs[0] == f"{plot.left}.0,{plot.bottom}.0 {_middle(plot, 0.25)},8.0"
    assert second.runs[0].startswith(f"{plot.right}.0,8.0")
    assert plot.threshold_y == (8 + plot.bottom) / 2
    assert (plot.width, plot.height) == (WIDTH, HEIGHT)


def _middle(plot, share):
    return f"{plot.left + share * (plot.right - plot.left):.1f}"
