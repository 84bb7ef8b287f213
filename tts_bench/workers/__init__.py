"""Scorers in another world: packages that cannot share an environment with current diffusers run in one of their own.

An `Environment` is made once from a pinned list (`tts-bench setup NAME`); a `Worker` is a process in it, asked in JSON
lines. `program` is what runs there.
"""
