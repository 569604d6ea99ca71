/* arch.h: what each instruction set calls the few things C has no word for. */
#ifndef NC_ARCH_H
#define NC_ARCH_H

#include <stdbool.h>
#include <stdint.h>

/* What CPUID said, once: AVX2 usable, CLFLUSHOPT there, made by Intel. All false on arm64. */
extern bool nc_wide, nc_flush_opt, nc_intel;

void nc_arch_start(void); /* fills them in; nc_clock_start() does it */

#define NC_LINE 64 /* bytes of the line ring's slots; indices keep the plan's stride */

#if defined(__x86_64__)

static inline uint64_t nc_counter(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return ((uint64_t)high << 32) | low;
}

/* Not before the loads in front of it: else a poll's branch is guessed and the clock is read too early. */
static inline uint64_t nc_counter_ordered(void) {
  uint32_t low, high;
  __asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high)::"memory");
  return ((uint64_t)high << 32) | low;
}

static inline void nc_pause(void) {
  __asm__ volatile("pause" ::: "memory");
}

/* GCC turns __builtin_prefetch(p, 1) into a read prefetch unless told -mprfchw; every x86-64 takes PREFETCHW. */
static inline void nc_prefetch_write(const void *line) {
  __asm__ volatile("prefetchw %0" : : "m"(*(const char *)line));
}

static inline void nc_prefetch_read(const void *line) {
  __builtin_prefetch(line, 0, 3);
}

/* CLFLUSHOPT where there is one: the plain one waits for each line. */
static inline void nc_flush(const void *line) {
  if (nc_flush_opt) __asm__ volatile(".byte 0x66\n\tclflush %0" : : "m"(*(const char *)line) : "memory");
  else __asm__ volatile("clflush %0" : : "m"(*(const char *)line) : "memory");
}

static inline void nc_flushed(void) {
  __asm__ volatile("mfence" ::: "memory");
}

/* Register plus register: newer Intel cores do chains of small immediates at rename, in no time at all. */
#define NC_ADD_ONCE "add %1, %0\n\t"

#elif defined(__aarch64__)

static inline uint64_t nc_counter(void) {
  uint64_t ticks;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
}

static inline uint64_t nc_counter_ordered(void) {
  uint64_t ticks;
  __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks)::"memory");
  return ticks;
}

/* YIELD is a no-op on nearly every Arm core; ISB waits some ten cycles, which is what PAUSE is for. */
static inline void nc_pause(void) {
  __asm__ volatile("isb" ::: "memory");
}

static inline void nc_prefetch_write(const void *line) {
  __builtin_prefetch(line, 1, 3);
}

static inline void nc_prefetch_read(const void *line) {
  __builtin_prefetch(line, 0, 3);
}

static inline void nc_flush(const void *line) {
  __asm__ volatile("dc civac, %0" : : "r"(line) : "memory");
}

static inline void nc_flushed(void) {
  __asm__ volatile("dsb sy\n\tisb" ::: "memory");
}

#define NC_ADD_ONCE "add %0, %0, %1\n\t"

#else
#error "numacanary's helper knows x86-64 and arm64"
#endif

#define NC_ALWAYS_INLINE static inline __attribute__((always_inline))

/* Everything that runs while a clock runs. One section, so that its pages can be touched beforehand. */
#define NC_TIMED __attribute__((section("nc_timed"), noinline))

#endif
