"""The names of what a fleet writes beside the results of its cases."""

SUMMARY_FILE = "fleet.json"
ROWS_FILE = "fleet.parquet"
HOURS_FILE = "fleet-hours.parquet"
PAGE_FILE = "fleet.html"
PRIVATE_FOLDER = ".fleet"
RECORD_FILE = "fleet-row.json"
OWN_NAMES = frozenset({SUMMARY_FILE, ROWS_FILE, HOURS_FILE, PAGE_FILE, PRIVATE_FOLDER})
