"""A run for other engines, and the proof that each computes what Keras does."""
