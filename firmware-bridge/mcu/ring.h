/* Bytes between an interrupt and the main loop: one writes, the other reads, nobody locks. For board files. */
#ifndef AURORA_RING_H
#define AURORA_RING_H

#include "bytes.h"

#define RING_BYTES 512U /* a power of two */

typedef struct {
  volatile uint32_t head; /* only the writer moves it */
  volatile uint32_t tail; /* only the reader moves it */
  uint8_t bytes[RING_BYTES];
} byte_ring;

static inline uint32_t ring_count(const byte_ring *ring) { return ring->head - ring->tail; }

static inline bool ring_put(byte_ring *ring, uint8_t byte) {
  const uint32_t head = ring->head;
  if ((head - ring->tail) == RING_BYTES) {
    return false;
  }
  ring->bytes[head % RING_BYTES] = byte;
  ring->head = head + 1U;
  return true;
}

static inline bool ring_get(byte_ring *ring, uint8_t *byte) {
  const uint32_t tail = ring->tail;
  if (tail == ring->head) {
    return false;
  }
  *byte = ring->bytes[tail % RING_BYTES];
  ring->tail = tail + 1U;
  return true;
}

#endif
