// What bench/events.mjs does to the kernel while its events are counted or not: nanoseconds for each context switch
// (two threads on one CPU, a byte through two pipes), each move of a thread between two CPUs, each page fault.
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

double kernel_work(uint32_t what, uint32_t times, int32_t cpu, int32_t other);

enum { SWITCH, MOVE, FAULT };

struct pipes {
  int there[2], back[2];
  uint32_t times;
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int run_on(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return sched_setaffinity(0, sizeof set, &set);
}

static void *answer(void *given) {
  const struct pipes *p = given;
  char byte;
  for (uint32_t i = 0; i < p->times; i++)
    if (read(p->there[0], &byte, 1) != 1 || write(p->back[1], &byte, 1) != 1) break;
  return NULL;
}

static int switches(uint32_t times) {
  struct pipes p = {.times = times};
  pthread_t thread;
  char byte = 0;
  if (pipe(p.there) != 0 || pipe(p.back) != 0 || pthread_create(&thread, NULL, answer, &p) != 0) return -1;
  for (uint32_t i = 0; i < times; i++)
    if (write(p.there[1], &byte, 1) != 1 || read(p.back[0], &byte, 1) != 1) break;
  pthread_join(thread, NULL);
  for (int i = 0; i < 2; i++) close(p.there[i]), close(p.back[i]);
  return 0;
}

static int faults(uint32_t times) {
  const size_t page = 4096, bytes = times * page;
  char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return -1;
  madvise(memory, bytes, MADV_NOHUGEPAGE);
  for (size_t at = 0; at < bytes; at += page) *(volatile char *)(memory + at) = 1;
  return munmap(memory, bytes);
}

struct order {
  uint32_t what, times;
  int32_t cpu, other;
  double ns;
};

static void *work(void *given) {
  struct order *o = given;
  if (run_on(o->cpu) != 0) return NULL;
  const double start = now();
  int failed = 0;
  if (o->what == SWITCH) failed = switches(o->times);
  else if (o->what == FAULT) failed = faults(o->times);
  else
    for (uint32_t i = 0; i < o->times; i++) failed |= run_on(i % 2 == 0 ? o->other : o->cpu);
  if (failed == 0) o->ns = (now() - start) / (o->times * (o->what == SWITCH ? 2.0 : 1.0));
  return NULL;
}

/* On a thread of its own: the caller's CPU stays as it is. 0: it could not be done. */
double kernel_work(uint32_t what, uint32_t times, int32_t cpu, int32_t other) {
  struct order order = {what, times, cpu, other, 0};
  pthread_t thread;
  if (pthread_create(&thread, NULL, work, &order) != 0) return 0;
  pthread_join(thread, NULL);
  return order.ns;
}
