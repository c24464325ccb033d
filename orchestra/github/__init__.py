"""GitHub over its API: the tracker, the poller, one rate limit and one cache for all processes."""
