"""The two-step trainer: one `strategy.run` loop for one device or several."""
