# The experiments that are installed, one a line: nobase_dist_pkgdata_DATA += %D%/name.yaml
