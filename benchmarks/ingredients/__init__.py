"""What each ingredient of fine-tuning is worth."""
