"""Equations, closures and the solver. Arrays in, arrays out: no files, no labels, no pandas."""
