"""Tests of coalition games."""
