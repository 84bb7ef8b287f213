"""What the author of a plug-in tests it with: a contract suite for searches, and the toy model it runs them on.

Nothing else of the package imports it: it needs pytest.
"""

import pytest

pytest.register_assert_rewrite("tts_bench.testing.searches", "tts_bench.testing.trial")
