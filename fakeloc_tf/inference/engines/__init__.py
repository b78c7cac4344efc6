"""What runs a model: TensorFlow, ONNX Runtime or OpenVINO; one contract for all."""
