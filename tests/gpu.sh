#!/usr/bin/env bash
# The tests that need a GPU. Status 77: nothing to test on.
set -u
if [ ! -e /dev/nvidiactl ]; then
	echo "no NVIDIA GPU on this machine: nothing was tested"
else
	echo "this version of limbeck has no CUDA back end: nothing was tested on the GPU"
fi
exit 77
