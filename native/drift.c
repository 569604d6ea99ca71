/* The classic experiment: memory on one node, its reader on another, and where the pages are each second. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "futex.h"
#include "place.h"
#include "smaps.h"
#include "worker.h"

#define SECOND_NS 1000000000u
#define LOOK_NS 10000000u          /* between two looks at the caller's `stop` */
#define TOUCH_NS 20000000000u      /* for pages to be made; a starved reader gets no longer */
#define LINGER_NS 5000000000u      /* after the last row, so that numa_maps can be read beside it */
#define PARTING_NS 500000000u      /* for the reader to see that it shall stop */
#define CHUNK 1024                 /* pages asked for by one move_pages() */
#define MIN_BYTES ((uint64_t)1 << 20)
#define MAX_BYTES ((uint64_t)1 << 30)

enum { RUNS, DONE, GIVEN_UP };

/* On the heap: a reader that was starved comes to it when the call is long over, and frees it. */
struct drift {
  struct nc_drift_plan plan;
  struct nc_mapping buffer;
  size_t page;
  int error;                /* of the pin */
  _Atomic uint32_t touched; /* every page was written once, or the pin failed */
  _Atomic uint32_t stop;
  _Atomic uint32_t state;
  _Atomic int32_t cpu;
  _Atomic uint64_t passes;
};

/* ---- on the reader's thread */

static void note_cpu(struct drift *d) {
  unsigned int cpu;
  atomic_store(&d->cpu, syscall(SYS_getcpu, &cpu, NULL, NULL) == 0 ? (int32_t)cpu : -1);
}

static bool stopped(struct drift *d) {
  return atomic_load_explicit(&d->stop, memory_order_relaxed) != 0;
}

static bool touch_all(struct drift *d) {
  volatile unsigned char *start = d->buffer.start;
  for (size_t at = 0; at < d->plan.bytes; at += d->page) {
    if (stopped(d)) return false;
    start[at] = 1;
  }
  return true;
}

static bool read_all(struct drift *d) {
  const volatile unsigned char *start = d->buffer.start;
  for (size_t at = 0; at < d->plan.bytes; at += NC_LINE) {
    if (at % d->page == 0 && stopped(d)) return false;
    (void)start[at];
  }
  return true;
}

static void *run(void *argument) {
  struct drift *d = argument;
  d->error = nc_pin(0, d->plan.reader_cpu);
  note_cpu(d);
  if (d->error == 0 && !touch_all(d)) d->error = -ETIMEDOUT;
  atomic_store(&d->touched, 1);
  nc_futex_wake(&d->touched);
  while (d->error == 0 && read_all(d)) {
    note_cpu(d);
    atomic_fetch_add(&d->passes, 1);
  }
  if (atomic_exchange(&d->state, DONE) == GIVEN_UP) {
    nc_unmap(&d->buffer);
    free(d);
  } else {
    nc_futex_wake(&d->state);
  }
  return NULL;
}

/* ---- on the caller's thread */

static int count_pages(const struct drift *d, struct nc_drift_row *row) {
  void *pages[CHUNK];
  int status[CHUNK];
  const size_t count = d->plan.bytes / d->page;
  for (size_t from = 0; from < count; from += CHUNK) {
    const size_t here = count - from < CHUNK ? count - from : CHUNK;
    for (size_t i = 0; i < here; i++) pages[i] = (char *)d->buffer.start + (from + i) * d->page;
    if (syscall(SYS_move_pages, 0, here, pages, NULL, status, 0) != 0) return -errno;
    for (size_t i = 0; i < here; i++) {
      if (status[i] >= 0 && status[i] < NC_DRIFT_NODES) row->pages[status[i]]++;
      else row->pages_unknown++;
    }
  }
  return 0;
}

/* The row is whole before `row_count` says that it is there. `began_ns` 0: nothing has begun yet. */
static int add_row(struct drift *d, struct nc_drift *out, uint64_t began_ns) {
  const uint32_t index = __atomic_load_n(&out->row_count, __ATOMIC_RELAXED);
  struct nc_drift_row *row = &out->rows[index];
  int error = count_pages(d, row);
  if (error != 0) return error;
  row->elapsed_ns = began_ns == 0 ? 0 : nc_clock_ns(CLOCK_MONOTONIC) - began_ns;
  row->reader_cpu = atomic_load(&d->cpu);
  row->passes = atomic_load(&d->passes);
  __atomic_store_n(&out->row_count, index + 1, __ATOMIC_RELEASE);
  return 0;
}

static bool asked_to_stop(const struct nc_drift *out) {
  return __atomic_load_n(&out->stop, __ATOMIC_RELAXED) != 0;
}

static int await_touch(struct drift *d, const struct nc_drift *out) {
  const uint64_t until = nc_clock_ns(CLOCK_MONOTONIC) + TOUCH_NS;
  while (atomic_load(&d->touched) == 0) {
    const uint64_t now = nc_clock_ns(CLOCK_MONOTONIC);
    if (now >= until) return -ETIMEDOUT;
    if (asked_to_stop(out)) return 0;
    nc_futex_wait(&d->touched, 0, now + LOOK_NS);
  }
  return d->error;
}

/* False: the caller wants an end. */
static bool sleep_until(const struct nc_drift *out, uint64_t until_ns) {
  while (nc_clock_ns(CLOCK_MONOTONIC) < until_ns) {
    if (asked_to_stop(out)) return false;
    nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
  }
  return true;
}

static int watch(struct drift *d, struct nc_drift *out) {
  int error = await_touch(d, out);
  if (error != 0 || asked_to_stop(out)) return error;
  out->address = (uintptr_t)d->buffer.start;
  out->page_bytes = d->page;
  out->backing_bytes = nc_page_bytes(d->buffer.start);
  error = add_row(d, out, 0);
  if (error != 0) return error;
  if (out->rows[0].pages[d->plan.buffer_node] != d->plan.bytes / d->page) return -ENOMEM;
  error = nc_forget_policy(d->buffer.start, d->plan.bytes);
  if (error != 0) return error;
  const uint64_t began = nc_clock_ns(CLOCK_MONOTONIC);
  for (uint32_t second = 1; second <= d->plan.seconds; second++) {
    if (!sleep_until(out, began + (uint64_t)second * SECOND_NS)) return 0;
    error = add_row(d, out, began);
    if (error != 0) return error;
  }
  sleep_until(out, nc_clock_ns(CLOCK_MONOTONIC) + LINGER_NS);
  return 0;
}

/* False: the reader is left behind, and `d` is its own. */
static bool joined(pthread_t thread, struct drift *d) {
  const uint64_t until = nc_clock_ns(CLOCK_MONOTONIC) + PARTING_NS;
  atomic_store(&d->stop, 1);
  while (atomic_load(&d->state) == RUNS && nc_clock_ns(CLOCK_MONOTONIC) < until) nc_futex_wait(&d->state, RUNS, until);
  if (atomic_exchange(&d->state, GIVEN_UP) == DONE) return pthread_join(thread, NULL) == 0;
  pthread_detach(thread);
  return false;
}

static bool in_range(const struct nc_drift_plan *p) {
  return p->buffer_node >= 0 && p->buffer_node < NC_DRIFT_NODES && p->bytes >= MIN_BYTES && p->bytes <= MAX_BYTES &&
         p->bytes % MIN_BYTES == 0 && p->seconds >= 1 && p->seconds < NC_DRIFT_ROWS && p->huge_pages <= 1 &&
         nc_allowed(p->reader_cpu);
}

int nc_drift(const struct nc_drift_plan *plan, struct nc_drift *out) {
  pthread_t thread;
  __atomic_store_n(&out->row_count, 0, __ATOMIC_RELAXED);
  memset(&out->address, 0, sizeof *out - offsetof(struct nc_drift, address));
  if (!in_range(plan)) return -EINVAL;
  struct drift *d = calloc(1, sizeof *d);
  if (d == NULL) return -ENOMEM;
  d->plan = *plan;
  d->page = (size_t)sysconf(_SC_PAGESIZE);
  int error = nc_map(plan->bytes, plan->huge_pages != 0 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE, &d->buffer);
  if (error == 0) error = nc_prefer(d->buffer.start, plan->bytes, plan->buffer_node);
  if (error == 0) error = nc_spawn(&thread, run, d);
  if (error == 0) {
    error = watch(d, out);
    if (!joined(thread, d)) return error != 0 ? error : -ETIMEDOUT;
  }
  nc_unmap(&d->buffer);
  free(d);
  return error;
}
