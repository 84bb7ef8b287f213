"""The interval of a mean of strata's means, written again with scipy's t and the roots of Hall's cubic."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats


def interval(strata: Sequence[np.ndarray], hall: bool = True) -> tuple[float, float]:
    """At each end the farther of Student's and Hall's; Student's alone without `hall`."""
    mean, k = float(np.mean([part.mean() for part in strata])), len(strata)
    variances = [part.var(ddof=1) / len(part) / k**2 for part in strata]
    error = math.sqrt(sum(variances))
    if error < 1e-12:
        return mean, mean
    freedom = error**4 / sum(v**2 / (len(part) - 1) for v, part in zip(variances, strata, strict=True))
    reach = stats.t.ppf(0.975, freedom)
    if not hall:
        return mean - reach * error, mean + reach * error
    lean = sum(((part - part.mean()) ** 3).sum() / len(part) ** 3 for part in strata) / k**3 / error**3
    roots = [np.roots([lean**2 / 27, lean / 3, 1, lean / 6 - end]) for end in (reach, -reach)]
    below, above = (min(found, key=lambda root: abs(root.imag)).real for found in roots)
    return mean - max(reach, below) * error, mean - min(-reach, above) * error
