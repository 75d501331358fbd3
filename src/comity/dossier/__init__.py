"""Dossiers: commitments, claims with verdicts, and what was promised, predicted and observed."""
