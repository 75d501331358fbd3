"""How sure an answer is: sources of uncertainty, joint draws, bands, shares of the variance (docs/uncertainty.md)."""
