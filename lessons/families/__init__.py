"""AlexNet, VGG-16, ResNet-18 and ResNet-50 side by side: size, work, and what they learn.

From scratch each may spend the same arithmetic on the starter set's small pictures, so that
a network that costs more sees fewer of them. Pretrained, each only describes pictures, and
a logistic regression on its description tells cats from dogs.
"""

from lessons.families.figures import Figures
from lessons.families.page import lesson
from lessons.families.training import train

__all__ = ["Figures", "lesson", "train"]
