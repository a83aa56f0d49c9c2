"""What this package raises when the user can do something about it."""


class ImageError(RuntimeError):
    """The image cannot be built. The message is fit for the user, and says what to do."""
