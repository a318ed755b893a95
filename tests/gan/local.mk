# This folder's test program: check_PROGRAMS += tests/check_gan, and its variables
