"""Prepared faces: the record, the tf.data pipeline, targets, the embedded demo set."""
