"""Measurements of the desk: `python -m bench` for all of them, `python -m bench NAME` for one."""
