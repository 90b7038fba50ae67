"""The page of headroom."""
