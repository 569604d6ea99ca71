/* counters.h: what the tests of counters count, all of it in software: any kernel has it. */
#ifndef NC_COUNTERS_H
#define NC_COUNTERS_H

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#define EVENT(of_type, of_config, of_leader) \
  (struct nc_perf_event) {                   \
    .type = (of_type), .config = (of_config), .cpu = a_cpu(), .leader = (of_leader), .filter = -1 \
  }
#define SOFTWARE(of_config, of_leader) EVENT(PERF_TYPE_SOFTWARE, of_config, of_leader)
#define CLOCK(of_leader) SOFTWARE(PERF_COUNT_SW_CPU_CLOCK, of_leader) /* ever moves */
#define DUMMY(of_leader) SOFTWARE(PERF_COUNT_SW_DUMMY, of_leader)     /* never */
#define UNKNOWN_PMU 0x7ffffff0

#define LENGTH(array) (uint32_t)(sizeof(array) / sizeof *(array))

static inline int a_cpu(void) {
  static int cpu = -1;
  cpu_set_t allowed;
  if (cpu >= 0) return cpu;
  CHECK(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
  for (cpu = 0; !CPU_ISSET((size_t)cpu, &allowed);) cpu++;
  return cpu;
}

static inline void let_time_pass(void) {
  nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

static inline int descriptors(void) {
  return entries("/proc/self/fd");
}

static inline int paranoid(void) {
  int level = -1;
  FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "r");
  if (file == NULL) skip("this kernel counts nothing (CONFIG_PERF_EVENTS is off)");
  CHECK(fscanf(file, "%d", &level) == 1);
  fclose(file);
  return level;
}

#endif
