"""Whether a result may be taken in: everything that can be checked of a stranger's folder without making an image."""
