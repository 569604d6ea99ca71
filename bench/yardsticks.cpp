// The native helper beside well-known rings, in one process, on the same two CPUs, with the same buffer
// (4096 x 8 bytes), the same order check and the same rule for what is left out. Nothing of this is in the
// product. Prints one JSON object per measurement; run.mjs makes the table.
//
//   yardsticks CPU_A CPU_B SECONDS bare|pause
//
// Left out, whoever is measured: runs in which a thread was preempted, and laps (4096 items) that a gap of
// more than max(2 us, 20 round trips) fell into. Rulers (plain CAS ping-pong) stand before and after every
// measurement: virtual machines are moved about, and only equal placements may be compared.
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

extern "C" {
#include "../native/numacanary.h"
}
#ifdef BENCH_BOOST
#include <boost/lockfree/spsc_queue.hpp>
#endif
#ifdef BENCH_DPDK
#include <rte_ring.h>
#endif
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace {

using Visit = struct nc_visit; // C lets the struct and the function share their name
using Clock = std::chrono::steady_clock;
constexpr uint64_t lap_items = 4096;
constexpr uint64_t warm_laps = 4, timed_laps = 250;
constexpr unsigned batch = 512;

#if defined(__x86_64__)
uint64_t ticks() { return __rdtsc(); }
void pause() { _mm_pause(); }
#else
uint64_t ticks() { return Clock::now().time_since_epoch().count(); }
void pause() { asm volatile("yield"); }
#endif
double ns_per_tick = 1;
nc_spin spin = NC_SPIN_PAUSE; // everybody waits the same way
void relax() {
  if (spin == NC_SPIN_PAUSE) pause();
}

void calibrate() {
  const auto wall = Clock::now();
  const uint64_t began = ticks();
  while (Clock::now() - wall < std::chrono::milliseconds(50)) {
  }
  ns_per_tick = std::chrono::duration<double, std::nano>(Clock::now() - wall).count() / double(ticks() - began);
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// ---- two pinned threads ----------------------------------------------------------------------------------

int cpus[2];

void pin(int cpu) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CPU_SET(cpu, &mask);
  if (pthread_setaffinity_np(pthread_self(), sizeof mask, &mask) != 0) {
    fprintf(stderr, "cannot run on CPU %d\n", cpu);
    exit(1);
  }
}

long preemptions() {
  rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

struct Meeting {
  std::atomic<unsigned> come{0};
  void meet(unsigned times) {
    come.fetch_add(1);
    while (come.load() < 2 * times) relax();
  }
};

struct alignas(256) Line {
  std::atomic<uint64_t> turn;
};

// The plainest ping-pong there is: both sides hammer one line with compare-and-swap. Round trip, median of
// groups of 64.
double cas_ping_pong(Line &line, bool first, unsigned groups) {
  std::vector<double> means;
  uint64_t turn = first ? 0 : 1;
  for (unsigned group = 0; group < groups; ++group) {
    const uint64_t began = ticks();
    for (int round = 0; round < 64; ++round, turn += 2) {
      uint64_t expected;
      do expected = turn;
      while (!line.turn.compare_exchange_strong(expected, turn + 1));
    }
    if (group > 0) means.push_back(double(ticks() - began) * ns_per_tick / 64);
  }
  return median(means);
}

struct Measured {
  double value = 0; // million items/s, or a round trip in ns
  double before = 0, after = 0;
  bool clean = false;
};

using Body = std::function<void(bool first, Measured &)>;

// Ruler, body, ruler, on threads of our own.
Measured in_two_threads(const Body &body) {
  static Line lines[2];
  lines[0].turn = lines[1].turn = 0;
  Meeting meeting;
  Measured out;
  long preempted[2];
  auto side = [&](bool first) {
    pin(cpus[first ? 0 : 1]);
    const long began = preemptions();
    meeting.meet(1);
    const double before = cas_ping_pong(lines[0], first, 12);
    meeting.meet(2);
    if (body) body(first, out);
    meeting.meet(3);
    const double after = cas_ping_pong(lines[1], first, 12);
    preempted[first] = preemptions() - began;
    if (first) out.before = before, out.after = after;
  };
  std::thread answer(side, false), initiate(side, true);
  initiate.join();
  answer.join();
  out.clean = preempted[0] == 0 && preempted[1] == 0;
  return out;
}

// ---- rings -----------------------------------------------------------------------------------------------

[[maybe_unused]] double clean_rate(const std::vector<std::pair<uint64_t, uint64_t>> &laps, double round_trip_ns) {
  std::vector<double> per_item;
  for (size_t i = 1; i < laps.size(); ++i)
    per_item.push_back(double(laps[i].second - laps[i - 1].second) * ns_per_tick / double(laps[i].first - laps[i - 1].first));
  const double slowest = median(per_item) + std::max(2000.0, 20 * round_trip_ns) / lap_items;
  double ns = 0, items = 0;
  for (size_t i = 1; i < laps.size(); ++i) {
    if (per_item[i - 1] > slowest) continue;
    const double n = double(laps[i].first - laps[i - 1].first);
    items += n;
    ns += per_item[i - 1] * n;
  }
  return ns > 0 ? items / ns * 1e3 : 0;
}

template <typename Queue> Measured ring() {
  auto queue = std::make_unique<Queue>();
  std::vector<std::pair<uint64_t, uint64_t>> laps;
  laps.reserve(warm_laps + timed_laps + 1);
  bool in_order = true;
  Measured out = in_two_threads([&](bool first, Measured &) {
    constexpr uint64_t items = lap_items * (warm_laps + timed_laps);
    uint64_t buffer[batch];
    if (first) {
      for (uint64_t written = 0; written < items; written += batch) {
        for (unsigned i = 0; i < batch; ++i) buffer[i] = written + i;
        for (unsigned done = 0; done < batch;) {
          const unsigned put = queue->put(buffer + done, batch - done);
          if (put == 0) relax();
          done += put;
        }
      }
      return;
    }
    uint64_t wrong = 0, next_lap = warm_laps * lap_items;
    for (uint64_t read = 0; read < items;) {
      const unsigned got = queue->get(buffer, batch);
      if (got == 0) {
        relax();
        continue;
      }
      for (unsigned i = 0; i < got; ++i) wrong |= buffer[i] ^ (read + i);
      read += got;
      if (read >= next_lap) {
        laps.emplace_back(read, ticks());
        next_lap += lap_items;
      }
    }
    in_order = wrong == 0;
  });
  if (!in_order) {
    fprintf(stderr, "a yardstick delivered words out of order\n");
    exit(1);
  }
  out.value = clean_rate(laps, out.before);
  return out;
}

#ifdef BENCH_BOOST
struct Boost {
  boost::lockfree::spsc_queue<uint64_t, boost::lockfree::capacity<lap_items>> queue;
  unsigned put(const uint64_t *from, unsigned n) { return unsigned(queue.push(from, n)); }
  unsigned get(uint64_t *to, unsigned n) { return unsigned(queue.pop(to, n)); }
};
#endif

#ifdef BENCH_DPDK
// rte_ring needs no EAL when it lies in memory of ours.
struct Dpdk {
  rte_ring *queue;
  Dpdk() {
    const size_t bytes = (size_t(rte_ring_get_memsize(lap_items)) + 4095) & ~size_t(4095);
    queue = static_cast<rte_ring *>(aligned_alloc(4096, bytes));
    if (!queue || rte_ring_init(queue, "bench", lap_items, RING_F_SP_ENQ | RING_F_SC_DEQ) != 0) abort();
  }
  ~Dpdk() { free(queue); }
  unsigned put(const uint64_t *from, unsigned n) {
    return rte_ring_sp_enqueue_burst(queue, reinterpret_cast<void *const *>(from), n, nullptr);
  }
  unsigned get(uint64_t *to, unsigned n) {
    return rte_ring_sc_dequeue_burst(queue, reinterpret_cast<void **>(to), n, nullptr);
  }
};
#endif

// ---- ours ------------------------------------------------------------------------------------------------

Measured plain_cas() {
  auto line = std::make_unique<Line>();
  line->turn = 0;
  return in_two_threads([&](bool first, Measured &out) {
    const double round_trip = cas_ping_pong(*line, first, 24);
    if (first) out.value = round_trip;
  });
}

Measured ours(uint32_t step, nc_spin how, const std::function<double(const Visit &)> &value) {
  nc_visit_plan plan{};
  plan.cpu_a = cpus[0], plan.cpu_b = cpus[1];
  plan.node_a = plan.node_b = -1;
  plan.steps = step, plan.spin = how, plan.pinned = 1, plan.stride_bytes = 128;
  plan.step_ns = 1000000, plan.deadline_ns = 50000000;
  static Visit visit;
  const Measured before = in_two_threads(nullptr);
  const int rc = nc_visit(&plan, &visit);
  const Measured after = in_two_threads(nullptr);
  if (rc < 0 && rc != -EBUSY) {
    fprintf(stderr, "nc_visit: error %d\n", -rc);
    exit(1);
  }
  Measured out;
  out.before = before.before, out.after = after.after;
  out.clean = rc == 0 && visit.outcome == NC_DONE && visit.a.nivcsw == 0 && visit.b.nivcsw == 0;
  out.value = out.clean ? value(visit) : 0;
  return out;
}

double ring_rate(const struct nc_ring &ring) {
  if (ring.corrupt) {
    fprintf(stderr, "our ring delivered %lu wrong words\n", (unsigned long)ring.corrupt);
    exit(1);
  }
  return ring.elapsed_ns > 0 ? double(ring.items) / ring.elapsed_ns * 1e3 : 0;
}

double clean_round_trip(const Visit &visit) {
  std::vector<double> all;
  for (const nc_pingpong *ruler : {&visit.ruler_before, &visit.ruler_after})
    for (uint32_t i = 0; i < ruler->groups; ++i)
      if (ruler->gap_ns[i] == 0) all.push_back(ruler->round_trip_ns[i]);
  return median(all);
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 5) return fprintf(stderr, "usage: yardsticks CPU_A CPU_B SECONDS bare|pause\n"), 2;
  spin = argv[4][0] == 'b' ? NC_SPIN_BARE : NC_SPIN_PAUSE;
  cpus[0] = atoi(argv[1]), cpus[1] = atoi(argv[2]);
  calibrate();
  const std::vector<std::pair<const char *, std::function<Measured()>>> contenders = {
      {"ours_batch512", [] { return ours(NC_RING_BATCH512, spin, [](const Visit &v) { return ring_rate(v.ring_batch512); }); }},
#ifdef BENCH_BOOST
      {"boost_bulk512", [] { return ring<Boost>(); }},
#endif
#ifdef BENCH_DPDK
      {"rte_ring_burst512", [] { return ring<Dpdk>(); }},
#endif
      {"ours_line", [] { return ours(NC_RING_LINE, spin, [](const Visit &v) { return ring_rate(v.ring_line); }); }},
      {"ours_batch1", [] { return ours(NC_RING_BATCH1, spin, [](const Visit &v) { return ring_rate(v.ring_batch1); }); }},
      {"ours_cas1", [] { return ours(0, NC_SPIN_BARE, clean_round_trip); }},
      {"plain_cas", plain_cas},
  };
  const auto end = Clock::now() + std::chrono::duration<double>(atof(argv[3]));
  for (size_t turn = 0; Clock::now() < end; ++turn) { // each round starts with another one
    for (size_t i = 0; i < contenders.size(); ++i) {
      const auto &[name, measure] = contenders[(turn + i) % contenders.size()];
      const Measured m = measure();
      printf("{\"name\":\"%s\",\"value\":%.3f,\"before\":%.2f,\"after\":%.2f,\"clean\":%s}\n", name, m.value, m.before, m.after,
             m.clean && m.value > 0 ? "true" : "false");
    }
  }
}
