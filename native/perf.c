/* Counters, by the thousand: opened, switched, read and closed in one call each. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "perf.h"

int nc_perf_event_open(struct perf_event_attr *attr, pid_t pid, int cpu, int group) {
  long fd;
  attr->size = sizeof *attr;
  do fd = syscall(SYS_perf_event_open, attr, pid, cpu, group, PERF_FLAG_FD_CLOEXEC);
  while (fd < 0 && errno == EINTR);
  return fd < 0 ? -errno : (int)fd;
}

ssize_t nc_perf_words(int fd, void *words, size_t bytes) {
  ssize_t got;
  do got = read(fd, words, bytes);
  while (got < 0 && errno == EINTR);
  return got < 0 ? -errno : got;
}

/* ---- groups */

static bool leads(const struct nc_perf_event *events, uint32_t i) {
  return events[i].leader >= 0 && (uint32_t)events[i].leader == i;
}

/* Events of the group that `leader` leads, those that are not open included. */
static uint32_t members(const struct nc_perf_event *events, uint32_t count, uint32_t leader) {
  uint32_t end = leader + 1;
  while (end < count && (uint32_t)events[end].leader == leader) end++;
  return end - leader;
}

static bool lead_all(const struct nc_perf_event *events, uint32_t count, const uint32_t *leaders,
                     uint32_t leader_count) {
  for (uint32_t i = 0; i < leader_count; i++)
    if (leaders[i] >= count || !leads(events, leaders[i])) return false;
  return true;
}

/* The next leader: of those named, or with leader_count 0 of all. `at` is the caller's place, 0 to begin with. */
static bool next_leader(const struct nc_perf_event *events, uint32_t count, const uint32_t *leaders,
                        uint32_t leader_count, uint32_t *at, uint32_t *leader) {
  if (leader_count != 0) {
    if (*at == leader_count) return false;
    *leader = leaders[(*at)++];
    return true;
  }
  while (*at < count && !leads(events, *at)) (*at)++;
  if (*at == count) return false;
  *leader = (*at)++;
  return true;
}

/* ---- open, close */

static bool sound(const struct nc_perf_event *events, uint32_t count, const char *filters, uint32_t filter_bytes) {
  for (uint32_t i = 0; i < count; i++) {
    const struct nc_perf_event *e = &events[i];
    const int64_t filter = e->filter;
    if (e->cpu < 0 || e->reserved != 0 || (e->flags & ~(uint32_t)NC_PERF_USER_ONLY) != 0) return false;
    if (!leads(events, i) && (i == 0 || e->leader != events[i - 1].leader || e->cpu != events[i - 1].cpu)) return false;
    if (filter < -1 || filter >= (int64_t)filter_bytes) return false;
    if (filter >= 0 && memchr(filters + filter, 0, filter_bytes - (size_t)filter) == NULL) return false;
  }
  return true;
}

static int open_event(struct nc_perf_event *e, int group, const char *filters) {
  struct perf_event_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.type = e->type;
  attr.config = e->config;
  attr.config1 = e->config1;
  attr.config2 = e->config2;
  attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  /* Siblings stand and go with their leader. Disabled themselves, each would have to be started after it, by an
   * interrupt of its own, and would miss what the leader has counted by then. */
  attr.disabled = group < 0;
  attr.exclude_kernel = attr.exclude_hv = (e->flags & NC_PERF_USER_ONLY) != 0;
  int fd = nc_perf_event_open(&attr, -1, e->cpu, group);
  if (fd >= 0 && e->filter >= 0 && ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filters + e->filter) != 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

int nc_perf_open(struct nc_perf_event *events, uint32_t count, const char *filters, uint32_t filter_bytes) {
  uint32_t opened = 0; /* in the group at hand */
  for (uint32_t i = 0; i < count; i++) events[i].fd = -1; /* nc_perf_close must find no fd that is not ours */
  if (!sound(events, count, filters, filter_bytes)) return -EINVAL;
  for (uint32_t i = 0; i < count; i++) {
    struct nc_perf_event *e = &events[i];
    const bool first = leads(events, i);
    const int group = first ? -1 : events[e->leader].fd;
    if (first) opened = 0;
    int fd = !first && group < 0 ? -ECANCELED : opened == NC_PERF_MEMBERS ? -E2BIG : open_event(e, group, filters);
    opened += fd >= 0;
    e->fd = fd < 0 ? -1 : fd;
    e->error = fd < 0 ? -fd : 0;
  }
  return 0;
}

/* From the end: a leader that goes first would make each of its siblings an event of its own. */
int nc_perf_close(struct nc_perf_event *events, uint32_t count) {
  for (uint32_t i = count; i-- > 0;) {
    if (events[i].fd >= 0) close(events[i].fd);
    events[i].fd = -1;
  }
  return 0;
}

/* ---- switch, read */

int nc_perf_switch(const struct nc_perf_event *events, uint32_t count, const uint32_t *leaders, uint32_t leader_count,
                   uint32_t on) {
  uint32_t at = 0, leader;
  int error = 0;
  if (!lead_all(events, count, leaders, leader_count)) return -EINVAL;
  while (next_leader(events, count, leaders, leader_count, &at, &leader)) {
    if (events[leader].fd < 0) continue;
    if (ioctl(events[leader].fd, on != 0 ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0) != 0 && error == 0)
      error = -errno;
  }
  return error;
}

struct words {
  uint64_t members, enabled_ns, running_ns, value[NC_PERF_MEMBERS];
};

/* errno. A CPU that goes offline takes its groups apart: the leader then answers for itself alone. */
static int read_words(int fd, uint32_t opened, struct words *out) {
  ssize_t got = nc_perf_words(fd, out, sizeof *out);
  if (got < 0) return (int)-got;
  if (got == 0) return ENODATA;
  return out->members == opened && (size_t)got == (3 + opened) * sizeof(uint64_t) ? 0 : EIO;
}

static void read_group(const struct nc_perf_event *group, struct nc_perf_reading *out, uint32_t n) {
  struct words words;
  uint32_t opened = 0, next = 0;
  for (uint32_t i = 0; i < n; i++) opened += group[i].fd >= 0;
  const int error = group->fd < 0 ? EBADF : read_words(group->fd, opened, &words);
  for (uint32_t i = 0; i < n; i++) {
    if (group[i].fd < 0) out[i] = (struct nc_perf_reading){.error = EBADF};
    else if (error != 0) out[i] = (struct nc_perf_reading){.error = error};
    else
      out[i] = (struct nc_perf_reading){
          .value = words.value[next++], .enabled_ns = words.enabled_ns, .running_ns = words.running_ns};
  }
}

int nc_perf_read(const struct nc_perf_event *events, struct nc_perf_reading *readings, uint32_t count,
                 const uint32_t *leaders, uint32_t leader_count) {
  uint32_t at = 0, leader;
  if (!lead_all(events, count, leaders, leader_count)) return -EINVAL;
  while (next_leader(events, count, leaders, leader_count, &at, &leader))
    read_group(&events[leader], &readings[leader], members(events, count, leader));
  return 0;
}

int nc_fd_limit(uint64_t *limit) {
  struct rlimit before, wanted;
  if (getrlimit(RLIMIT_NOFILE, &before) != 0) return -errno;
  wanted = (struct rlimit){.rlim_cur = before.rlim_max, .rlim_max = before.rlim_max};
  /* Refused where fs.nr_open has been lowered below the hard limit since. */
  *limit = setrlimit(RLIMIT_NOFILE, &wanted) == 0 ? wanted.rlim_cur : before.rlim_cur;
  return 0;
}
