"""Feature networks and the images that are fed to them: what a set metric knows of an image is its features."""
