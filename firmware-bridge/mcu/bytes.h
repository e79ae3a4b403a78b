/* Little-endian numbers in byte arrays, whatever the alignment; the two functions of libc that the firmware needs. */
#ifndef AURORA_BYTES_H
#define AURORA_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memset(void *to, int value, size_t count);

static inline uint32_t load_u16(const uint8_t *at) {
  return (uint32_t)at[0] | ((uint32_t)at[1] << 8);
}

static inline uint32_t load_u32(const uint8_t *at) {
  return load_u16(at) | (load_u16(at + 2) << 16);
}

static inline void store_u16(uint8_t *at, uint32_t value) {
  at[0] = (uint8_t)value;
  at[1] = (uint8_t)(value >> 8);
}

static inline void store_u32(uint8_t *at, uint32_t value) {
  store_u16(at, value);
  store_u16(at + 2, value >> 16);
}

/** Are `count` bytes the same? Takes the same time wherever they differ, so that it may compare a MAC. */
bool bytes_equal(const uint8_t *a, const uint8_t *b, uint32_t count);

#endif
