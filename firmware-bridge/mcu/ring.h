/*
 * Bytes between an interrupt, another core or a DMA's callback and the main loop: one writes, the other reads, nobody
 * locks. For board files.
 */
#ifndef AURORA_RING_H
#define AURORA_RING_H

#include "bytes.h"

#ifndef RING_BYTES
#define RING_BYTES 512U /* a power of two, and not less than 512 */
#endif
_Static_assert((RING_BYTES >= 512U) && ((RING_BYTES & (RING_BYTES - 1U)) == 0U), "RING_BYTES: a power of two from 512 on");

typedef struct {
  volatile uint32_t head; /* only the writer moves it */
  volatile uint32_t tail; /* only the reader moves it */
  uint8_t bytes[RING_BYTES];
} byte_ring;

/* What stands before it has happened for the other side before what stands behind it, whatever compiler and core reorder. */
static inline void ring_fence(void) { __atomic_thread_fence(__ATOMIC_ACQ_REL); }

static inline uint32_t ring_count(const byte_ring *ring) { return ring->head - ring->tail; }

static inline bool ring_put(byte_ring *ring, uint8_t byte) {
  const uint32_t head = ring->head;
  if ((head - ring->tail) == RING_BYTES) {
    return false;
  }
  ring_fence(); /* the place is written when it is known to be free, */
  ring->bytes[head % RING_BYTES] = byte;
  ring_fence(); /* and said to be full when it is written */
  ring->head = head + 1U;
  return true;
}

static inline bool ring_get(byte_ring *ring, uint8_t *byte) {
  const uint32_t tail = ring->tail;
  if (tail == ring->head) {
    return false;
  }
  ring_fence();
  *byte = ring->bytes[tail % RING_BYTES];
  ring_fence();
  ring->tail = tail + 1U;
  return true;
}

/* All `count` bytes or, where they have no room, none. */
static inline bool ring_put_all(byte_ring *ring, const uint8_t *bytes, uint32_t count) {
  if (RING_BYTES - ring_count(ring) < count) {
    return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    (void)ring_put(ring, bytes[i]);
  }
  return true;
}

/* Up to `room` bytes; returns how many. */
static inline uint32_t ring_get_all(byte_ring *ring, uint8_t *to, uint32_t room) {
  uint32_t count = 0;
  while ((count < room) && ring_get(ring, &to[count])) {
    count++;
  }
  return count;
}

#endif
