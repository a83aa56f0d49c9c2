"""What this package raises when the user can do something about it."""


class DataError(RuntimeError):
    """Pictures cannot be had or used. The message is fit for the user, and says what to do."""
