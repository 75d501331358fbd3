"""Scenarios: measures between countries, written in YAML, compiled to a Shock on a World."""
