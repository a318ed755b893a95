/* Class names for a folder of CIFAR that lacks its lists of names. */
#ifndef DATA_CIFAR_NAMES_H
#define DATA_CIFAR_NAMES_H

extern const char *const cifar10_names[10];
extern const char *const cifar100_fine[100];
extern const char *const cifar100_coarse[20];

#endif
