"""From pictures to a better model: fine-tune, judge, export, promote."""
