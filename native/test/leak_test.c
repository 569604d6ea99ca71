/* A thousand visits and some of memory: no descriptor, thread or page more than before. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "test.h"

#define KEPT_KB 1024

static long resident_kb(void) {
  long kb = -1;
  char line[256];
  FILE *file = fopen("/proc/self/status", "r");
  CHECK(file != NULL);
  while (fgets(line, sizeof line, file) != NULL)
    if (sscanf(line, "VmRSS: %ld kB", &kb) == 1) break;
  fclose(file);
  return kb;
}

static uint32_t faults, done;

static void visits(int n) {
  static struct nc_visit visit;
  static struct nc_memory memory;
  struct nc_visit_plan plan = plan_of(NC_ALL_STEPS);
  plan.step_ns = 20000;
  plan.deadline_ns = 10000000;
  struct nc_memory_plan chase = {.cpu = plan.cpu_a, .bytes = 1 << 20, .loads = 128, .deadline_ns = 10000000};
  for (int i = 0; i < n; i++) {
    plan.offset = (uint32_t)i % 64;
    int error = nc_visit(&plan, &visit);
    /* A thread that was starved past its deadline is still on its way back. */
    if (error == -EBUSY) nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    if (error != 0 || visit.outcome != NC_DONE) continue;
    faults += visit.a.minflt + visit.b.minflt;
    done++;
    if (i % 20 == 0) nc_memory(&chase, &memory);
  }
}

int main(void) {
  visits(100);
  int descriptors = entries("/proc/self/fd"), threads = entries("/proc/self/task");
  long before = resident_kb();
  done = faults = 0;
  visits(1000);
  if (done == 0) skip("the machine is too busy: not one visit of 1,000 had both its threads");
  CHECK(entries("/proc/self/fd") == descriptors);
  CHECK(entries("/proc/self/task") == threads);
#ifdef NC_SANITIZED /* the sanitizers keep books of their own, and fault on them */
  (void)before;
#else
  CHECK(resident_kb() - before < KEPT_KB);
  CHECK(faults == 0);
#endif
  return 0;
}
