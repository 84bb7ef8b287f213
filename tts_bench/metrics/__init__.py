"""Numbers over a set of images: pure functions of features and logits, one metric a file."""
