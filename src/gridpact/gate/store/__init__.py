"""Where it is kept: tables, migrations, one writer."""
