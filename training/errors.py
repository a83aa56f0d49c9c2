"""The one error whose message is meant for the person at the terminal."""


class TrainingError(RuntimeError):
    """Something the user can mend: the message says what came and what to do."""
