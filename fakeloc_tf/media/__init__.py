"""Pixels in, faces out: pictures, videos, face boxes. NumPy only."""
