/* nc_visit: the plan is the fuzzer's, every byte of it. */
#include <errno.h>
#include <math.h>

#include "kernel.h"

/* What is slow by contract and not by mistake: a visit takes as long as its plan says, up to half a second. */
#define PATIENCE_NS 3000000u
#define STEP_NS 50000u

static void sane(const struct nc_pingpong *p) {
  CLAIM(p->groups <= NC_MAX_GROUPS);
  for (uint32_t i = 0; i < p->groups; i++)
    CLAIM(isfinite(p->round_trip_ns[i]) && p->round_trip_ns[i] >= 0 && p->gap_ns[i] >= 0);
}

static void whole(const struct nc_ring *r) {
  CLAIM(r->corrupt == 0 && r->clean_laps <= r->laps && isfinite(r->elapsed_ns) && r->elapsed_ns >= 0);
  CLAIM((r->items == 0) == (r->clean_laps == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct input in = {data, size};
  uint16_t wild;
  struct nc_visit_plan plan;
  take(&in, &wild, sizeof wild);
  take(&in, &plan, sizeof plan);
  FIELD(wild, 0, plan.cpu_a, kernel_cpu(0));
  FIELD(wild, 1, plan.cpu_b, kernel_cpu(1));
  FIELD(wild, 2, plan.node_a, plan.node_a % 2 - 1);
  FIELD(wild, 3, plan.node_b, plan.node_b % 2 - 1);
  FIELD(wild, 4, plan.steps, plan.steps % 64);
  FIELD(wild, 5, plan.spin, plan.spin % 2);
  FIELD(wild, 6, plan.pinned, 1 - plan.pinned % 2);
  FIELD(wild, 7, plan.stride_bytes, 64u << plan.stride_bytes % 3);
  FIELD(wild, 8, plan.offset, plan.offset % 64);
  FIELD(wild, 9, plan.reserved, 0);
  FIELD(wild, 10, plan.step_ns, STEP_NS);
  FIELD(wild, 11, plan.deadline_ns, PATIENCE_NS);
  if (plan.deadline_ns > PATIENCE_NS && plan.deadline_ns <= 500000000u) plan.deadline_ns = PATIENCE_NS;

  struct nc_visit *out = malloc(sizeof *out);
  CLAIM(out != NULL);
  kernel_begin(&in);
  const int error = nc_visit(&plan, out);
  kernel_end();
  CLAIM(error <= 0 && error > -4096);
  if (error == 0) {
    CLAIM(plan.cpu_a != plan.cpu_b && plan.steps < 64 && plan.spin <= 1 && plan.pinned <= 1 && plan.offset < 64);
    CLAIM(plan.reserved == 0 && plan.step_ns > 0 && plan.deadline_ns > 0 && plan.deadline_ns <= 500000000u);
    CLAIM(out->outcome <= NC_DEADLINE && out->experienced <= NC_MAX_EXPERIENCED && isfinite(out->elapsed_ns));
    sane(&out->ruler_before);
    sane(&out->ruler_after);
    sane(&out->store2);
    sane(&out->ring1);
    whole(&out->ring_batch512);
    whole(&out->ring_batch1);
    whole(&out->ring_line);
    CLAIM((plan.steps & NC_STORE2) != 0 || out->store2.groups == 0);
    CLAIM((plan.steps & NC_RING_LINE) != 0 || out->ring_line.laps == 0);
  }
  free(out);
  return 0;
}
