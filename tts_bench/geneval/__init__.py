"""GenEval (Ghosh et al. 2023): is what was asked for there, as often, of that colour, and there where it should be."""
