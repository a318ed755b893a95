# The experiments that are installed, one a line.
nobase_dist_pkgdata_DATA += %D%/first.yaml
nobase_dist_pkgdata_DATA += %D%/quickstart.yaml
nobase_dist_pkgdata_DATA += %D%/cifar10/resnet20.yaml
nobase_dist_pkgdata_DATA += %D%/cifar10/resnet56_resnet20_kd.yaml
nobase_dist_pkgdata_DATA += %D%/cifar10/resnet56_resnet20_msmgan.yaml
nobase_dist_pkgdata_DATA += %D%/fashion_mnist/cnn93.yaml
nobase_dist_pkgdata_DATA += %D%/fashion_mnist/teachers.yaml
