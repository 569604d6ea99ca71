#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "numacanary.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define CALIBRATION_NS 2000000u

struct nc_timebase nc_timebase = {.counter = false, .ns_per_tick = 1.0, .step_ns = 1.0};

static pthread_once_t started = PTHREAD_ONCE_INIT;

#if defined(__x86_64__)
/* The kernel compares the TSCs of all CPUs at boot and watches them: its own choice is the best evidence. */
static bool kernel_trusts_tsc(void) {
  char name[16] = "";
  int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t n = read(fd, name, sizeof name - 1);
  close(fd);
  return n >= 4 && memcmp(name, "tsc\n", 4) == 0;
}

static bool counter_trusted(void) {
  unsigned int a, b, c, d;
  bool invariant = __get_cpuid(0x80000007u, &a, &b, &c, &d) && (d & (1u << 8)) != 0;
  return invariant && kernel_trusts_tsc();
}
#else
static bool counter_trusted(void) {
  return true;
}
#endif

struct pair {
  uint64_t ticks, ns, width;
};

/* The narrowest of some bracketed readings: an interrupt between two of them widens its bracket. */
static struct pair read_both(void) {
  struct pair best = {0, 0, UINT64_MAX};
  for (int i = 0; i < 32; i++) {
    uint64_t before = nc_counter_ordered();
    uint64_t ns = nc_clock_ns(CLOCK_MONOTONIC_RAW);
    uint64_t after = nc_counter_ordered();
    if (after - before < best.width) best = (struct pair){before + (after - before) / 2, ns, after - before};
  }
  return best;
}

static double calibrate(void) {
  struct pair first = read_both(), last;
  do last = read_both();
  while (last.ns - first.ns < CALIBRATION_NS);
  return (double)(last.ns - first.ns) / (double)(last.ticks - first.ticks);
}

static uint64_t gcd(uint64_t a, uint64_t b) {
  while (b != 0) {
    uint64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* Counters may advance by more than one at a time (26 on one Zen 4, 40 on some Arm): no time is finer. */
static uint64_t smallest_step(void) {
  uint64_t step = 0, last = nc_ticks();
  for (int i = 0; i < 1000; i++) {
    uint64_t now = nc_ticks();
    if (now > last) step = gcd(now - last, step);
    last = now;
  }
  return step == 0 ? 1 : step;
}

static void start(void) {
  nc_arch_start();
  if (counter_trusted()) {
    nc_timebase.ns_per_tick = calibrate();
    nc_timebase.counter = true;
  }
  nc_timebase.step_ns = (double)smallest_step() * nc_timebase.ns_per_tick;
}

void nc_clock_start(void) {
  pthread_once(&started, start);
}

uint64_t nc_ns_to_ticks(double ns) {
  return (uint64_t)(ns / nc_timebase.ns_per_tick);
}

int nc_clock(struct nc_clock *out) {
  nc_clock_start();
  uint32_t source = NC_CLOCK_MONOTONIC_RAW;
#if defined(__x86_64__)
  if (nc_timebase.counter) source = NC_CLOCK_TSC;
#else
  if (nc_timebase.counter) source = NC_CLOCK_CNTVCT;
#endif
  *out = (struct nc_clock){.source = source, .hertz = 1e9 / nc_timebase.ns_per_tick, .step_ns = nc_timebase.step_ns};
  return 0;
}
