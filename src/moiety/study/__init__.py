"""A study: from recipe to arms to findings to the report. The only part that joins data, judge and training."""
