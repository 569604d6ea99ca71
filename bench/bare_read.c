// The yardstick of bench/perf.mjs: read() of each descriptor and nothing else. Nanoseconds it took; 0: one of them
// did not give what a group of `members` gives.
#include <stdint.h>
#include <time.h>
#include <unistd.h>

uint64_t bare_read(const int32_t *fd, uint32_t count, uint32_t members);

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t bare_read(const int32_t *fd, uint32_t count, uint32_t members) {
  uint64_t words[3 + 64];
  const ssize_t whole = (ssize_t)((3 + members) * sizeof(uint64_t));
  const uint64_t start = now();
  for (uint32_t i = 0; i < count; i++)
    if (read(fd[i], words, sizeof words) != whole) return 0;
  return now() - start;
}
