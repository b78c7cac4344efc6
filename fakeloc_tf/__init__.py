"""Detects manipulated faces and locates the manipulated region (Kong et al., 2022)."""

__version__ = "0.1.0"
