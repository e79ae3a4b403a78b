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

/*
 * A word that one side writes and the other reads: what was written before it is seen by whoever reads it. A side reads its own words
 * as they are. Where the compiler has no atomics for the core (Cortex-M0, rv32imc), an access of a word is whole all the same.
 */
#if __GCC_ATOMIC_INT_LOCK_FREE == 2
static inline uint32_t shared_read(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

static inline void shared_write(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
#else
static inline uint32_t shared_read(const uint32_t *word) {
  const uint32_t value = *(const volatile uint32_t *)word;
  __atomic_thread_fence(__ATOMIC_ACQUIRE);
  return value;
}

static inline void shared_write(uint32_t *word, uint32_t value) {
  __atomic_thread_fence(__ATOMIC_RELEASE);
  *(volatile uint32_t *)word = value;
}
#endif

typedef struct {
  uint32_t head; /* only the writer moves it */
  uint32_t tail; /* only the reader moves it */
  uint8_t bytes[RING_BYTES];
} byte_ring;

static inline uint32_t ring_count(const byte_ring *ring) { return shared_read(&ring->head) - shared_read(&ring->tail); }

static inline bool ring_put(byte_ring *ring, uint8_t byte) {
  const uint32_t head = ring->head;
  if ((head - shared_read(&ring->tail)) == RING_BYTES) { /* the place is written when it is known to be free, */
    return false;
  }
  ring->bytes[head % RING_BYTES] = byte;
  shared_write(&ring->head, head + 1U); /* and said to be full when it is written */
  return true;
}

static inline bool ring_get(byte_ring *ring, uint8_t *byte) {
  const uint32_t tail = ring->tail;
  if (tail == shared_read(&ring->head)) {
    return false;
  }
  *byte = ring->bytes[tail % RING_BYTES];
  shared_write(&ring->tail, tail + 1U);
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
