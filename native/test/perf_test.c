/* The real kernel's software events, through the whole of the perf section. */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "counters.h"

static int open_all(struct nc_perf_event *events, uint32_t count) {
  return nc_perf_open(events, count, NULL, 0);
}

static void open_well(struct nc_perf_event *events, uint32_t count) {
  CHECK(open_all(events, count) == 0);
  for (uint32_t i = 0; i < count; i++) CHECK(events[i].error == 0 && events[i].fd >= 0);
}

static void need_permission(void) {
  struct nc_perf_event one[] = {DUMMY(0)};
  paranoid();
  CHECK(open_all(one, 1) == 0);
  if (one->error == EACCES || one->error == EPERM) skip("this process may not count what a CPU does");
  CHECK(one->error == 0);
  nc_perf_close(one, 1);
}

static void move_to(int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET((size_t)cpu, &one);
  CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
}

static void counts_what_runs_on_the_cpu(void) {
  struct nc_perf_event events[] = {DUMMY(0), CLOCK(0), SOFTWARE(PERF_COUNT_SW_CONTEXT_SWITCHES, 0), CLOCK(3)};
  struct nc_perf_reading now[LENGTH(events)];
  open_well(events, LENGTH(events));
  CHECK(fcntl(events[1].fd, F_GETFD) == FD_CLOEXEC);
  CHECK(nc_perf_switch(events, LENGTH(events), NULL, 0, 1) == 0);
  let_time_pass();
  CHECK(nc_perf_read(events, now, LENGTH(events), NULL, 0) == 0);
  for (uint32_t i = 0; i < LENGTH(events); i++)
    CHECK(now[i].error == 0 && now[i].enabled_ns >= 2000000 && now[i].running_ns == now[i].enabled_ns);
  CHECK(now[0].value == 0 && now[1].value > 0 && now[3].value > 0);
  CHECK(now[1].enabled_ns == now[0].enabled_ns); /* one group, one time */
  nc_perf_close(events, LENGTH(events));
}

static void same(const struct nc_perf_event *events, uint32_t count) {
  struct nc_perf_reading first[8], second[8];
  CHECK(nc_perf_read(events, first, count, NULL, 0) == 0);
  let_time_pass();
  CHECK(nc_perf_read(events, second, count, NULL, 0) == 0);
  CHECK(memcmp(first, second, count * sizeof *first) == 0);
}

static void stands_still_while_stopped(void) {
  struct nc_perf_event events[] = {DUMMY(0), CLOCK(0), CLOCK(0)};
  struct nc_perf_reading before[3], after[3];
  open_well(events, 3);
  CHECK(nc_perf_read(events, before, 3, NULL, 0) == 0);
  CHECK(before[1].value == 0 && before[1].enabled_ns == 0);
  same(events, 3); /* opened stopped */
  for (int round = 0; round < 3; round++) {
    CHECK(nc_perf_switch(events, 3, NULL, 0, 1) == 0);
    let_time_pass();
    CHECK(nc_perf_switch(events, 3, NULL, 0, 0) == 0);
    CHECK(nc_perf_read(events, after, 3, NULL, 0) == 0);
    CHECK(after[2].value > before[2].value && after[2].enabled_ns > before[2].enabled_ns);
    CHECK(after[2].running_ns == after[2].enabled_ns);
    same(events, 3);
    memcpy(before, after, sizeof before);
  }
  nc_perf_close(events, 3);
}

static void switches_the_groups_it_is_told(void) {
  struct nc_perf_event events[] = {CLOCK(0), CLOCK(1), CLOCK(1)};
  struct nc_perf_reading now[3];
  const uint32_t second[] = {1};
  open_well(events, 3);
  CHECK(nc_perf_switch(events, 3, second, 1, 1) == 0);
  let_time_pass();
  CHECK(nc_perf_read(events, now, 3, NULL, 0) == 0);
  CHECK(now[0].enabled_ns == 0 && now[0].value == 0 && now[1].value > 0 && now[2].value > 0);
  nc_perf_close(events, 3);
}

static void reads_the_groups_it_is_told(void) {
  struct nc_perf_event events[] = {CLOCK(0), CLOCK(1), DUMMY(1), CLOCK(3)};
  struct nc_perf_reading now[4], untouched;
  const uint32_t second[] = {1};
  open_well(events, 4);
  memset(now, 0xa5, sizeof now);
  memset(&untouched, 0xa5, sizeof untouched);
  CHECK(nc_perf_read(events, now, 4, second, 1) == 0);
  CHECK(memcmp(&now[0], &untouched, sizeof untouched) == 0 && memcmp(&now[3], &untouched, sizeof untouched) == 0);
  CHECK(now[1].error == 0 && now[2].error == 0 && now[2].value == 0);
  nc_perf_close(events, 4);
}

static void refuses_leaders_that_lead_nothing(void) {
  struct nc_perf_event events[] = {CLOCK(0), CLOCK(0), CLOCK(2)};
  struct nc_perf_reading now[3];
  open_well(events, 3);
  const uint32_t member[] = {2, 1}, beyond[] = {2, 3};
  CHECK(nc_perf_switch(events, 3, member, 2, 1) == -EINVAL && nc_perf_switch(events, 3, beyond, 2, 1) == -EINVAL);
  CHECK(nc_perf_read(events, now, 3, member, 2) == -EINVAL && nc_perf_read(events, now, 3, beyond, 2) == -EINVAL);
  same(events, 3); /* not one was started */
  nc_perf_close(events, 3);
}

static void refuses(struct nc_perf_event first, struct nc_perf_event second, uint32_t filter_bytes) {
  struct nc_perf_event events[] = {first, second, CLOCK(2)};
  CHECK(nc_perf_open(events, 3, "cpu\0cpu", filter_bytes) == -EINVAL);
  for (int i = 0; i < 3; i++) CHECK(events[i].fd == -1);
  CHECK(nc_perf_close(events, 3) == 0);
}

static void refuses_a_list_that_makes_no_sense(void) {
  struct nc_perf_event bad = CLOCK(0);
  refuses(CLOCK(1), CLOCK(1), 0);  /* a leader behind its member */
  refuses(CLOCK(0), CLOCK(2), 0);
  refuses(CLOCK(0), CLOCK(-1), 0);
  refuses(CLOCK(0), CLOCK(3), 0);
  bad.cpu++;
  refuses(CLOCK(0), bad, 0); /* a member on another CPU */
  bad = CLOCK(1);
  bad.cpu = -1;
  refuses(CLOCK(0), bad, 0);
  bad = CLOCK(1);
  bad.flags = 2;
  refuses(CLOCK(0), bad, 0);
  bad.flags = 0;
  bad.reserved = 1;
  refuses(CLOCK(0), bad, 0);
  bad.reserved = 0;
  bad.filter = -2;
  refuses(CLOCK(0), bad, 8);
  bad.filter = 8; /* past the end */
  refuses(CLOCK(0), bad, 8);
  bad.filter = 4; /* its NUL lies past the end */
  refuses(CLOCK(0), bad, 7);
  struct nc_perf_event apart[] = {CLOCK(0), CLOCK(1), CLOCK(0)};
  CHECK(open_all(apart, 3) == -EINVAL && apart[2].fd == -1);
}

static void a_leader_that_cannot_be_had_costs_its_group(void) {
  struct nc_perf_event events[] = {EVENT(UNKNOWN_PMU, 0, 0), CLOCK(0), CLOCK(0), CLOCK(3)};
  struct nc_perf_reading now[4];
  CHECK(open_all(events, 4) == 0);
  CHECK(events[0].error == ENOENT && events[1].error == ECANCELED && events[2].error == ECANCELED);
  CHECK(events[0].fd == -1 && events[2].fd == -1 && events[3].error == 0);
  CHECK(nc_perf_switch(events, 4, NULL, 0, 1) == 0);
  CHECK(nc_perf_read(events, now, 4, NULL, 0) == 0);
  CHECK(now[0].error == EBADF && now[1].error == EBADF && now[2].error == EBADF && now[3].error == 0);
  nc_perf_close(events, 4);
}

static void no_pmu_is_said_by_name(void) {
  struct nc_perf_event events[] = {EVENT(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, 0), CLOCK(0)};
  CHECK(open_all(events, 2) == 0);
  if (events[0].error == 0) printf("not shown: this machine has a PMU\n");
  else CHECK(events[0].error == ENOENT && events[1].error == ECANCELED);
  nc_perf_close(events, 2);
}

static void a_member_that_cannot_be_had_costs_itself(void) {
  struct nc_perf_event events[] = {DUMMY(0), EVENT(UNKNOWN_PMU, 0, 0), CLOCK(0), DUMMY(0)};
  struct nc_perf_reading now[4];
  CHECK(open_all(events, 4) == 0);
  CHECK(events[1].error == ENOENT && events[1].fd == -1 && events[3].error == 0);
  CHECK(nc_perf_switch(events, 4, NULL, 0, 1) == 0);
  let_time_pass();
  CHECK(nc_perf_read(events, now, 4, NULL, 0) == 0);
  CHECK(now[0].value == 0 && now[1].error == EBADF && now[1].enabled_ns == 0 && now[2].value > 0 && now[3].value == 0);
  nc_perf_close(events, 4);
}

static void a_group_has_an_end(void) {
  enum { MANY = NC_PERF_MEMBERS + 2 };
  static struct nc_perf_event events[MANY];
  static struct nc_perf_reading now[MANY];
  struct rlimit before;
  uint64_t limit = 0;
  CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0 && nc_fd_limit(&limit) == 0);
  if (limit < MANY + 64) {
    printf("not shown: the longest group (%lu open files at most)\n", (unsigned long)limit);
    return;
  }
  for (int i = 0; i < MANY; i++) events[i] = DUMMY(0);
  events[NC_PERF_MEMBERS - 1] = CLOCK(0);
  CHECK(open_all(events, MANY) == 0);
  CHECK(events[NC_PERF_MEMBERS - 1].error == 0 && events[NC_PERF_MEMBERS].error == E2BIG);
  CHECK(nc_perf_switch(events, MANY, NULL, 0, 1) == 0);
  let_time_pass();
  CHECK(nc_perf_read(events, now, MANY, NULL, 0) == 0);
  CHECK(now[NC_PERF_MEMBERS - 1].value > 0 && now[NC_PERF_MEMBERS].error == EBADF);
  nc_perf_close(events, MANY);
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

/* Tasks are switched in the kernel and nowhere else. */
static void leaves_the_kernel_out_where_it_is_told(void) {
  struct nc_perf_event events[] = {SOFTWARE(PERF_COUNT_SW_CONTEXT_SWITCHES, 0), SOFTWARE(PERF_COUNT_SW_CONTEXT_SWITCHES, 1)};
  struct nc_perf_reading now[2];
  cpu_set_t allowed;
  events[1].flags = NC_PERF_USER_ONLY;
  open_well(events, 2);
  CHECK(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
  move_to(events[0].cpu);
  CHECK(nc_perf_switch(events, 2, NULL, 0, 1) == 0);
  let_time_pass();
  CHECK(nc_perf_read(events, now, 2, NULL, 0) == 0);
  CHECK(now[0].value > 0 && now[1].error == 0 && now[1].enabled_ns > 0 && now[1].value == 0);
  nc_perf_close(events, 2);
  CHECK(sched_setaffinity(0, sizeof allowed, &allowed) == 0);
}

/* As a CPU does that goes offline: the leader answers, and not for all. */
static void a_group_taken_apart_is_no_value(void) {
  struct nc_perf_event events[] = {CLOCK(0), CLOCK(0), CLOCK(0)};
  struct nc_perf_reading now[3];
  open_well(events, 3);
  close(events[1].fd);
  CHECK(nc_perf_read(events, now, 3, NULL, 0) == 0);
  for (int i = 0; i < 3; i++) CHECK(now[i].error == EIO && now[i].value == 0 && now[i].enabled_ns == 0);
  events[1].fd = -1;
  nc_perf_close(events, 3);
}

/* A pinned group that lost its counter, in the kernel's words: nothing to read. */
static void nothing_to_read_is_no_value(void) {
  struct nc_perf_event event = CLOCK(0);
  struct nc_perf_reading now;
  event.fd = open("/dev/null", O_RDONLY);
  CHECK(event.fd >= 0);
  CHECK(nc_perf_read(&event, &now, 1, NULL, 0) == 0);
  CHECK(now.error == ENODATA && now.value == 0);
  CHECK(nc_perf_switch(&event, 1, NULL, 0, 1) == -ENOTTY);
  nc_perf_close(&event, 1);
}

static void nothing_is_nothing(void) {
  CHECK(open_all(NULL, 0) == 0 && nc_perf_switch(NULL, 0, NULL, 0, 1) == 0);
  CHECK(nc_perf_read(NULL, NULL, 0, NULL, 0) == 0 && nc_perf_close(NULL, 0) == 0);
}

static void runs_out_of_descriptors_softly(void) {
  struct nc_perf_event events[] = {CLOCK(0), CLOCK(0), CLOCK(2), CLOCK(2)};
  struct rlimit before, low;
  uint64_t limit = 0;
  CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
  low = before;
  low.rlim_cur = (rlim_t)open("/dev/null", O_RDONLY) + 2; /* one more */
  close((int)low.rlim_cur - 2);
  low.rlim_cur--;
  CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0);
  CHECK(open_all(events, 4) == 0);
  CHECK(events[0].error == 0 && events[1].error == EMFILE && events[2].error == EMFILE && events[3].error == ECANCELED);
  nc_perf_close(events, 4);
  CHECK(nc_fd_limit(&limit) == 0 && limit == before.rlim_max);
  open_well(events, 4);
  nc_perf_close(events, 4);
  CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

static void leaves_no_descriptor(void) {
  struct nc_perf_event events[] = {DUMMY(0), EVENT(UNKNOWN_PMU, 0, 0), CLOCK(0), CLOCK(3)};
  const int before = descriptors();
  for (int i = 0; i < 1000; i++) {
    CHECK(open_all(events, 4) == 0);
    if (i % 2) CHECK(nc_perf_switch(events, 4, NULL, 0, 1) == 0);
    if (i == 500) CHECK(descriptors() == before + 3);
    CHECK(nc_perf_close(events, 4) == 0);
    for (int j = 0; j < 4; j++) CHECK(events[j].fd == -1);
  }
  CHECK(descriptors() == before);
  CHECK(nc_perf_close(events, 4) == 0);
  CHECK(descriptors() == before);
}

/* ---- tracepoints */

static long tracepoint(const char *name) {
  char path[256];
  long id = -1;
  snprintf(path, sizeof path, "/sys/kernel/tracing/events/%s/id", name);
  FILE *file = fopen(path, "r");
  if (file == NULL) return -1;
  CHECK(fscanf(file, "%ld", &id) == 1);
  fclose(file);
  return id;
}

/* Mounted for this process alone, where it is not mounted and we may. */
static long tracepoint_somehow(const char *name) {
  long id = tracepoint(name);
  if (id >= 0 || unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL) != 0)
    return id;
  return tracepoint(name);
}

/* Moves of ours from one CPU to the other and back, seen by a filter for each direction. */
static void counts_what_its_filter_lets_through(void) {
  enum { MOVES = 50, THERE, BACK, NEVER, ALL, PLACES = 8 };
  int cpu[2], pid = (int)getpid();
  struct nc_perf_event events[PLACES];
  struct nc_perf_reading now[PLACES];
  struct { char text[4][128]; } filters;
  const long id = tracepoint_somehow("sched/sched_migrate_task");
  cpu_set_t allowed;
  CHECK(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
  if (id < 0 || CPU_COUNT(&allowed) < 2) {
    printf("not shown: filters (%s)\n", id < 0 ? "tracefs cannot be read" : "one CPU only");
    return;
  }
  two_cpus(cpu);
  memset(&filters, 0, sizeof filters);
  snprintf(filters.text[0], 128, "pid == %d && orig_cpu == %d && dest_cpu == %d", pid, cpu[0], cpu[1]);
  snprintf(filters.text[1], 128, "pid == %d && orig_cpu == %d && dest_cpu == %d", pid, cpu[1], cpu[0]);
  snprintf(filters.text[2], 128, "no_such_field == 1");
  snprintf(filters.text[3], 128, "pid == %d", pid);
  /* It fires on the CPU that does the move: both are watched. The third filter the kernel does not take. */
  for (int i = 0; i < PLACES; i++) {
    events[i] = EVENT(PERF_TYPE_TRACEPOINT, (uint64_t)id, i);
    events[i].cpu = cpu[i / 4];
    events[i].filter = i % 4 * 128;
  }
  const int before = descriptors();
  CHECK(nc_perf_open(events, PLACES, filters.text[0], sizeof filters) == 0);
  CHECK(events[2].error == EINVAL && events[2].fd == -1 && events[6].error == EINVAL);
  CHECK(descriptors() == before + 6);
  move_to(cpu[0]);
  CHECK(nc_perf_switch(events, PLACES, NULL, 0, 1) == 0);
  for (int i = 0; i < MOVES; i++) {
    move_to(cpu[1]);
    move_to(cpu[0]);
  }
  CHECK(nc_perf_switch(events, PLACES, NULL, 0, 0) == 0);
  CHECK(nc_perf_read(events, now, PLACES, NULL, 0) == 0);
  CHECK(now[0].value + now[4].value == MOVES && now[1].value + now[5].value == MOVES);
  CHECK(now[3].value + now[7].value == 2 * MOVES);
  nc_perf_close(events, PLACES);
  CHECK(sched_setaffinity(0, sizeof allowed, &allowed) == 0);
  CHECK(descriptors() == before);
}

static void a_filter_is_a_tracepoints(void) {
  struct nc_perf_event event = CLOCK(0);
  event.filter = 0;
  const int before = descriptors();
  CHECK(nc_perf_open(&event, 1, "pid == 1", 9) == 0);
  CHECK(event.error == EINVAL && event.fd == -1);
  CHECK(descriptors() == before);
}

int main(void) {
  need_permission();
  counts_what_runs_on_the_cpu();
  stands_still_while_stopped();
  switches_the_groups_it_is_told();
  reads_the_groups_it_is_told();
  refuses_leaders_that_lead_nothing();
  refuses_a_list_that_makes_no_sense();
  a_leader_that_cannot_be_had_costs_its_group();
  no_pmu_is_said_by_name();
  a_member_that_cannot_be_had_costs_itself();
  a_group_has_an_end();
  leaves_the_kernel_out_where_it_is_told();
  a_group_taken_apart_is_no_value();
  nothing_to_read_is_no_value();
  nothing_is_nothing();
  runs_out_of_descriptors_softly();
  leaves_no_descriptor();
  a_filter_is_a_tracepoints();
  counts_what_its_filter_lets_through();
  return 0;
}
