#!/usr/bin/env python
"""Django's command line for Haier Market. `make manage ARGS="..."` calls it with the environment it needs."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "haier_market.settings")
    execute_from_command_line(sys.argv)
