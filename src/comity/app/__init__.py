"""The explorer: `comity serve`, a page and an API over the same `simulate` as everywhere else."""
