# This folder's test program: check_PROGRAMS += tests/check_losses, and its variables
