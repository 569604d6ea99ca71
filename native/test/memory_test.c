#include <errno.h>
#include <time.h>

#include "test.h"

static struct nc_memory memory;

static int try(struct nc_memory_plan plan) {
  return nc_memory(&plan, &memory);
}

int main(void) {
  int cpu[2];
  two_cpus(cpu);
  const struct nc_memory_plan good = {.cpu = cpu[0], .node = 0, .bytes = 8 << 20, .loads = 1024, .deadline_ns = 400000000};
  struct nc_memory_plan bad;
  REFUSES(cpu, -1);
  REFUSES(cpu, 8191);
  REFUSES(node, -1);
  REFUSES(node, 1024);
  REFUSES(bytes, 4096);
  REFUSES(bytes, (uint64_t)2 << 30);
  REFUSES(loads, 63);
  REFUSES(loads, 100);
  REFUSES(loads, 64 * 65);
  REFUSES(huge_pages, 2);
  REFUSES(deadline_ns, 0);

  bad = good, bad.node = 1023;
  CHECK(try(bad) != 0);

  for (uint32_t huge = 0; huge < 2; huge++) {
    struct nc_memory_plan plan = good;
    plan.huge_pages = huge;
    int tries = 0, error;
    while (((error = try(plan)) == -EBUSY || memory.outcome != NC_DONE) && tries++ < 50)
      nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    if (error == 0 && memory.outcome != NC_DONE) skip("the machine is too busy");
    CHECK(error == 0);
    CHECK(memory.groups == 16 && memory.loads == 1024);
    for (uint32_t i = 0; i < memory.groups; i++) CHECK(memory.load_ns[i] > 1);
    CHECK(memory.pages_on_node == memory.pages_checked);
    CHECK(memory.thread.cpu_before == cpu[0] && memory.thread.cpu_after == cpu[0] && memory.thread.mask_cpus == 1);
#ifndef NC_SANITIZED
    CHECK(memory.thread.minflt == 0 && memory.thread.majflt == 0);
#endif
    CHECK(huge || memory.page_bytes == 0 || memory.page_bytes < 2 << 20);
  }
  return 0;
}
