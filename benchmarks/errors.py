"""What this package raises when the user can do something about it."""


class BenchmarkError(RuntimeError):
    """A benchmark cannot be run. The message is fit for the user, and says what to do."""
