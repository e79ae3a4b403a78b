/*
 * Bytes between an interrupt, another core or a DMA's callback and the main loop: one writes, the other reads, nobody
 * locks. For board files. By the rules of C11 nothing of it is a race as long as there is one writer and one reader: what stands for
 * them may be a task each, an interrupt, or a core. Two tasks on one side need a lock of theirs around it.
 */
#ifndef AURORA_RING_H
#define AURORA_RING_H

#include "bytes.h"

#ifndef RING_BYTES
#define RING_BYTES 512U /* a power of two, and not less than 512 */
#endif
_Static_assert((RING_BYTES >= 512U) && ((RING_BYTES & (RING_BYTES - 1U)) == 0U), "RING_BYTES: a power of two from 512 on");

typedef struct {
  uint32_t head; /* only the writer moves it */
  uint32_t tail; /* only the reader moves it */
  uint8_t bytes[RING_BYTES];
} byte_ring;

/* What stands before it has happened for the other side before what stands behind it, whatever compiler and core reorder. */
static inline void ring_fence(void) { __atomic_thread_fence(__ATOMIC_ACQ_REL); }

static inline uint32_t ring_count(const byte_ring *ring) {
  return __atomic_load_n(&ring->head, __ATOMIC_RELAXED) - __atomic_load_n(&ring->tail, __ATOMIC_RELAXED);
}

static inline bool ring_put(byte_ring *ring, uint8_t byte) {
  const uint32_t head = __atomic_load_n(&ring->head, __ATOMIC_RELAXED);
  if ((head - __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE)) == RING_BYTES) { /* the place is written when it is known to be free, */
    return false;
  }
  ring->bytes[head % RING_BYTES] = byte;
  __atomic_store_n(&ring->head, head + 1U, __ATOMIC_RELEASE); /* and said to be full when it is written */
  return true;
}

static inline bool ring_get(byte_ring *ring, uint8_t *byte) {
  const uint32_t tail = __atomic_load_n(&ring->tail, __ATOMIC_RELAXED);
  if (tail == __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE)) {
    return false;
  }
  *byte = ring->bytes[tail % RING_BYTES];
  __atomic_store_n(&ring->tail, tail + 1U, __ATOMIC_RELEASE);
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
