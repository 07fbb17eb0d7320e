"""Questions that are computed over the graph: how many, the longest, older than, but not, from the newest to the oldest."""
