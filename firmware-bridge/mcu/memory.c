/* memcpy and memset for targets without a libc: by the byte, for size. The host build uses its libc's. */
#include "bytes.h"

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  uint8_t *out = to;
  const uint8_t *in = from;
  while (count-- > 0U) {
    *out++ = *in++;
  }
  return to;
}

void *memset(void *to, int value, size_t count) {
  uint8_t *out = to;
  while (count-- > 0U) {
    *out++ = (uint8_t)value;
  }
  return to;
}
