"""The bridges to standards of others."""
