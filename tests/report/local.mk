# This folder's test program: check_PROGRAMS += tests/check_report, and its variables
