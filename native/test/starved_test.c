/* A thread that does not run, as on a CPU that something else keeps: a tracer holds the two where they are parked, and
 * the one of a calibration where it begins. Every call comes back, says so, and leaves nothing behind. */
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "../worker.h"
#include "counters.h"
#include "denied.h"

#define BUFFER_BYTES (256u << 20)
#define PATIENCE_S 60 /* a call that does not come back ends the test by SIGALRM */

#ifdef __SANITIZE_THREAD__
#define THREADS_MAY_STARVE false /* it waits in pthread_create() until the thread has begun */
#else
#define THREADS_MAY_STARVE true
#endif

static struct nc_visit visit;
static struct nc_memory memory;
static pid_t holder;

static void answer(int held, bool stopped) {
  if (write(held, stopped ? "y" : "n", 1) != 1) _exit(1);
}

static void stop_both(int held) {
  const pid_t tid[] = {nc_worker_a.tid, nc_worker_b.tid};
  bool stopped = true;
  for (int i = 0; i < 2; i++)
    stopped = stopped && ptrace(PTRACE_SEIZE, tid[i], 0, 0) == 0 && ptrace(PTRACE_INTERRUPT, tid[i], 0, 0) == 0 &&
              waitpid(tid[i], NULL, __WALL) == tid[i];
  answer(held, stopped);
}

/* A thread that a traced one makes is traced too, and begins with a stop; its maker goes on. */
static void stop_the_next(int held) {
  const pid_t maker = getppid();
  const bool traced = ptrace(PTRACE_SEIZE, maker, 0, PTRACE_O_TRACECLONE) == 0;
  answer(held, traced);
  if (traced && waitpid(maker, NULL, __WALL) == maker) ptrace(PTRACE_DETACH, maker, 0, 0);
}

static int hold(void (*stop)(int held)) {
  int held[2], release[2];
  char stopped = 'n';
  CHECK(pipe(held) == 0 && pipe(release) == 0);
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  holder = fork();
  CHECK(holder >= 0);
  if (holder == 0) {
    close(release[1]);
    stop(held[1]);
    _exit(read(release[0], &stopped, 1) < 0); /* lets go of all it holds */
  }
  close(held[1]);
  close(release[0]);
  CHECK(read(held[0], &stopped, 1) == 1);
  close(held[0]);
  if (stopped != 'y') skip("this process may not be traced");
  return release[1];
}

static void let_go(int release) {
  close(release);
  CHECK(waitpid(holder, NULL, 0) == holder);
}

static void nap(void) {
  nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static struct nc_visit_plan visit_plan(int node) {
  struct nc_visit_plan plan = plan_of(NC_STORE2);
  plan.node_a = plan.node_b = node;
  return plan;
}

static struct nc_memory_plan memory_plan(void) {
  return (struct nc_memory_plan){.cpu = plan_of(0).cpu_a, .bytes = BUFFER_BYTES, .loads = 64, .deadline_ns = 400000000};
}

static void visits_again(int node) {
  const struct nc_visit_plan plan = visit_plan(node);
  for (int i = 0; i < 50; i++, nap()) {
    int error = nc_visit(&plan, &visit);
    if (error == 0 && visit.outcome == NC_DONE) return;
    CHECK(error == 0 || error == -EBUSY);
  }
  skip("the machine is too busy");
}

static void chases_again(void) {
  const struct nc_memory_plan plan = memory_plan();
  for (int i = 0; i < 50; i++, nap()) {
    int error = nc_memory(&plan, &memory);
    if (error == 0 && memory.outcome == NC_DONE) return;
    CHECK(error == 0 || error == -EBUSY);
  }
  skip("the machine is too busy");
}

static long mapped_pages(void) {
  long pages = -1;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file != NULL && fscanf(file, "%ld", &pages) == 1);
  fclose(file);
  return pages;
}

static void a_visit_comes_back_without_its_threads(void) {
  struct nc_visit_plan plan = visit_plan(-1);
  plan.deadline_ns = 1000000;
  int release = hold(stop_both);
  CHECK(nc_visit(&plan, &visit) == 0);
  CHECK(visit.outcome == NC_NOT_COSCHEDULED);
  CHECK(visit.a.mask_cpus == 0 && visit.ruler_before.groups == 0 && visit.store2.groups == 0);
  CHECK(nc_visit(&plan, &visit) == -EBUSY);
  let_go(release);
  visits_again(-1);
}

static void a_visit_too_late_reports_nothing_of_the_one_before(void) {
  struct nc_visit_plan plan = visit_plan(-1);
  plan.deadline_ns = 1;
  for (int i = 0; i < 20; i++) {
    visits_again(-1);
    int error = nc_visit(&plan, &visit);
    CHECK(error == 0 || error == -EBUSY);
    CHECK(visit.outcome == NC_DEADLINE || (visit.ruler_before.groups == 0 && visit.store2.groups == 0));
  }
}

static void buffers_do_not_pile_up(void) {
  chases_again();
  const long before = mapped_pages();
  for (int i = 0; i < 4; i++) {
    struct nc_memory_plan plan = memory_plan();
    plan.deadline_ns = 20000000;
    int release = hold(stop_both);
    CHECK(nc_memory(&plan, &memory) == 0);
    CHECK(memory.outcome != NC_DONE && memory.thread.mask_cpus == 0);
    let_go(release);
    chases_again();
  }
  CHECK(mapped_pages() - before < (long)(BUFFER_BYTES / 4096));
}

static void placing_comes_back_without_its_thread(void) {
  const struct nc_memory_plan chase = memory_plan();
  const struct nc_visit_plan plan = visit_plan(0);
  int release = hold(stop_both);
  CHECK(nc_memory(&chase, &memory) == -EBUSY);
  let_go(release);
  chases_again();
  release = hold(stop_both);
  CHECK(nc_visit(&plan, &visit) == -EBUSY);
  let_go(release);
  visits_again(0);
}

static void a_calibration_comes_back_without_its_thread(void) {
  const struct nc_calibration_plan plan = {
      .cpu = a_cpu(), .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_DUMMY, .instructions = 100000};
  struct nc_calibration out;
  const int threads = entries("/proc/self/task"), files = descriptors();
  int release = hold(stop_the_next);
  CHECK(nc_calibrate(&plan, &out) == -ETIMEDOUT);
  CHECK(out.counted == 0 && out.enabled_ns == 0);
  let_go(release);
  while (entries("/proc/self/task") > threads) nap();
  CHECK(descriptors() == files);
  CHECK(nc_calibrate(&plan, &out) == 0);
}

int main(void) {
  alarm(PATIENCE_S);
  visits_again(-1);
  a_visit_comes_back_without_its_threads();
  a_visit_too_late_reports_nothing_of_the_one_before();
  buffers_do_not_pile_up();
  if (THREADS_MAY_STARVE) a_calibration_comes_back_without_its_thread();
  else printf("not shown: a calibration whose thread starves\n");
  forbid_memory_policy(); /* so that a thread touches, where the caller would have */
  placing_comes_back_without_its_thread();
  return 0;
}
