"""Single-case designs: cases that are their own control, followed day by day through phases."""
