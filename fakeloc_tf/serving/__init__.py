"""The SavedModel: its signatures, and the proof that it computes what Keras does."""
