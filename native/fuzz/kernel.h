/* kernel.h: the kernel as a fuzzer has it. What it answers to the helper is the fuzzer's choice; what it refuses, too.
 *
 * The linker puts `__wrap_x` in place of each x that the helper calls (WRAPPED in ../Makefile). While no input is in
 * force all of it is the real thing. Time is real but for sleeps, which cost none: an hour's watch takes a moment. */
#ifndef NC_FUZZ_KERNEL_H
#define NC_FUZZ_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../numacanary.h"

#define CLAIM(claim)                                                    \
  do {                                                                  \
    if (!(claim)) {                                                     \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim); \
      abort();                                                          \
    }                                                                   \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes of an input, one after the other; 0 when there are no more. */
struct input {
  const uint8_t *data;
  size_t size;
};
void take(struct input *in, void *to, size_t bytes);
uint8_t take_byte(struct input *in);

/* A field of a plan: as the fuzzer has it where bit `n` of `wild` is set, else a good one made of the same bytes. */
#define FIELD(wild, n, field, good) \
  do {                              \
    if (((wild) >> (n)&1) == 0) (field) = (good); \
  } while (0)

/* From now on the kernel answers by what is left of the input. Each answer is a byte: 0 is what it would say by itself. */
void kernel_begin(const struct input *answers);
/* When the two threads are parked and every other has ended: all that was opened has been closed. */
void kernel_end(void);

int kernel_cpu(uint32_t which); /* one that this process may use */
/* The text of whatever file is opened next. */
void kernel_file(const uint8_t *text, size_t size);
/* Called with each sleep of the caller's thread: the moment to change one's mind. NULL: nobody is. */
extern void (*kernel_on_sleep)(void);

#endif
