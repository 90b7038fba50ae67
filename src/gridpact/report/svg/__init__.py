"""Pictures as SVG that stretches with its page, in colours of the page's style sheet."""
