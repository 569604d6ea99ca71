#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

static struct nc_visit visit;

static int try(struct nc_visit_plan plan) {
  return nc_visit(&plan, &visit);
}

/* On a busy machine a visit may miss its partner; that is an answer, not a failure. */
static void done(const struct nc_visit_plan *plan) {
  for (int i = 0; i < 50; i++) {
    int error = nc_visit(plan, &visit);
    if (error == 0 && visit.outcome == NC_DONE) return;
    CHECK(error == 0 || error == -EBUSY);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
  }
  skip("no visit got both its threads in 50 tries: the machine is too busy");
}

static void refuses_what_is_out_of_range(void) {
  const struct nc_visit_plan good = plan_of(NC_STORE2);
  struct nc_visit_plan bad;
  REFUSES(cpu_b, good.cpu_a);
  REFUSES(cpu_b, -1);
  REFUSES(cpu_b, 8191);
  REFUSES(cpu_b, 1 << 20);
  REFUSES(node_a, -2);
  REFUSES(node_b, 1024);
  REFUSES(steps, 64);
  REFUSES(spin, 2);
  REFUSES(pinned, 2);
  REFUSES(stride_bytes, 0);
  REFUSES(stride_bytes, 96);
  REFUSES(offset, 64);
  REFUSES(reserved, 1);
  REFUSES(step_ns, 0);
  REFUSES(deadline_ns, 0);
  REFUSES(deadline_ns, 500000001);
}

static void check_thread(const struct nc_thread *t, int cpu) {
  CHECK(t->cpu_before == cpu && t->cpu_after == cpu && t->mask_cpus == 1);
#ifndef NC_SANITIZED
  CHECK(t->minflt == 0 && t->majflt == 0);
#endif
  CHECK(t->hertz_before > 1e8 && t->hertz_after > 1e8);
  CHECK(t->cpu_ns > 0);
}

static void check_pings(const struct nc_pingpong *p) {
  CHECK(p->groups > 0 && p->groups <= NC_MAX_GROUPS);
  for (uint32_t i = 0; i < p->groups; i++) CHECK(p->round_trip_ns[i] > 1 && p->gap_ns[i] >= 0);
}

static void check_ring(const struct nc_ring *r) {
  CHECK(r->laps > 0 && r->clean_laps <= r->laps && r->corrupt == 0);
  CHECK((r->items > 0) == (r->clean_laps > 0) && (r->elapsed_ns > 0) == (r->clean_laps > 0));
}

static void does_every_step(void) {
  struct nc_visit_plan plan = plan_of(NC_ALL_STEPS);
  for (uint32_t i = 0; i < 12; i++) {
    plan.spin = i % 2;
    plan.stride_bytes = 64u << i % 3;
    plan.offset = i * 5;
    done(&plan);
    check_thread(&visit.a, plan.cpu_a);
    check_thread(&visit.b, plan.cpu_b);
    check_pings(&visit.ruler_before);
    check_pings(&visit.ruler_after);
    check_pings(&visit.store2);
    check_pings(&visit.ring1);
    check_ring(&visit.ring_batch512);
    check_ring(&visit.ring_batch1);
    check_ring(&visit.ring_line);
    CHECK(visit.experienced > 0 && visit.experienced <= NC_MAX_EXPERIENCED);
    for (uint32_t j = 0; j < visit.experienced; j++) CHECK(visit.experienced_ns[j] > 0);
    CHECK(visit.elapsed_ns > 0);
  }
}

static void leaves_out_what_was_not_asked(void) {
  const struct nc_visit_plan plan = plan_of(0);
  done(&plan);
  check_pings(&visit.ruler_before);
  CHECK(visit.store2.groups == 0 && visit.ring1.groups == 0 && visit.experienced == 0);
  CHECK(visit.ring_batch512.laps == 0 && visit.ring_batch1.laps == 0 && visit.ring_line.laps == 0);
}

static void places_lines_on_the_node_asked_for(void) {
  struct nc_visit_plan plan = plan_of(NC_STORE2);
  plan.node_a = plan.node_b = 0;
  done(&plan);
  CHECK(visit.page_node_a == 0 || visit.page_node_a == -1);
  CHECK(visit.page_node_b == visit.page_node_a);
  plan.node_b = 1023;
  CHECK(try(plan) != 0);
}

static void roams_when_not_pinned(void) {
  struct nc_visit_plan plan = plan_of(NC_STORE2);
  cpu_set_t allowed;
  CHECK(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
  plan.pinned = 0;
  done(&plan);
  CHECK(visit.a.mask_cpus == (uint32_t)CPU_COUNT(&allowed));
}

static void stops_at_its_deadline(void) {
  struct nc_visit_plan plan = plan_of(NC_ALL_STEPS);
  plan.deadline_ns = 1000;
  int error = try(plan);
  CHECK(error == -EBUSY || (error == 0 && visit.outcome != NC_DONE));
}

static _Atomic int leave, busy;

static void *visit_again_and_again(void *unused) {
  const struct nc_visit_plan plan = plan_of(NC_ALL_STEPS);
  static struct nc_visit mine;
  while (!atomic_load(&leave))
    if (nc_visit(&plan, &mine) == -EBUSY) atomic_fetch_add(&busy, 1);
  return unused;
}

static void refuses_a_second_caller(void) {
  pthread_t other;
  CHECK(pthread_create(&other, NULL, visit_again_and_again, NULL) == 0);
  for (int i = 0; i < 5000 && atomic_load(&busy) == 0; i++)
    if (try(plan_of(NC_ALL_STEPS)) == -EBUSY) atomic_fetch_add(&busy, 1);
  atomic_store(&leave, 1);
  pthread_join(other, NULL);
  CHECK(busy > 0);
}

static void leaves_its_caller_where_it_was(void) {
  cpu_set_t before, after;
  CHECK(sched_getaffinity(0, sizeof before, &before) == 0);
  const struct nc_visit_plan plan = plan_of(NC_STORE2);
  done(&plan);
  CHECK(sched_getaffinity(0, sizeof after, &after) == 0);
  CHECK(CPU_EQUAL(&before, &after));
}

/* Last: the process keeps the one CPU. */
static void refuses_a_cpu_outside_its_own_mask(void) {
  const struct nc_visit_plan plan = plan_of(NC_STORE2);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET((size_t)plan.cpu_a, &one);
  CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(try(plan) == -EINVAL);
}

int main(void) {
  refuses_what_is_out_of_range();
  does_every_step();
  leaves_out_what_was_not_asked();
  places_lines_on_the_node_asked_for();
  roams_when_not_pinned();
  stops_at_its_deadline();
  refuses_a_second_caller();
  leaves_its_caller_where_it_was();
  refuses_a_cpu_outside_its_own_mask();
  return 0;
}
