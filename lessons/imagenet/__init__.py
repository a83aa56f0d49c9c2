"""ImageNet: how its classes nest, where its cats and dogs are, and who named them best."""

from lessons.imagenet.nesting import Nesting, nest
from lessons.imagenet.page import lesson

__all__ = ["Nesting", "lesson", "nest"]
