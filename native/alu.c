#include "worker.h"

#define CHUNKS 4
#define LOOPS 50
#define ADDS 100 /* in a row; CHUNKS * LOOPS * ADDS = 20,000 */

#define ADD_10 NC_ADD_ONCE NC_ADD_ONCE NC_ADD_ONCE NC_ADD_ONCE NC_ADD_ONCE NC_ADD_ONCE NC_ADD_ONCE NC_ADD_ONCE NC_ADD_ONCE NC_ADD_ONCE
#define ADD_100 ADD_10 ADD_10 ADD_10 ADD_10 ADD_10 ADD_10 ADD_10 ADD_10 ADD_10 ADD_10

/* The core's clock without a PMU: each add waits for the one before, one cycle each on every core we know.
 * The fastest of a few chunks, since an interrupt can only make one slower. */
NC_TIMED double nc_alu_hertz(void) {
  uint64_t best = UINT64_MAX, sum = 0;
  for (int chunk = 0; chunk < CHUNKS; chunk++) {
    uint64_t start = nc_ticks();
    for (int i = 0; i < LOOPS; i++) __asm__ volatile(ADD_100 : "+r"(sum) : "r"((uint64_t)1));
    uint64_t took = nc_ticks() - start;
    if (took < best) best = took;
  }
  return LOOPS * ADDS / ((double)best * nc_timebase.ns_per_tick * 1e-9);
}
