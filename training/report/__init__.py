"""What people look at: report.html, and report.json with the same figures.

Of a run, or of other pictures that a model was asked about. The figures are made by the modules
named after them, put together in `findings` and `evaluated`, drawn in `charts` and laid out in
`page`.
"""

from training.report.writing import write, write_evaluated

__all__ = ["write", "write_evaluated"]
