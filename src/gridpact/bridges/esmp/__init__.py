"""Schedules as documents of the European style market profile (IEC 62325-451-2)."""
