#ifndef NC_SMAPS_H
#define NC_SMAPS_H

#include <stdint.h>

/* Size of the pages behind the mapping of `start`; 0: mixed, or the kernel does not say. */
uint64_t nc_page_bytes(const void *start);

#endif
