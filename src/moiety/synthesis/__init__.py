"""Synthesis: typed graphs of atoms, which of them to admit, how to word and write them, and how to test them.

graph → draw → bank → admit → inputs (tests) → render and describe; keys say which functions are the same.
"""
