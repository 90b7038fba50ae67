"""Migrations: what each release changed in the tables."""
