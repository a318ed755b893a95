# Pages that are distributed, one a line: EXTRA_DIST += %D%/NAME.md
