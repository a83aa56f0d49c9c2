"""What this package raises when the user can do something about it."""


class ScoringError(RuntimeError):
    """The job cannot start or go on. The message is fit for the user, and says what to do."""
