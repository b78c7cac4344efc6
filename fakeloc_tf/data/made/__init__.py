"""Training faces made on the fly from portraits: pairs of a real and a fake face."""
