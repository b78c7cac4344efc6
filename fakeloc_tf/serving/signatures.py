"""Names of the SavedModel's signatures and outputs, for who writes and who asks them.

Nothing here imports TensorFlow: a client over REST does without.
"""

from __future__ import annotations

BYTES = "serving_default"
COMPACT = "compact"
DESCRIBE = "describe"
# TF Serving's REST answers carry an output as base64 if its name ends so.
PNG = "localization_png_bytes"
STATUS = "status"
OK, UNREADABLE = "ok", "unreadable"
