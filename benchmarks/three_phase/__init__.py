"""Three phases: what balanced clearing does to a network that is not balanced, and what exactness costs."""
