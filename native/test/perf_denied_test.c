/* Somebody without a capability: refused by name, and nothing stays open. */
#include <grp.h>

#include "counters.h"

#define NOBODY 65534

int main(void) {
  const int level = paranoid();
  if (level <= 0) skip("perf_event_paranoid is 0 or less: everybody may count");
  if (geteuid() == 0) {
    CHECK(setgroups(0, NULL) == 0 || errno == EPERM);
    if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0) skip("this root may not become somebody else");
  }
  struct nc_perf_event events[] = {CLOCK(0), CLOCK(0), CLOCK(2)};
  struct nc_perf_reading now[3];
  events[2].flags = NC_PERF_USER_ONLY;
  const int before = descriptors();
  CHECK(nc_perf_open(events, 3, NULL, 0) == 0);
  if (events[0].error == 0) skip("this user has the capability all the same");
  /* EPERM is a seccomp profile's word. */
  CHECK(events[0].error == EACCES || events[0].error == EPERM);
  CHECK(events[1].error == ECANCELED && events[2].error == events[0].error);
  CHECK(descriptors() == before);
  CHECK(nc_perf_read(events, now, 3, NULL, 0) == 0 && now[0].error == EBADF);
  CHECK(nc_perf_close(events, 3) == 0);

  /* What a thread of ours does in user mode anybody may count, up to level 2. */
  struct nc_calibration_plan plan = {.cpu = a_cpu(), .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_TASK_CLOCK, .instructions = 100000};
  struct nc_calibration out;
  CHECK(nc_calibrate(&plan, &out) == 0);
  if (events[0].error == EACCES) CHECK(out.error == (level <= 2 ? 0 : EACCES));
  return 0;
}
