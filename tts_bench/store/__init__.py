"""The store: one SQLite file that keeps states, scores and what searches asked for."""

from tts_bench.store.contents import Score, State
from tts_bench.store.failures import StoreDamaged
from tts_bench.store.health import StoreStats
from tts_bench.store.store import Store

__all__ = ["Score", "State", "Store", "StoreDamaged", "StoreStats"]
