"""How long a good model takes, ours and fastai's, from nothing and on the same cores."""
