"""Dashboards: grids of queries, defined in TOML files (``definition``), and alarms (``alarms``)."""
