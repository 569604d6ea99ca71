#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "counters.h"

#define MIB (1 << 20)

static struct nc_drift drift;

static int try(struct nc_drift_plan plan) {
  drift.stop = 0;
  return nc_drift(&plan, &drift);
}

static struct nc_drift_plan plan_of_seconds(uint32_t seconds) {
  return (struct nc_drift_plan){.buffer_node = 0, .reader_cpu = a_cpu(), .bytes = 4 * MIB, .seconds = seconds};
}

static _Atomic int over;

static void *stop_at(void *rows) {
  while (__atomic_load_n(&drift.row_count, __ATOMIC_ACQUIRE) < *(uint32_t *)rows && !over) let_time_pass();
  __atomic_store_n(&drift.stop, 1, __ATOMIC_RELAXED);
  return NULL;
}

/* As a caller does who has seen enough. */
static int run_until(struct nc_drift_plan plan, uint32_t rows) {
  pthread_t other;
  over = 0;
  drift.stop = 0;
  drift.row_count = 0;
  CHECK(pthread_create(&other, NULL, stop_at, &rows) == 0);
  const int error = nc_drift(&plan, &drift);
  over = 1;
  pthread_join(other, NULL);
  return error;
}

static void refuses_what_is_out_of_range(void) {
  const struct nc_drift_plan good = plan_of_seconds(1);
  struct nc_drift_plan bad;
  REFUSES(buffer_node, -1);
  REFUSES(buffer_node, NC_DRIFT_NODES);
  REFUSES(reader_cpu, -1);
  REFUSES(reader_cpu, 8191);
  REFUSES(reader_cpu, 1 << 20);
  REFUSES(bytes, 0);
  REFUSES(bytes, MIB + 4096);
  REFUSES(bytes, (uint64_t)2 << 30);
  REFUSES(seconds, 0);
  REFUSES(seconds, NC_DRIFT_ROWS);
  REFUSES(huge_pages, 2);
  CHECK(drift.row_count == 0 && drift.address == 0);
}

static void counts_every_page_once_a_second(void) {
  cpu_set_t before, after;
  const int files = descriptors();
  CHECK(sched_getaffinity(0, sizeof before, &before) == 0);
  for (uint32_t huge = 0; huge < 2; huge++) {
    struct nc_drift_plan plan = plan_of_seconds(2);
    plan.huge_pages = huge;
    CHECK(run_until(plan, plan.seconds + 1) == 0);
    CHECK(drift.row_count == plan.seconds + 1 && drift.address % (2 * MIB) == 0 && drift.page_bytes >= 4096);
    CHECK(huge || drift.backing_bytes == drift.page_bytes);
    const uint64_t pages = plan.bytes / drift.page_bytes;
    CHECK(drift.rows[0].pages[0] == pages && drift.rows[0].pages_unknown == 0 && drift.rows[0].elapsed_ns == 0);
    for (uint32_t i = 0; i < drift.row_count; i++) {
      const struct nc_drift_row *row = &drift.rows[i];
      uint64_t sum = row->pages_unknown;
      for (int node = 0; node < NC_DRIFT_NODES; node++) sum += row->pages[node];
      CHECK(sum == pages && row->reader_cpu == plan.reader_cpu);
      CHECK(row->elapsed_ns >= i * 1000000000ull && (i == 0 || row->passes >= row[-1].passes));
    }
    CHECK(drift.rows[2].passes > 0);
  }
  CHECK(sched_getaffinity(0, sizeof after, &after) == 0 && CPU_EQUAL(&before, &after));
  CHECK(descriptors() == files);
}

static void ends_when_it_is_told_to(void) {
  struct timespec began, ended;
  clock_gettime(CLOCK_MONOTONIC, &began);
  CHECK(run_until(plan_of_seconds(600), 1) == 0);
  clock_gettime(CLOCK_MONOTONIC, &ended);
  CHECK(ended.tv_sec - began.tv_sec < 30 && drift.row_count >= 1 && drift.row_count < 30);
}

static void does_not_begin_what_was_stopped_before(void) {
  const struct nc_drift_plan plan = plan_of_seconds(600);
  drift.stop = 1;
  CHECK(nc_drift(&plan, &drift) == 0 && drift.stop == 1);
}

static void leaves_no_thread(void) {
  const int threads = entries("/proc/self/task");
  CHECK(run_until(plan_of_seconds(1), 1) == 0);
  /* A thread that was joined is in /proc for a moment more. */
  for (int i = 0; i < 500 && entries("/proc/self/task") > threads; i++) let_time_pass();
  CHECK(entries("/proc/self/task") <= threads);
}

int main(void) {
  refuses_what_is_out_of_range();
  const int error = run_until(plan_of_seconds(1), 1);
  if (error == -EPERM || error == -ENOSYS) skip("this process may not ask where its pages are");
  CHECK(error == 0);
  counts_every_page_once_a_second();
  ends_when_it_is_told_to();
  does_not_begin_what_was_stopped_before();
  leaves_no_thread();
  return 0;
}
