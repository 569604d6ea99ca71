/* Where the memory policy calls are forbidden, pages are placed by first touch from a CPU of the node and found in
 * /proc/self/numa_maps. */
#include <errno.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "../clock.h"
#include "../control.h"
#include "../place.h"
#include "denied.h"

/* numa_maps has a line for each mapping, and neighbours of one kind are one mapping. */
static void sees_pages_of_its_own_alone(void) {
  struct nc_lines *any, *here;
  const uint64_t patience = nc_clock_ns(CLOCK_MONOTONIC) + 1000000000;
  CHECK(nc_take() == 0);
  CHECK(nc_lines_on(-1, patience, &any) == 0 && nc_lines_on(0, patience, &here) == 0);
  void *const page = here;
  CHECK(nc_find(&page, 1, 0).checked <= sizeof *here / NC_PAGE);
  nc_leave();
}

int main(void) {
  forbid_memory_policy();
  sees_pages_of_its_own_alone();
  static struct nc_visit visit;
  struct nc_visit_plan plan = plan_of(NC_STORE2);
  plan.node_a = plan.node_b = 0;
  for (int i = 0; i < 50 && visit.store2.groups == 0; i++) {
    int error = nc_visit(&plan, &visit);
    CHECK(error == 0 || error == -EBUSY);
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
  }
  if (visit.store2.groups == 0) skip("the machine is too busy");
  const bool numa = access("/proc/self/numa_maps", R_OK) == 0;
  CHECK(visit.page_node_a == (numa ? 0 : -1) && visit.page_node_b == visit.page_node_a);

  static struct nc_memory memory;
  const struct nc_memory_plan chase = {.cpu = plan.cpu_a, .node = 0, .bytes = 1 << 20, .loads = 128, .deadline_ns = 400000000};
  int error = -EBUSY;
  for (int i = 0; i < 50 && error == -EBUSY; i++) error = nc_memory(&chase, &memory);
  CHECK(error == 0);
  CHECK((memory.pages_checked > 0) == numa && memory.pages_on_node == memory.pages_checked);

  plan.node_b = 1023; /* no CPU to touch from, and no policy */
  CHECK(nc_visit(&plan, &visit) == -EPERM);

  static struct nc_drift drift;
  const struct nc_drift_plan hours = {.reader_cpu = plan.cpu_a, .bytes = 1 << 20, .seconds = 600};
  CHECK(nc_drift(&hours, &drift) == -EPERM && drift.row_count == 0);
  return 0;
}
