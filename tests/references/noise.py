"""Plain transcription of the Mihçak filter: PyWavelets and SciPy, float64, loops."""

import numpy as np
import pywt
from scipy.ndimage import uniform_filter


def wiener_noise(band, sigma):
    """band·σ²/(v+σ²), v = min over windows of max(local mean of squares − σ², 0)."""
    variance = np.full(band.shape, np.inf)
    for window in (3, 5, 7, 9):
        mean = uniform_filter(band * band, window, mode="constant")
        variance = np.minimum(variance, np.maximum(mean - sigma**2, 0))
    return band * sigma**2 / (variance + sigma**2)


def residual(image, sigma):
    """F − f(F) where f(F) is rebuilt from the *denoised* coefficients."""
    image = image.astype(np.float64)
    denoised = np.empty_like(image)
    height, width, channels = image.shape
    for channel in range(channels):
        plane = image[..., channel]
        coefficients = pywt.wavedec2(plane, "db4", mode="symmetric", level=4)
        for level in range(1, 5):
            coefficients[level] = tuple(
                band - wiener_noise(band, sigma) for band in coefficients[level]
            )
        rebuilt = pywt.waverec2(coefficients, "db4", mode="symmetric")
        denoised[..., channel] = rebuilt[:height, :width]
    return image - denoised
