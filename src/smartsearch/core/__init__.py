"""The heart: values, the query tree, ranking and the ports. NumPy and the standard library only; no I/O."""
