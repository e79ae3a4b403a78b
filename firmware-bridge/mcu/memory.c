/* memcpy and memset for targets without a libc: by the word where both ends allow it. The host build uses its libc's. */
#include "bytes.h"

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if ((((uintptr_t)to | (uintptr_t)from) & 3U) == 0U) {
    for (; count >= 4U; count -= 4U) {
      *(uint32_t *)(void *)out = *(const uint32_t *)(const void *)in;
      out += 4;
      in += 4;
    }
  }
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
