#include "control.h"

#include <errno.h>
#include <stdatomic.h>

#include "worker.h"

static atomic_flag taken = ATOMIC_FLAG_INIT;

#ifdef NC_TEST_DELAY
_Atomic uint64_t nc_test_delay_ticks;

void nc_test_set_handoff_delay_ns(uint64_t delay_ns) {
  nc_clock_start();
  atomic_store(&nc_test_delay_ticks, nc_ns_to_ticks((double)delay_ns));
}
#endif

int nc_take(void) {
  if (atomic_flag_test_and_set_explicit(&taken, memory_order_acquire)) return -EBUSY;
  nc_clock_start();
  int error = nc_threads_start();
  /* A call that gave up on a starved thread leaves it behind; it parks by itself. */
  if (error == 0 && !nc_threads_parked()) error = -EBUSY;
  if (error != 0) nc_leave();
  return error;
}

void nc_leave(void) {
  atomic_flag_clear_explicit(&taken, memory_order_release);
}
