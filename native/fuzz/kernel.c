#include "kernel.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "../worker.h"

#define FIRST_FD 0x10000000 /* no real descriptor is as high */
#define MANY 4096

static const struct input none;
static struct {
  const uint8_t *data;
  size_t size;
  _Atomic size_t at;
  _Atomic bool on;
  const uint8_t *text;
  size_t text_size;
} answers;

static _Atomic uint64_t ahead_ns; /* of the real clock, by all sleeps */
static struct {
  _Atomic int next, open;
  _Atomic int leader[MANY]; /* of each descriptor by number; -1: closed */
} counters;

void (*kernel_on_sleep)(void);
static _Atomic int running; /* threads, the two parked ones included */

void take(struct input *in, void *to, size_t bytes) {
  const size_t some = bytes < in->size ? bytes : in->size;
  memset(to, 0, bytes);
  if (some > 0) memcpy(to, in->data, some);
  in->data += some;
  in->size -= some;
}

uint8_t take_byte(struct input *in) {
  uint8_t byte;
  take(in, &byte, 1);
  return byte;
}

static uint8_t answer(void) {
  if (!atomic_load(&answers.on)) return 0;
  const size_t at = atomic_fetch_add(&answers.at, 1);
  return at < answers.size ? answers.data[at] : 0;
}

/* One in eight answers is a refusal; which errno, the fuzzer says as well. */
static int refusal(void) {
  static const int some[] = {EPERM, ENOSYS, EINVAL, ENOMEM, EACCES, ENOENT, EBUSY, EMFILE};
  const uint8_t said = answer();
  return (said & 7) == 1 ? some[said >> 5] : 0;
}

static long refuse(int error) {
  errno = error;
  return -1;
}

void kernel_begin(const struct input *in) {
  const struct input given = in == NULL ? none : *in;
  answers.data = given.data;
  answers.size = given.size;
  atomic_store(&answers.at, 0);
  atomic_store(&counters.next, 0);
  atomic_store(&answers.on, true);
}

/* A thread that a call gave up still goes by the answers, and gives back what it has. */
void kernel_end(void) {
  const int parked = (nc_worker_a.tid != 0) + (nc_worker_b.tid != 0);
  while (!nc_threads_parked() || atomic_load(&running) != parked) sched_yield();
  atomic_store(&answers.on, false);
  answers.text = NULL;
  CLAIM(atomic_load(&counters.open) == 0);
}

void kernel_file(const uint8_t *text, size_t size) {
  answers.text = text;
  answers.text_size = size;
}

int kernel_cpu(uint32_t which) {
  static int cpu[CPU_SETSIZE], count;
  if (count == 0) {
    cpu_set_t allowed;
    CLAIM(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
    for (int i = 0; i < CPU_SETSIZE; i++)
      if (CPU_ISSET(i, &allowed)) cpu[count++] = i;
  }
  return cpu[which % (uint32_t)count];
}

/* ---- time */

int __real_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out) {
  const int error = __real_clock_gettime(id, out);
  if (id != CLOCK_MONOTONIC) return error;
  const uint64_t ns = (uint64_t)out->tv_sec * 1000000000u + (uint64_t)out->tv_nsec + atomic_load(&ahead_ns);
  *out = (struct timespec){(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
  return error;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left) {
  (void)left;
  /* A hundred times as long: what looks every 10 ms for seconds does so a thousand times. */
  atomic_fetch_add(&ahead_ns, 100 * ((uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec));
  if (kernel_on_sleep != NULL) kernel_on_sleep();
  return 0;
}

long __real_syscall(long number, ...);

/* A wait that the fuzzer ends is one in which the other thread did not get its CPU: all the time it had goes by. */
static long futex(long word, int op, int value, long until, int mask) {
  struct timespec then;
  if (op != FUTEX_WAIT_BITSET_PRIVATE || until == 0) return __real_syscall(SYS_futex, word, op, value, until, 0, mask);
  then = *(const struct timespec *)until;
  const uint64_t ns = (uint64_t)then.tv_sec * 1000000000u + (uint64_t)then.tv_nsec, ahead = atomic_load(&ahead_ns);
  const uint64_t real = ns > ahead ? ns - ahead : 0;
  if ((answer() & 15) == 1) {
    struct timespec now;
    __wrap_clock_gettime(CLOCK_MONOTONIC, &now);
    const uint64_t now_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    /* What is due in an hour is a deadline that a plan made up: nobody lets so much go by. */
    if (ns > now_ns && ns - now_ns < 3600000000000u) atomic_fetch_add(&ahead_ns, ns - now_ns);
    return refuse(ETIMEDOUT);
  }
  then = (struct timespec){(time_t)(real / 1000000000u), (long)(real % 1000000000u)};
  return __real_syscall(SYS_futex, word, op, value, (long)&then, 0, mask);
}

/* ---- counters: descriptors that are not there */

static bool is_counter(int fd) {
  return fd >= FIRST_FD && fd < FIRST_FD + MANY;
}

static long open_counter(int group) {
  const int error = refusal();
  if (error != 0) return refuse(error);
  const int index = atomic_fetch_add(&counters.next, 1);
  if (index >= MANY) return refuse(EMFILE);
  if (group >= 0) CLAIM(is_counter(group) && atomic_load(&counters.leader[group - FIRST_FD]) == group - FIRST_FD);
  atomic_store(&counters.leader[index], group < 0 ? index : group - FIRST_FD);
  atomic_fetch_add(&counters.open, 1);
  return FIRST_FD + index;
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd) {
  if (!is_counter(fd)) return __real_close(fd);
  CLAIM(atomic_exchange(&counters.leader[fd - FIRST_FD], -1) >= 0);
  atomic_fetch_sub(&counters.open, 1);
  return 0;
}

int __real_ioctl(int fd, unsigned long request, long argument);
int __wrap_ioctl(int fd, unsigned long request, long argument);
int __wrap_ioctl(int fd, unsigned long request, long argument) {
  if (!is_counter(fd)) return __real_ioctl(fd, request, argument);
  CLAIM(atomic_load(&counters.leader[fd - FIRST_FD]) >= 0);
  const int error = refusal();
  return error == 0 ? 0 : (int)refuse(error);
}

/* How many words come is what a group has, or what the fuzzer says: a CPU that went offline takes groups apart. */
static ssize_t read_counter(int fd, uint64_t *words, size_t bytes) {
  uint64_t members = 0;
  const int leader = fd - FIRST_FD, error = refusal();
  CLAIM(atomic_load(&counters.leader[leader]) >= 0);
  if (error != 0) return refuse(error);
  for (int i = 0; i < MANY && i < atomic_load(&counters.next); i++) members += atomic_load(&counters.leader[i]) == leader;
  uint8_t said = answer();
  if ((said & 3) == 1) members = said >> 2;
  size_t most = bytes / sizeof *words, some = 3 + members < most ? 3 + members : most;
  said = answer();
  if ((said & 7) == 1) some = said % (some + 1);
  for (size_t i = 0; i < some; i++) words[i] = i == 0 ? members : (uint64_t)said << (said & 63) | i;
  return (ssize_t)(some * sizeof *words);
}

ssize_t __real_read(int fd, void *to, size_t bytes);
ssize_t __wrap_read(int fd, void *to, size_t bytes);
ssize_t __wrap_read(int fd, void *to, size_t bytes) {
  return is_counter(fd) ? read_counter(fd, to, bytes) : __real_read(fd, to, bytes);
}

/* ---- memory, threads, files */

/* Any node, some of them beyond what the helper has room for, or none. */
static int a_node(void) {
  const uint8_t said = answer();
  static const int odd[] = {1, 63, 64, 1023, INT32_MAX, -ENOENT, -EBUSY, INT32_MIN};
  return (said & 3) == 1 ? odd[said >> 5] : 0;
}

static long move_pages(size_t count, int *status) {
  const int error = refusal(), all = a_node(), one = a_node();
  if (error != 0) return refuse(error);
  for (size_t i = 0; i < count; i++) status[i] = i == 0 ? one : all;
  return 0;
}

/* Takes six arguments, whoever gave fewer, as that of glibc does. */
long __wrap_syscall(long number, ...);
__attribute__((no_sanitize("address"))) long __wrap_syscall(long number, ...) {
  long a[6];
  va_list more;
  va_start(more, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(more, long);
  va_end(more);
  int error = 0;
  if (number == SYS_futex) return futex(a[0], (int)a[1], (int)a[2], a[3], (int)a[5]);
  if (!atomic_load(&answers.on)) return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  switch (number) {
  case SYS_perf_event_open:
    return open_counter((int)a[3]);
  case SYS_mbind:
    error = refusal();
    return error == 0 ? 0 : refuse(error);
  case SYS_move_pages:
    return move_pages((size_t)a[1], (int *)a[4]);
  case SYS_get_mempolicy:
    error = refusal();
    if (error == 0) *(int *)a[0] = a_node();
    return error == 0 ? 0 : refuse(error);
  case SYS_sched_setaffinity:
  case SYS_sched_getaffinity:
  case SYS_getcpu:
    error = refusal();
    break;
  default:
    break;
  }
  return error == 0 ? __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]) : refuse(error);
}

void *__real_mmap(void *at, size_t bytes, int access, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t bytes, int access, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t bytes, int access, int flags, int fd, off_t offset) {
  return refusal() == 0 ? __real_mmap(at, bytes, access, flags, fd, offset) : MAP_FAILED;
}

int __real_mprotect(void *at, size_t bytes, int access);
int __wrap_mprotect(void *at, size_t bytes, int access);
int __wrap_mprotect(void *at, size_t bytes, int access) {
  return refusal() == 0 ? __real_mprotect(at, bytes, access) : -1;
}

struct start {
  void *(*body)(void *);
  void *argument;
};

static void *count_thread(void *argument) {
  const struct start start = *(struct start *)argument;
  free(argument);
  void *result = start.body(start.argument);
  atomic_fetch_sub(&running, 1);
  return result;
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*body)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*body)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*body)(void *), void *argument) {
  struct start *start = malloc(sizeof *start);
  CLAIM(start != NULL);
  *start = (struct start){body, argument};
  atomic_fetch_add(&running, 1);
  const int error = refusal() == 0 ? __real_pthread_create(thread, how, count_thread, start) : EAGAIN;
  if (error == 0) return 0;
  atomic_fetch_sub(&running, 1);
  free(start);
  return error;
}

FILE *__real_fopen(const char *path, const char *how);
FILE *__wrap_fopen(const char *path, const char *how);
FILE *__wrap_fopen(const char *path, const char *how) {
  if (refusal() != 0) return NULL;
  if (!atomic_load(&answers.on) || answers.text == NULL) return __real_fopen(path, how);
  if (answers.text_size == 0) return __real_fopen("/dev/null", "re");
  return fmemopen((void *)(uintptr_t)answers.text, answers.text_size, "r");
}
