"""`fakeloc serve` with many clients at once: speed, and whether each gets its answer.

python tools/load_test.py --model RUN --out DIR

Starts the service on loopback, or asks the one of `--url`. Each picture is asked once
alone; then locust's users post pictures of their own over and over, and every answer
is compared with the one that was learnt.
"""

from __future__ import annotations

# Locust makes sockets cooperative: before anything else opens one.
import gevent
from locust import HttpUser, constant, events, task
from locust.env import Environment

# isort: split
import csv
import itertools
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import requests
import typer
from rich.console import Console

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_text
from fakeloc_tf.media.images import encode_jpeg

HEAD = "clients,requests,answers/s,p50 ms,p99 ms,429,lost,mixed"
TOLERANCE = 1e-5
START_SECONDS = 180
DETECT = "/v1/detect"


@dataclass(frozen=True)
class Picture:
    """What one client sends.

    Attributes:
        name: no other picture has it.
        data: JPEG.
        row: the answer that was learnt alone; empty = not yet.
    """

    name: str
    data: bytes
    row: dict[str, Any]


def make_pictures(count: int) -> Iterator[tuple[str, bytes]]:
    """`count` different pictures of the demo portraits: cut, mirrored, darkened."""
    portraits = load_portraits()
    for number in range(count):
        image = portraits[number % len(portraits)].image()
        turn = number // len(portraits)
        image = image[4 * turn :, ::-1] if turn % 2 else image[4 * turn :]
        dark = np.round(image * (1 - 0.02 * turn)).astype(np.uint8)
        yield f"client-{number}.jpg", encode_jpeg(np.ascontiguousarray(dark))


def learn(url: str, headers: dict[str, str], count: int) -> list[Picture]:
    """Asks for every picture alone; no two answers may be alike."""
    pictures = []
    for name, data in make_pictures(count):
        files = {"file": (name, data)}
        answer = requests.post(url + DETECT, files=files, headers=headers, timeout=300)
        answer.raise_for_status()
        pictures.append(Picture(name, data, answer.json()))
    if len({picture.row["sha256"] for picture in pictures}) < count:
        raise FakelocError("two pictures are the same; ask for fewer --pictures")
    return pictures


def same(row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether it is the answer of this very picture."""
    if any(row.get(key) != wanted.get(key) for key in ("path", "sha256", "status")):
        return False
    pairs = itertools.zip_longest(row.get("faces", []), wanted.get("faces", []))
    return all(
        mine
        and theirs
        and mine["box"] == theirs["box"]
        and abs(mine["probability"] - theirs["probability"]) <= TOLERANCE
        for mine, theirs in pairs
    )


def user_class(
    pictures: list[Picture], headers: dict[str, str], counts: Counter[str]
) -> type[HttpUser]:
    """A locust user that sends one picture of its own after another."""
    turns = itertools.count()

    class Client(HttpUser):
        wait_time = constant(0)

        def on_start(self) -> None:
            self.at = next(turns)

        @task
        def detect(self) -> None:
            picture = pictures[self.at % len(pictures)]
            self.at += 1
            files = {"file": (picture.name, picture.data)}
            with self.client.post(
                DETECT, files=files, headers=headers, catch_response=True, timeout=300
            ) as answer:
                counts[_outcome(answer, picture)] += 1
                answer.success()
            if answer.status_code == 429:
                gevent.sleep(float(answer.headers["Retry-After"]))

    return Client


def _outcome(answer: Any, picture: Picture) -> str:
    """`answers`, `429`, `lost` or `mixed`."""
    if answer.status_code == 429:
        return "429"
    if answer.status_code != 200:
        return "lost"
    return "answers" if same(answer.json(), picture.row) else "mixed"


def load(
    url: str,
    pictures: list[Picture],
    headers: dict[str, str],
    clients: int,
    secs: float,
) -> dict[str, Any]:
    """One row: `clients` at once for `secs` seconds."""
    counts: Counter[str] = Counter()
    times: list[float] = []
    environment = Environment(
        user_classes=[user_class(pictures, headers, counts)], events=events, host=url
    )
    environment.stop_timeout = 300  # whoever asked gets an answer

    def note(response: Any, response_time: float, **_: Any) -> None:
        if response is not None and response.status_code == 200:
            times.append(response_time)

    events.request.add_listener(note)
    runner = environment.create_local_runner()
    start = time.perf_counter()
    runner.start(clients, spawn_rate=clients)
    gevent.sleep(secs)
    runner.stop()
    elapsed = time.perf_counter() - start
    runner.quit()
    events.request.remove_listener(note)
    p50, p99 = np.percentile(times, [50, 99]) if times else (np.nan, np.nan)
    values = (clients, sum(counts.values()), f"{counts['answers'] / elapsed:.2f}")
    more = (f"{p50:.0f}", f"{p99:.0f}", counts["429"], counts["lost"], counts["mixed"])
    return dict(zip(HEAD.split(","), (*values, *more), strict=True))


@contextmanager
def served(model: Path | None, more: list[str]) -> Iterator[str]:
    """Starts `fakeloc serve` on a free port of loopback; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "fakeloc_tf.serve", "--model", str(model)]
    process = subprocess.Popen(
        [*command, "--port", port, *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, process: subprocess.Popen) -> None:
    """Until the service is ready."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(f"{url}/readyz", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise FakelocError("the service did not start; call `fakeloc serve` to see why")


def as_markdown(rows: list[dict[str, Any]]) -> str:
    """The table."""
    names = HEAD.split(",")
    lines = [names, ["---:"] * len(names), *([*map(str, r.values())] for r in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write(out: Path, rows: list[dict[str, Any]]) -> None:
    """`load_test.md` and `load_test.csv`."""
    write_text(out / "load_test.md", as_markdown(rows))
    with (out / "load_test.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, HEAD.split(","))
        table.writeheader()
        table.writerows(rows)


def main(
    context: typer.Context,
    model: Annotated[Path | None, typer.Option(help="run folder or export")] = None,
    url: Annotated[str, typer.Option(help="of a service that runs already")] = "",
    clients: Annotated[list[int], typer.Option(help="at once")] = [1, 10, 50],  # noqa: B006
    seconds: Annotated[float, typer.Option(help="for each number")] = 60.0,
    pictures: Annotated[int, typer.Option(min=2, help="different ones")] = 50,
    out: Annotated[Path | None, typer.Option(help="folder of the tables")] = None,
) -> None:
    """Options that are not known here are those of `fakeloc serve`."""
    token = os.environ.get("FAKELOC_SERVE_TOKEN")
    headers = {"authorization": f"Bearer {token}"} if token else {}
    if not url and model is None:
        raise FakelocError("give --model to start a service, or --url of one that runs")
    started = nullcontext(url.rstrip("/")) if url else served(model, context.args)
    with started as place:
        known = learn(place, headers, pictures)
        rows = [load(place, known, headers, count, seconds) for count in clients]
    Console().print(as_markdown(rows), highlight=False)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write(out, rows)
    wrong = sum(row["lost"] + row["mixed"] for row in rows)
    raise typer.Exit(1 if wrong else 0)


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    unknown = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(context_settings=unknown)(main)
    app()
