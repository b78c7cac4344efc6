"""Selects a manipulation by its name; the names are those of FaceForensics++."""

from __future__ import annotations

from fakeloc_tf.manipulate.expression_warp import expression_warp
from fakeloc_tf.manipulate.face_render import face_render
from fakeloc_tf.manipulate.manipulation import Method
from fakeloc_tf.manipulate.mouth_texture import mouth_texture
from fakeloc_tf.manipulate.self_blend import self_blend

MANIPULATIONS: dict[str, Method] = {
    "Deepfakes": self_blend,
    "Face2Face": expression_warp,
    "FaceSwap": face_render,
    "NeuralTextures": mouth_texture,
}
