/* nc_calibrate and nc_clock: the plan is the fuzzer's, every byte of it. */
#include "kernel.h"

/* What is slow by contract and not by mistake: a loop of 1e8 instructions. */
#define INSTRUCTIONS 300000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct input in = {data, size};
  const uint8_t wild = take_byte(&in);
  struct nc_calibration_plan plan;
  take(&in, &plan, sizeof plan);
  FIELD(wild, 0, plan.cpu, kernel_cpu((uint32_t)plan.cpu));
  FIELD(wild, 1, plan.instructions, 100000 + plan.instructions % 1000);
  if (plan.instructions > INSTRUCTIONS && plan.instructions <= 100000000u) plan.instructions = INSTRUCTIONS;

  struct nc_calibration *out = malloc(sizeof *out);
  struct nc_clock *clock = malloc(sizeof *clock);
  CLAIM(out != NULL && clock != NULL);
  kernel_begin(&in);
  const int error = nc_calibrate(&plan, out);
  kernel_end();
  CLAIM(error <= 0 && error > -4096);
  if (error == 0) {
    CLAIM(plan.instructions >= 100000 && plan.instructions <= 100000000u);
    CLAIM(out->expected <= plan.instructions && plan.instructions - out->expected < 2);
    CLAIM(out->error >= 0 && (out->error == 0 || (out->counted == 0 && out->enabled_ns == 0 && out->running_ns == 0)));
  }
  CLAIM(nc_clock(clock) == 0 && clock->hertz > 0 && clock->step_ns > 0);
  free(clock);
  free(out);
  return 0;
}
