/* nc_perf_*: the events, the leaders and the filters are the fuzzer's, in what order they are switched and read too. */
#include <errno.h>

#include "kernel.h"

#define MOST 40

/* As big as it must be and not a byte more, so that ASan sees whoever reads on. */
static void *exactly(const void *from, size_t bytes) {
  void *copy = malloc(bytes == 0 ? 1 : bytes);
  CLAIM(copy != NULL);
  if (bytes > 0) memcpy(copy, from, bytes);
  return copy;
}

static uint32_t read_events(struct input *in, struct nc_perf_event *events, uint32_t filter_bytes) {
  const uint32_t count = take_byte(in) % (MOST + 1);
  uint32_t leader = 0;
  for (uint32_t i = 0; i < count; i++) {
    struct nc_perf_event *e = &events[i];
    const uint8_t wild = take_byte(in), kind = take_byte(in);
    if (wild != 0) take(in, e, sizeof *e);
    else memset(e, 0, sizeof *e);
    if (i == 0 || (kind & 3) == 0) leader = i;
    FIELD(wild, 0, e->cpu, leader == i ? kernel_cpu(kind) : events[leader].cpu);
    FIELD(wild, 1, e->leader, (int32_t)leader);
    FIELD(wild, 2, e->filter, (kind & 4) != 0 && filter_bytes > 0 ? (int32_t)(kind % filter_bytes) : -1);
    FIELD(wild, 3, e->flags, kind >> 7);
    FIELD(wild, 4, e->reserved, 0);
  }
  return count;
}

static bool leads(const struct nc_perf_event *events, uint32_t count, uint32_t i) {
  return i < count && events[i].leader >= 0 && (uint32_t)events[i].leader == i;
}

/* What was asked for is written, whole; what was not is as it was. */
static void check_readings(const struct nc_perf_event *events, const struct nc_perf_reading *readings, uint32_t count,
                           const uint32_t *leaders, uint32_t leader_count, int error) {
  struct nc_perf_reading before;
  memset(&before, 0xa5, sizeof before);
  for (uint32_t i = 0; i < count; i++) {
    bool asked = leader_count == 0;
    for (uint32_t j = 0; j < leader_count; j++) asked = asked || events[i].leader == (int32_t)leaders[j];
    const struct nc_perf_reading *r = &readings[i];
    if (error != 0 || !asked) {
      CLAIM(memcmp(r, &before, sizeof before) == 0);
      continue;
    }
    CLAIM(r->reserved == 0 && r->error >= 0 && r->error < 4096);
    if (events[i].fd < 0) CLAIM(r->error == EBADF);
    if (r->error != 0) CLAIM(r->value == 0 && r->enabled_ns == 0 && r->running_ns == 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct input in = {data, size};
  struct nc_perf_event read[MOST];
  char text[16];
  uint32_t named[8];
  const uint32_t filter_bytes = take_byte(&in) % (sizeof text + 1);
  take(&in, text, filter_bytes);
  const uint32_t count = read_events(&in, read, filter_bytes);
  const uint8_t actions = take_byte(&in) % 6;
  struct nc_perf_event *events = exactly(read, count * sizeof *events);
  struct nc_perf_reading *readings = malloc(count == 0 ? 1 : count * sizeof *readings);
  CLAIM(readings != NULL);
  char *filters = exactly(text, filter_bytes);
  struct input leaders_of = in; /* what the leaders are made of; the kernel's answers begin behind it */
  take(&in, named, sizeof named);

  kernel_begin(&in);
  const int error = nc_perf_open(events, count, filters, filter_bytes);
  CLAIM(error == 0 || error == -EINVAL);
  for (uint32_t i = 0; i < count; i++) {
    CLAIM(events[i].fd >= -1 && (error == 0 || events[i].fd == -1));
    if (error == 0) CLAIM((events[i].fd >= 0) == (events[i].error == 0));
    if (error == 0 && events[i].fd >= 0) CLAIM(events[events[i].leader].fd >= 0);
  }
  for (uint8_t action = 0; action < actions; action++) {
    const uint8_t how = take_byte(&leaders_of);
    const uint32_t leader_count = how % 4;
    bool good = true;
    for (uint32_t i = 0; i < leader_count; i++) {
      named[i] = take_byte(&leaders_of);
      if ((how & 0x40) == 0 && count > 0) named[i] = named[i] % count;
      else if ((how & 0x20) != 0) named[i] = named[i] * 0x01000001u;
      good = good && leads(events, count, named[i]);
    }
    uint32_t *leaders = exactly(named, leader_count * sizeof *leaders);
    if ((how & 0x80) != 0) {
      const int switched = nc_perf_switch(events, count, leaders, leader_count, how & 0x10);
      CLAIM(switched <= 0 && switched > -4096 && (good || switched == -EINVAL));
    } else {
      memset(readings, 0xa5, count * sizeof *readings);
      const int got = nc_perf_read(events, readings, count, leaders, leader_count);
      CLAIM(got == (good ? 0 : -EINVAL));
      if (error == 0) check_readings(events, readings, count, leaders, leader_count, got);
    }
    free(leaders);
  }
  CLAIM(nc_perf_close(events, count) == 0);
  for (uint32_t i = 0; i < count; i++) CLAIM(events[i].fd == -1);
  kernel_end();
  free(filters);
  free(readings);
  free(events);
  return 0;
}
