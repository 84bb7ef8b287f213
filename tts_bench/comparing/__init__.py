"""What `tts-bench compare` is made of: both sides, their pairs, the interval, the rule, the outputs."""
