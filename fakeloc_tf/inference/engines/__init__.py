"""One contract for what runs a model: TensorFlow, ONNX Runtime, OpenVINO, LiteRT."""
