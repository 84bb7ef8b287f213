"""T2I-CompBench (Huang et al. 2023, 2025): its arithmetic as pure functions of texts, detections and numbers."""
