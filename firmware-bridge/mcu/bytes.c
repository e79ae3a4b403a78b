#include "bytes.h"

bool bytes_equal(const uint8_t *a, const uint8_t *b, uint32_t count) {
  uint32_t difference = 0;
  for (uint32_t i = 0; i < count; i++) {
    difference |= (uint32_t)(a[i] ^ b[i]);
  }
  return difference == 0U;
}
