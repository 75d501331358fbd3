"""Solutions -> tables: welfare, prices, trade, production, revenue, ranges, both partners' counts."""
