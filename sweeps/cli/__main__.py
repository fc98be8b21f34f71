"""``python -m sweeps.cli``."""

from sweeps.cli import main

main()
