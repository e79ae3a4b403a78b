/* Little-endian numbers in byte arrays, whatever the alignment; the two functions of libc that the firmware needs. */
#ifndef AURORA_BYTES_H
#define AURORA_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if !defined(__BYTE_ORDER__) || (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__)
#error "Models, messages and slots are read in place as little-endian numbers: this core, or its mode, is not"
#endif
_Static_assert((sizeof(int) >= 4U) && (sizeof(float) == 4U) && (sizeof(double) == 8U), "int of 32 bits, IEEE 754 floats");

/* Before a function that is not inlined even where it is called once: its caller would run out of registers. */
#define AURORA_APART __attribute__((noinline))
/* Before a function whose caller has its constants in it, and its registers. */
#define AURORA_INLINE __attribute__((always_inline))

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memset(void *to, int value, size_t count);

/* Every target is little-endian; the compiler makes one load of a copy where the core may load unaligned. */
static inline uint32_t load_u16(const uint8_t *at) {
  uint16_t value;
  (void)__builtin_memcpy(&value, at, sizeof value);
  return value;
}

static inline uint32_t load_u32(const uint8_t *at) {
  uint32_t value;
  (void)__builtin_memcpy(&value, at, sizeof value);
  return value;
}

static inline void store_u16(uint8_t *at, uint32_t value) {
  const uint16_t half = (uint16_t)value;
  (void)__builtin_memcpy(at, &half, sizeof half);
}

static inline void store_u32(uint8_t *at, uint32_t value) { (void)__builtin_memcpy(at, &value, sizeof value); }

/** Are `count` bytes the same? Takes the same time wherever they differ, so that it may compare a MAC. */
bool bytes_equal(const uint8_t *a, const uint8_t *b, uint32_t count);

#endif
