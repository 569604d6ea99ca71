/* Every word through every ring arrives once, in order. Arguments: items at batch 512, at batch 1, lines; left
 * out: few enough for every build. The consumer checks each word against its number. */
#include <pthread.h>
#include <string.h>

#include "../steps.h"
#include "test.h"

#define LAP 4096
#define LAPS_AT_ONCE (1 + NC_MAX_LAPS)

static struct nc_worker worker[2];
static struct nc_lines lines;
static struct nc_flow flow;
static _Atomic uint32_t stop;
static pthread_barrier_t gate;
static uint64_t runs;
static bool pausing;

static void pin(int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET((size_t)cpu, &one);
  CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
}

static void prepare(struct nc_worker *w) {
  w->stop = &stop;
  w->deadline = INT64_MAX;
  w->gap_limit = INT64_MAX;
  w->record = &w->records[0];
}

static void *side(void *argument) {
  struct nc_worker *w = argument;
  int cpu[2];
  two_cpus(cpu);
  pin(cpu[w == &worker[1]]);
  prepare(w);
  for (uint64_t i = 0; i < runs; i++) {
    if (w == &worker[0]) nc_flow_reset(&flow);
    pthread_barrier_wait(&gate);
    bool whole = w == &worker[0] ? nc_produce(w, &flow, pausing) : nc_consume(w, &flow, pausing);
    CHECK(whole);
    CHECK(w == &worker[0] || w->record->done == flow.laps);
    pthread_barrier_wait(&gate);
  }
  return NULL;
}

static void send(enum nc_ring_kind kind, uint64_t items, uint32_t slots, uint32_t ahead) {
  pthread_t thread[2];
  flow = (struct nc_flow){.kind = kind, .warm_laps = 1, .laps = NC_MAX_LAPS, .lap = LAP, .slots = slots, .ahead = ahead};
  flow.ring = nc_view(lines.ring, lines.slot, lines.ring_index, 128);
  runs = items / ((uint64_t)LAPS_AT_ONCE * LAP) + 1;
  memset(worker, 0, sizeof worker);
  for (int i = 0; i < 2; i++) CHECK(pthread_create(&thread[i], NULL, side, &worker[i]) == 0);
  for (int i = 0; i < 2; i++) pthread_join(thread[i], NULL);
  CHECK(worker[1].records[0].corrupt == 0);
  printf("%llu through ring %d, in order\n", (unsigned long long)(runs * LAPS_AT_ONCE * LAP), (int)kind);
}

/* The check itself: a word changed on its way is counted. */
static void sees_a_changed_word(void) {
  static uint64_t word[NC_RING_WORDS];
  _Atomic uint64_t written = LAP * 2, released = 0;
  struct nc_flow f = {.kind = NC_KIND_BATCH512, .warm_laps = 1, .laps = 1, .lap = LAP, .ring = {word, NULL, &written, &released}};
  for (uint64_t i = 0; i < NC_RING_WORDS; i++) word[i] = i;
  word[77]++;
  prepare(&worker[1]);
  CHECK(nc_consume(&worker[1], &f, false));
  /* The second lap reads the same words again, and expects others: all of them differ, and 77 did before. */
  CHECK(worker[1].record->corrupt == 1 + LAP);
}

int main(int count, char **argument) {
  int cpu[2];
  two_cpus(cpu);
  nc_clock_start();
  pthread_barrier_init(&gate, NULL, 2);
  sees_a_changed_word();
  uint64_t items[3] = {2000000, 500000, 500000};
  for (int i = 0; i < 3 && i + 1 < count; i++) items[i] = strtoull(argument[i + 1], NULL, 10);
  for (int pause = 0; pause < 2; pause++) {
    pausing = pause != 0;
    send(NC_KIND_BATCH512, items[0] / 2, 0, 0);
    send(NC_KIND_BATCH1, items[1] / 2, 0, 0);
    send(NC_KIND_LINE, items[2] / 4, 64, 4);
    send(NC_KIND_LINE, items[2] / 4, 256, 12);
  }
  return 0;
}
