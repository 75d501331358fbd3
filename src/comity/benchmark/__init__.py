"""The benchmark: a world economy as observed or estimated, in exact equilibrium."""
