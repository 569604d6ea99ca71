#ifndef NC_FUTEX_H
#define NC_FUTEX_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Sleeps while *word == value, at most until `until_ns` of CLOCK_MONOTONIC (0: for ever). Wakes for nothing, too. */
static inline void nc_futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t until_ns) {
  struct timespec until = {(time_t)(until_ns / 1000000000u), (long)(until_ns % 1000000000u)};
  syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value, until_ns == 0 ? NULL : &until, NULL,
          FUTEX_BITSET_MATCH_ANY);
}

static inline void nc_futex_wake(_Atomic uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

#endif
