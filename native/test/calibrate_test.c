#include <pthread.h>

#include "counters.h"

#define INSTRUCTIONS 1000000

static struct nc_calibration out;

static int try(struct nc_calibration_plan plan) {
  return nc_calibrate(&plan, &out);
}

static struct nc_calibration_plan plan_for(uint32_t type, uint64_t config) {
  return (struct nc_calibration_plan){.cpu = a_cpu(), .type = type, .config = config, .instructions = INSTRUCTIONS};
}

static void refuses_what_is_out_of_range(void) {
  const struct nc_calibration_plan good = plan_for(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY);
  struct nc_calibration_plan bad;
  REFUSES(cpu, -1);
  REFUSES(cpu, 8191);
  REFUSES(cpu, 1 << 20);
  REFUSES(instructions, 99999);
  REFUSES(instructions, 100000001);
}

static void counts_its_own_thread_on_its_cpu(void) {
  cpu_set_t before, after;
  CHECK(try(plan_for(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY)) == 0); /* a sanitizer makes a thread beside the first */
  const int threads = entries("/proc/self/task"), files = descriptors();
  CHECK(sched_getaffinity(0, sizeof before, &before) == 0);
  struct nc_calibration_plan plan = plan_for(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK);
  CHECK(try(plan) == 0);
  if (out.error == EPERM || out.error == EACCES) skip("this process may not count even itself");
  CHECK(out.error == 0 && out.cpu == plan.cpu && out.expected == INSTRUCTIONS);
  CHECK(out.counted > 0 && out.running_ns > 0 && out.running_ns <= out.enabled_ns);
  plan.config = PERF_COUNT_SW_DUMMY;
  plan.instructions = INSTRUCTIONS + 1;
  CHECK(try(plan) == 0 && out.error == 0 && out.counted == 0 && out.expected == INSTRUCTIONS);
  CHECK(sched_getaffinity(0, sizeof after, &after) == 0 && CPU_EQUAL(&before, &after));
  CHECK(descriptors() == files);
  /* A thread that was joined is in /proc for a moment more. */
  for (int i = 0; i < 500 && entries("/proc/self/task") > threads; i++) let_time_pass();
  CHECK(entries("/proc/self/task") <= threads);
}

static void says_what_cannot_be_had(void) {
  CHECK(try(plan_for(UNKNOWN_PMU, 0)) == 0);
  CHECK(out.error == ENOENT && out.counted == 0 && out.enabled_ns == 0);
}

static void counts_instructions_within_a_hundredth(void) {
  CHECK(try(plan_for(PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS)) == 0);
  if (out.error == ENOENT) printf("not shown: this machine has no PMU\n");
  else if (out.error == 0 && out.running_ns == out.enabled_ns)
    CHECK(out.counted >= out.expected && out.counted - out.expected < out.expected / 100);
}

static void *again_and_again(void *unused) {
  struct nc_calibration mine;
  const struct nc_calibration_plan plan = plan_for(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK);
  for (int i = 0; i < 50; i++) CHECK(nc_calibrate(&plan, &mine) == 0 && mine.error == 0 && mine.expected == INSTRUCTIONS);
  return unused;
}

static void takes_two_at_a_time(void) {
  pthread_t other;
  CHECK(pthread_create(&other, NULL, again_and_again, NULL) == 0);
  again_and_again(NULL);
  pthread_join(other, NULL);
}

int main(void) {
  refuses_what_is_out_of_range();
  counts_its_own_thread_on_its_cpu();
  says_what_cannot_be_had();
  counts_instructions_within_a_hundredth();
  takes_two_at_a_time();
  return 0;
}
