"""Benchmarks: speed as ratios, the peer and ours measured in one run."""
