# This folder's test program: check_PROGRAMS += tests/check_stages, and its variables
