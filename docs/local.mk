# Pages that are distributed, one a line.
EXTRA_DIST += README.md
EXTRA_DIST += %D%/ADDING.md
EXTRA_DIST += %D%/ARCHITECTURE.md
EXTRA_DIST += %D%/ASSISTANTS.md
EXTRA_DIST += %D%/CONFIG.md
EXTRA_DIST += %D%/DATA.md
EXTRA_DIST += %D%/METHOD.md
EXTRA_DIST += %D%/RESULTS.md
EXTRA_DIST += %D%/folders.svg
EXTRA_DIST += %D%/report.png
EXTRA_DIST += %D%/results/ms_mgan.md
EXTRA_DIST += %D%/results/ms_mgan_cifar10.md
EXTRA_DIST += %D%/results/ms_mgan_screening.md
EXTRA_DIST += %D%/results/repdistiller_same.md
EXTRA_DIST += bench/eighteen_arms.yaml
EXTRA_DIST += bench/README.md
EXTRA_DIST += bench/against-pytorch
