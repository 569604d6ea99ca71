/* The two threads: made once, pinned by the controller before each job, parked on a futex between jobs. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "futex.h"
#include "worker.h"

#define STACK_BYTES (256 * 1024)
#define WORD_BITS (8 * sizeof(unsigned long))

struct mask {
  unsigned long word[NC_MAX_CPUS / WORD_BITS];
};

struct nc_worker nc_worker_a = {.initiator = true}, nc_worker_b;

static int get_mask(pid_t tid, struct mask *mask) {
  memset(mask, 0, sizeof *mask);
  return syscall(SYS_sched_getaffinity, tid, sizeof *mask, mask) < 0 ? -errno : 0;
}

static bool has(const struct mask *mask, int cpu) {
  return cpu >= 0 && cpu < NC_MAX_CPUS && (mask->word[(size_t)cpu / WORD_BITS] >> ((size_t)cpu % WORD_BITS) & 1) != 0;
}

static int count(const struct mask *mask) {
  int n = 0;
  for (size_t i = 0; i < NC_MAX_CPUS / WORD_BITS; i++) n += __builtin_popcountl(mask->word[i]);
  return n;
}

static void nothing(struct nc_worker *w) {
  (void)w;
}

static void *run(void *argument) {
  struct nc_worker *w = argument;
  w->tid = (pid_t)syscall(SYS_gettid);
  for (uint32_t next = 1;; next++) {
    while (atomic_load_explicit(&w->posted, memory_order_acquire) != next) nc_futex_wait(&w->posted, next - 1, 0);
    w->job(w);
    atomic_store_explicit(&w->done, next, memory_order_release);
    nc_futex_wake(&w->done);
  }
  return NULL;
}

static bool parked(struct nc_worker *w) {
  return atomic_load_explicit(&w->done, memory_order_acquire) == atomic_load_explicit(&w->posted, memory_order_relaxed);
}

bool nc_threads_parked(void) {
  return parked(&nc_worker_a) && parked(&nc_worker_b);
}

/* Every signal is blocked in the thread: a handler of the daemon's must never run inside a timed region. */
int nc_spawn(pthread_t *thread, void *(*body)(void *), void *argument) {
  pthread_attr_t attributes;
  sigset_t all, before;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  int error = pthread_create(thread, &attributes, body, argument);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return -error;
}

static int make(struct nc_worker *w) {
  if (w->tid != 0) return 0;
  pthread_t thread;
  w->job = nothing;
  atomic_store(&w->posted, 1);
  int error = nc_spawn(&thread, run, w);
  if (error != 0) {
    atomic_store(&w->posted, 0);
    return error;
  }
  pthread_detach(thread);
  nc_wait(w, UINT64_MAX);
  return 0;
}

int nc_threads_start(void) {
  int error = make(&nc_worker_a);
  return error != 0 ? error : make(&nc_worker_b);
}

void nc_post(struct nc_worker *w, void (*job)(struct nc_worker *), void *argument) {
  w->job = job;
  w->argument = argument;
  atomic_fetch_add_explicit(&w->posted, 1, memory_order_release);
  nc_futex_wake(&w->posted);
}

bool nc_wait(struct nc_worker *w, uint64_t until_ns) {
  while (!parked(w)) {
    if (nc_clock_ns(CLOCK_MONOTONIC) >= until_ns) return false;
    uint32_t done = atomic_load_explicit(&w->done, memory_order_acquire);
    if (!parked(w)) nc_futex_wait(&w->done, done, until_ns == UINT64_MAX ? 0 : until_ns);
  }
  return true;
}

/* The main thread's mask is the one that taskset and the cpuset speak to; ours are only pins. */
static int process_mask(struct mask *mask) {
  return get_mask(getpid(), mask);
}

bool nc_allowed(int cpu) {
  struct mask mask;
  return process_mask(&mask) == 0 && has(&mask, cpu);
}

int nc_allowed_count(void) {
  struct mask mask;
  return process_mask(&mask) == 0 ? count(&mask) : 0;
}

int nc_pin(pid_t tid, int cpu) {
  struct mask mask;
  if (cpu < 0) {
    int error = process_mask(&mask);
    if (error != 0) return error;
  } else {
    memset(&mask, 0, sizeof mask);
    mask.word[(size_t)cpu / WORD_BITS] = 1ul << ((size_t)cpu % WORD_BITS);
  }
  return syscall(SYS_sched_setaffinity, tid, sizeof mask, &mask) < 0 ? -errno : 0;
}

static int32_t current_cpu(void) {
  unsigned int cpu;
  return syscall(SYS_getcpu, &cpu, NULL, NULL) < 0 ? -1 : (int32_t)cpu;
}

/* getcpu alone misses a wiped pin (kernel 6.1, cpuset write): the thread stands right by chance. */
bool nc_on_cpu(int cpu) {
  struct mask mask;
  return get_mask(0, &mask) == 0 && count(&mask) == 1 && has(&mask, cpu) && current_cpu() == cpu;
}

static void usage(struct nc_thread *out, uint32_t sign) {
  struct rusage now;
  getrusage(RUSAGE_THREAD, &now);
  out->nvcsw += sign * (uint32_t)now.ru_nvcsw;
  out->nivcsw += sign * (uint32_t)now.ru_nivcsw;
  out->minflt += sign * (uint32_t)now.ru_minflt;
  out->majflt += sign * (uint32_t)now.ru_majflt;
}

void nc_evidence_begin(struct nc_worker *w) {
  w->evidence = (struct nc_thread){.cpu_before = current_cpu(), .cpu_ns = nc_clock_ns(CLOCK_THREAD_CPUTIME_ID)};
  w->gaps = w->gap_ticks = 0;
  w->record = &w->records[NC_OF_NOTHING];
  w->slot = 0;
  usage(&w->evidence, UINT32_MAX);
}

/* The linker's names for the ends of the section of NC_TIMED. */
extern const char __start_nc_timed[] __attribute__((visibility("hidden")));
extern const char __stop_nc_timed[] __attribute__((visibility("hidden")));

static void touch_code_and_stack(void) {
  volatile char stack[16384];
  for (size_t i = 0; i < sizeof stack; i += 4096) stack[i] = 0;
  uintptr_t first = (uintptr_t)__start_nc_timed / 4096 * 4096, end = (uintptr_t)__stop_nc_timed;
  for (uintptr_t page = first; page < end; page += 4096) (void)*(const volatile char *)page;
}

void nc_evidence_mark(struct nc_worker *w) {
  struct nc_thread *e = &w->evidence;
  memset(w->records, 0, sizeof w->records);
  memset(w->experienced, 0, sizeof w->experienced);
  touch_code_and_stack();
  e->nvcsw = e->nivcsw = e->minflt = e->majflt = 0;
  usage(e, UINT32_MAX);
}

void nc_evidence_end(struct nc_worker *w) {
  struct mask mask;
  struct nc_thread *e = &w->evidence;
  usage(e, 1);
  e->cpu_after = current_cpu();
  e->mask_cpus = get_mask(0, &mask) == 0 ? (uint32_t)count(&mask) : 0;
  e->gaps = (uint32_t)w->gaps;
  e->gap_ns = (uint64_t)((double)w->gap_ticks * nc_timebase.ns_per_tick);
  e->cpu_ns = nc_clock_ns(CLOCK_THREAD_CPUTIME_ID) - e->cpu_ns;
}
