"""What asks a TensorFlow Serving that serves the SavedModel of an export.

`client` ties it together; `rest` and `grpc_calls` are the two ways to the server.
"""
