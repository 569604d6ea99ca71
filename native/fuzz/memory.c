/* nc_memory: the plan is the fuzzer's, every byte of it. */
#include <math.h>

#include "kernel.h"

/* What is slow by contract and not by mistake: the deadline may be half a second away. */
#define PATIENCE_NS 3000000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct input in = {data, size};
  const uint8_t wild = take_byte(&in);
  struct nc_memory_plan plan;
  take(&in, &plan, sizeof plan);
  FIELD(wild, 0, plan.cpu, kernel_cpu((uint32_t)plan.cpu));
  FIELD(wild, 1, plan.node, 0);
  FIELD(wild, 2, plan.bytes, (uint64_t)1 << (20 + plan.bytes % 4));
  FIELD(wild, 3, plan.loads, NC_GROUP_LOADS * (1 + plan.loads % NC_MAX_GROUPS));
  FIELD(wild, 4, plan.huge_pages, plan.huge_pages % 2);
  FIELD(wild, 5, plan.deadline_ns, PATIENCE_NS);
  if (plan.deadline_ns > PATIENCE_NS && plan.deadline_ns <= 500000000u) plan.deadline_ns = PATIENCE_NS;

  struct nc_memory *out = malloc(sizeof *out);
  CLAIM(out != NULL);
  kernel_begin(&in);
  const int error = nc_memory(&plan, out);
  kernel_end();
  CLAIM(error <= 0 && error > -4096);
  if (error == 0) {
    CLAIM(plan.bytes >= 1u << 20 && plan.bytes <= 1u << 30 && plan.loads % NC_GROUP_LOADS == 0 && plan.huge_pages <= 1);
    CLAIM(out->outcome <= NC_DEADLINE && out->groups <= NC_MAX_GROUPS);
    CLAIM(out->loads == (uint64_t)out->groups * NC_GROUP_LOADS && out->loads <= plan.loads);
    CLAIM(out->pages_on_node <= out->pages_checked);
    for (uint32_t i = 0; i < out->groups; i++) CLAIM(isfinite(out->load_ns[i]) && out->load_ns[i] >= 0 && out->gap_ns[i] >= 0);
  }
  free(out);
  return 0;
}
