"""What is where in an image: detections as data, the detectors that make them, and files that keep them."""
