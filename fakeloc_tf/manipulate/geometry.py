"""Landmarks (68 points, iBUG 300-W order) to windows, soft regions and smooth warps."""

from __future__ import annotations

import cv2
import numpy as np

JAW = slice(0, 17)
BROWS = slice(17, 27)
NOSE = slice(27, 36)
EYES = slice(36, 48)
LIPS = slice(48, 68)

_SHRINK = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC)
_GROW = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
# Sub-pixel bits of OpenCV's polygon coordinates.
_SHIFT = 4


def face_scale(landmarks: np.ndarray) -> float:
    """Side in pixels of the square with the area of the landmarks' convex hull."""
    return float(np.sqrt(cv2.contourArea(cv2.convexHull(landmarks))))


def upward(landmarks: np.ndarray) -> np.ndarray:
    """float32 [2]: from the mouth to the eyes, the face's own `up`."""
    eyes, mouth = landmarks[EYES].mean(0), landmarks[LIPS].mean(0)
    return (eyes - mouth).astype(np.float32)


def window_of(
    landmarks: np.ndarray, height: int, width: int, margin: float = 0.35
) -> tuple[slice, slice]:
    """Rows and columns around the landmarks, `margin` × the face's scale on each side.

    A manipulation works inside this window only, which saves two thirds of the time.
    """
    border = margin * face_scale(landmarks)
    left, top = np.maximum(np.floor(landmarks.min(0) - border), 0).astype(int)
    right, bottom = np.ceil(landmarks.max(0) + border).astype(int) + 1
    return slice(top, min(bottom, height)), slice(left, min(right, width))


def in_window(landmarks: np.ndarray, window: tuple[slice, slice]) -> np.ndarray:
    """float32 [68, 2]: the landmarks in the window's coordinates."""
    return (landmarks - (window[1].start, window[0].start)).astype(np.float32)


def cut_face(
    image_uint8: np.ndarray, landmarks: np.ndarray
) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray]:
    """The window of a face, its landmarks in there, and its pixels.

    Args:
        image_uint8: uint8 [H, W, 3], RGB.
        landmarks: float32 [68, 2], x, y in pixels.

    Returns:
        (rows and columns, float32 [68, 2], float32 [h, w, 3] in 0..255).
    """
    window = window_of(landmarks, *image_uint8.shape[:2])
    return window, in_window(landmarks, window), image_uint8[window].astype(np.float32)


def polygon(points: np.ndarray, height: int, width: int) -> np.ndarray:
    """float32 [H, W], 1 inside the convex hull of `points` [N, 2], else 0."""
    hull = cv2.convexHull(points.astype(np.float32))
    canvas = np.zeros((height, width), np.uint8)
    fixed = np.rint(hull * (1 << _SHIFT)).astype(np.int32)
    cv2.fillConvexPoly(canvas, fixed, (1.0,), shift=_SHIFT)
    return canvas.astype(np.float32)


def soften(region: np.ndarray, radius: float) -> np.ndarray:
    """Feathers a 0/1 region INWARDS: 1 inside, 0 at its edge; float32 [H, W].

    Blurring the eroded region keeps the soft edge inside, so that a blend never
    leaves the face and shows the background.
    """
    size = 2 * max(1, round(radius)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    inner = cv2.erode(
        region, kernel, borderType=cv2.BORDER_CONSTANT, borderValue=(0.0,)
    )
    return cv2.GaussianBlur(inner, (0, 0), max(0.5, 0.5 * radius))


def smooth_field(
    rng: np.random.Generator, nodes: int, height: int, width: int
) -> np.ndarray:
    """float32 [H, W, 2], smooth random displacements of about unit variance.

    The nodes are drawn before the size matters: the same generator gives the same
    field in every frame of a video, though windows differ by a pixel.
    """
    coarse = rng.standard_normal((nodes, nodes, 2)).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def remap(
    image: np.ndarray, displacement: np.ndarray, interpolation: int = cv2.INTER_LINEAR
) -> np.ndarray:
    """Reads float32 `image` at each pixel + `displacement` [H, W, 2] (x, y)."""
    height, width = image.shape[:2]
    columns, rows = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    return cv2.remap(
        image,
        columns + displacement[..., 0],
        rows + displacement[..., 1],
        interpolation,
        borderMode=cv2.BORDER_REFLECT_101,
    )


def similarity(
    image: np.ndarray, center: np.ndarray, factor: float, shift: np.ndarray
) -> np.ndarray:
    """Scales float32 `image` about `center` (x, y) by `factor`, then shifts it."""
    offset = (1 - factor) * center + shift
    matrix = np.hstack([factor * np.eye(2), offset[:, None]])
    return cv2.warpAffine(
        image,
        matrix,
        (image.shape[1], image.shape[0]),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )


def fewer_pixels(
    image: np.ndarray, factor: float, rng: np.random.Generator, shrink: int = 3
) -> np.ndarray:
    """Smaller by `factor` and back, by methods that are drawn; [H, W, 3] of any type.

    shrink: how many of the methods (area, linear, cubic) may make it smaller.
    """
    small = cv2.resize(
        image, None, fx=factor, fy=factor, interpolation=_SHRINK[rng.integers(shrink)]
    )
    size = (image.shape[1], image.shape[0])
    return cv2.resize(small, size, interpolation=_GROW[rng.integers(len(_GROW))])


def fit_similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The turn, scale and shift that bring points nearest to others (Umeyama, 1991).

    Args:
        source: float [N, 2], x, y.
        target: float [N, 2].

    Returns:
        float64 [2, 3]: target ~ matrix @ (x, y, 1).
    """
    here, there = source.mean(0), target.mean(0)
    a, b = (source - here) @ (1, 1j), (target - there) @ (1, 1j)
    ratio = np.vdot(a, b) / np.vdot(a, a).real
    linear = np.array([[ratio.real, -ratio.imag], [ratio.imag, ratio.real]])
    return np.hstack([linear, (there - linear @ here)[:, None]])


def warp_field(
    points: np.ndarray, moved: np.ndarray, height: int, width: int, step: int = 8
) -> np.ndarray:
    """Thin-plate spline that carries `points` [N, 2] to `moved` [N, 2].

    Returns:
        float32 [H, W, 2], displacements for `remap` (from the new to the old place).
    """
    points, moved = points.astype(np.float64), moved.astype(np.float64)
    coefficients = _solve_spline(moved, points - moved)
    rows = np.arange(0, height + step, step, dtype=np.float64)
    columns = np.arange(0, width + step, step, dtype=np.float64)
    grid = np.stack(np.meshgrid(columns, rows), -1)
    basis = _spline_basis(grid.reshape(-1, 2), moved)
    coarse = (basis @ coefficients).reshape(*grid.shape).astype(np.float32)
    # The spline is smooth on the scale of the landmarks: a coarse grid is enough.
    columns_at, rows_at = np.meshgrid(
        np.arange(width, dtype=np.float32) / step,
        np.arange(height, dtype=np.float32) / step,
    )
    return cv2.remap(coarse, columns_at, rows_at, cv2.INTER_LINEAR)


def _solve_spline(centers: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Coefficients [N + 3, 2] of the spline with `values` at `centers`."""
    count = len(centers)
    system = np.zeros((count + 3, count + 3))
    system[:count] = _spline_basis(centers, centers)
    system[count:, :count] = system[:count, count:].T
    # A little slack keeps nearly coincident landmarks from folding the warp.
    system[np.arange(count), np.arange(count)] += 1e-3 * np.ptp(centers) ** 2
    target = np.vstack([values, np.zeros((3, 2))])
    return np.linalg.solve(system, target)


def _spline_basis(at: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """[M, N + 3]: r² log r to each centre, then 1, x, y."""
    # |a − c|² = |a|² + |c|² − 2 a·c: one matrix product instead of M·N pairs.
    squared = (at**2).sum(1)[:, None] + (centers**2).sum(1) - 2 * at @ centers.T
    squared = np.maximum(squared, 1e-12)
    radial = 0.5 * squared * np.log(squared)
    return np.hstack([radial, np.ones((len(at), 1)), at])
