"""The lossless DC model of the published study."""
