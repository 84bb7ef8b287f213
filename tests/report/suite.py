"""The metrics of the made-up suite."""

from tts_bench.report.board import MetricInfo

METRICS = [
    MetricInfo("accuracy", "share of images with every attribute right", True, True, ("checker",)),
    MetricInfo("attributes", "share of attributes right", True, False, ("checker",)),
    MetricInfo("dual_encoder", "image-text similarity", False, False, ("dual_encoder",)),
    MetricInfo("appeal", "prompt-blind preference", False, False, ("appeal",)),
]
