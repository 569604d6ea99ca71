/* clock.h: one clock for every timed region. A tick is a tick of it; only differences on one CPU mean anything. */
#ifndef NC_CLOCK_H
#define NC_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "arch.h"

struct nc_timebase {
  bool counter; /* the CPU's own counter may be trusted */
  double ns_per_tick;
  double step_ns;
};

extern struct nc_timebase nc_timebase;

/* Chooses and calibrates once; every other call here needs it done. */
void nc_clock_start(void);

uint64_t nc_ns_to_ticks(double ns);

static inline uint64_t nc_clock_ns(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t nc_ticks(void) {
  return nc_timebase.counter ? nc_counter_ordered() : nc_clock_ns(CLOCK_MONOTONIC_RAW);
}

/* May be read early by a few instructions: good enough to see a gap of microseconds, and cheaper. */
static inline uint64_t nc_ticks_rough(void) {
  return nc_timebase.counter ? nc_counter() : nc_clock_ns(CLOCK_MONOTONIC_RAW);
}

#endif
