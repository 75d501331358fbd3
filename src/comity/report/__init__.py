"""What a person sees: numbers in words, charts, one self-contained page."""
