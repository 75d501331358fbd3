"""Published results and other programs' numbers, reproduced: `comity validate`."""
