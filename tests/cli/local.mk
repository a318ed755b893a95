# This folder's test program: check_PROGRAMS += tests/check_cli, and its variables
