/* Does a counter count? A loop of known length, on a thread that the counter watches and nobody else knows. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "control.h"
#include "futex.h"
#include "perf.h"
#include "worker.h"

#define MIN_INSTRUCTIONS 100000u
#define MAX_INSTRUCTIONS 100000000u
#define LOOP_INSTRUCTIONS 2 /* x86 cores fuse the two into one micro-operation, and retire two instructions */

enum { RUNS, DONE, GIVEN_UP };

/* On the heap: the thread may get its CPU only when the call is long over, and then frees it. */
struct calibration {
  struct nc_calibration_plan plan;
  struct nc_calibration out;
  int error; /* of the pin */
  _Atomic uint32_t state;
};

static void turn(uint64_t times) {
#if defined(__x86_64__)
  __asm__ volatile("1:\n\tsub $1, %0\n\tjnz 1b" : "+r"(times) : : "cc");
#else
  __asm__ volatile("1:\n\tsubs %0, %0, #1\n\tb.ne 1b" : "+r"(times) : : "cc");
#endif
}

static int count(const struct nc_calibration_plan *plan, struct nc_calibration *out) {
  struct perf_event_attr attr;
  struct {
    uint64_t value, enabled_ns, running_ns;
  } words;
  memset(&attr, 0, sizeof attr);
  attr.type = plan->type;
  attr.config = plan->config;
  attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  attr.disabled = attr.exclude_kernel = attr.exclude_hv = 1;
  const int fd = nc_perf_event_open(&attr, 0, -1, -1);
  if (fd < 0) return -fd;
  /* Of our own code the ends of two system calls are counted besides: some twenty instructions. */
  int error = ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) == 0 ? 0 : errno;
  turn(plan->instructions / LOOP_INSTRUCTIONS);
  if (ioctl(fd, PERF_EVENT_IOC_DISABLE, 0) != 0 && error == 0) error = errno;
  const ssize_t got = nc_perf_words(fd, &words, sizeof words);
  if (error == 0 && got < 0) error = (int)-got;
  else if (error == 0 && got != sizeof words) error = got == 0 ? ENODATA : EIO;
  close(fd);
  if (error != 0) return error;
  out->counted = words.value;
  out->enabled_ns = words.enabled_ns;
  out->running_ns = words.running_ns;
  return 0;
}

static void *run(void *argument) {
  struct calibration *c = argument;
  unsigned int cpu;
  c->error = nc_pin(0, c->plan.cpu);
  if (c->error == 0) c->out.error = count(&c->plan, &c->out);
  c->out.cpu = syscall(SYS_getcpu, &cpu, NULL, NULL) == 0 ? (int32_t)cpu : -1;
  if (atomic_exchange(&c->state, DONE) == GIVEN_UP) free(c);
  else nc_futex_wake(&c->state);
  return NULL;
}

/* False: the thread is left behind, and `c` is its own. */
static bool joined(pthread_t thread, struct calibration *c) {
  const uint64_t until = nc_clock_ns(CLOCK_MONOTONIC) + NC_MAX_DEADLINE_NS;
  while (atomic_load(&c->state) == RUNS && nc_clock_ns(CLOCK_MONOTONIC) < until) nc_futex_wait(&c->state, RUNS, until);
  if (atomic_exchange(&c->state, GIVEN_UP) == DONE) return pthread_join(thread, NULL) == 0;
  pthread_detach(thread);
  return false;
}

int nc_calibrate(const struct nc_calibration_plan *plan, struct nc_calibration *out) {
  pthread_t thread;
  if (plan->instructions < MIN_INSTRUCTIONS || plan->instructions > MAX_INSTRUCTIONS || !nc_allowed(plan->cpu))
    return -EINVAL;
  *out = (struct nc_calibration){.expected = plan->instructions / LOOP_INSTRUCTIONS * LOOP_INSTRUCTIONS};
  struct calibration *c = malloc(sizeof *c);
  if (c == NULL) return -ENOMEM;
  *c = (struct calibration){.plan = *plan, .out = *out};
  int error = nc_spawn(&thread, run, c);
  if (error == 0 && !joined(thread, c)) return -ETIMEDOUT;
  if (error == 0) {
    *out = c->out;
    error = c->error;
  }
  free(c);
  return error;
}
