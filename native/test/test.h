/* test.h: a test is a program; exit 0 passed, 1 failed, 77 skipped with the reason printed. */
#ifndef NC_TEST_H
#define NC_TEST_H

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "../numacanary.h"

#define CHECK(claim)                                              \
  do {                                                            \
    if (!(claim)) {                                               \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim); \
      exit(1);                                                    \
    }                                                             \
  } while (0)

static inline void skip(const char *reason) {
  printf("skipped: %s\n", reason);
  exit(77);
}

/* Names in a folder of /proc/self: descriptors, threads. */
static inline int entries(const char *path) {
  int n = 0;
  DIR *dir = opendir(path);
  CHECK(dir != NULL);
  while (readdir(dir) != NULL) n++;
  closedir(dir);
  return n;
}

/* The first two CPUs this process may use. */
static inline void two_cpus(int cpu[2]) {
  cpu_set_t allowed;
  int found = 0;
  CHECK(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
  for (int i = 0; i < CPU_SETSIZE && found < 2; i++)
    if (CPU_ISSET(i, &allowed)) cpu[found++] = i;
  if (found < 2) skip("a visit needs two CPUs, this process may use one");
}

static inline struct nc_visit_plan plan_of(uint32_t steps) {
  int cpu[2];
  two_cpus(cpu);
  return (struct nc_visit_plan){.cpu_a = cpu[0], .cpu_b = cpu[1], .node_a = -1, .node_b = -1, .steps = steps,
                                .pinned = 1, .stride_bytes = 128, .step_ns = 60000, .deadline_ns = 400000000};
}

#define NC_ALL_STEPS (NC_STORE2 | NC_RING1 | NC_EXPERIENCED | NC_RING_BATCH512 | NC_RING_BATCH1 | NC_RING_LINE)

/* One field of the good plan made bad. The test names both, and its own try(). */
#define REFUSES(field, value)    \
  do {                           \
    bad = good;                  \
    bad.field = (value);         \
    CHECK(try(bad) == -EINVAL);  \
  } while (0)

#endif
