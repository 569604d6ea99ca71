/* A thread that does not run, as on a CPU that something else keeps: a tracer holds both where they are parked.
 * Every call comes back, says so, and leaves nothing behind. */
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>

#include "../worker.h"
#include "denied.h"

#define BUFFER_BYTES (256u << 20)
#define PATIENCE_S 60 /* a call that does not come back ends the test by SIGALRM */

static struct nc_visit visit;
static struct nc_memory memory;
static pid_t holder;

static void stop_both(int held, int release) {
  const pid_t tid[] = {nc_worker_a.tid, nc_worker_b.tid};
  char answer = 'y';
  for (int i = 0; i < 2; i++)
    if (ptrace(PTRACE_SEIZE, tid[i], 0, 0) != 0 || ptrace(PTRACE_INTERRUPT, tid[i], 0, 0) != 0 ||
        waitpid(tid[i], NULL, __WALL) != tid[i])
      answer = 'n';
  if (write(held, &answer, 1) == 1 && read(release, &answer, 1) < 0) _exit(1);
  _exit(0); /* lets go of both */
}

static int hold(void) {
  int held[2], release[2];
  char answer = 'n';
  CHECK(pipe(held) == 0 && pipe(release) == 0);
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  holder = fork();
  CHECK(holder >= 0);
  if (holder == 0) {
    close(release[1]);
    stop_both(held[1], release[0]);
  }
  close(held[1]);
  close(release[0]);
  CHECK(read(held[0], &answer, 1) == 1);
  close(held[0]);
  if (answer != 'y') skip("this process may not be traced");
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
  int release = hold();
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
    int release = hold();
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
  int release = hold();
  CHECK(nc_memory(&chase, &memory) == -EBUSY);
  let_go(release);
  chases_again();
  release = hold();
  CHECK(nc_visit(&plan, &visit) == -EBUSY);
  let_go(release);
  visits_again(0);
}

int main(void) {
  alarm(PATIENCE_S);
  visits_again(-1);
  a_visit_comes_back_without_its_threads();
  a_visit_too_late_reports_nothing_of_the_one_before();
  buffers_do_not_pile_up();
  forbid_memory_policy(); /* so that a thread touches, where the caller would have */
  placing_comes_back_without_its_thread();
  return 0;
}
