/* Samples on their way to raw windows: a ring that drops the oldest, so that what is sent is always the newest. */
#ifndef AURORA_FIFO_H
#define AURORA_FIFO_H

#include "bytes.h"

#ifndef FIFO_SAMPLES
#define FIFO_SAMPLES 192U /* two raw windows; not fewer than one, 96 */
#endif

typedef struct {
  int16_t samples[FIFO_SAMPLES];
  uint64_t first;       /* index of the oldest sample since the reset */
  uint32_t oldest;      /* its place in the ring, which 2^32 samples must not shift */
  uint32_t count;
  uint32_t new_speed_at; /* samples from the oldest on that had the speed before */
  float speed_before;
  float speed;
  uint32_t dropped;
} sample_fifo;

/** Forgets what is held and goes on at index `next`. */
void fifo_restart(sample_fifo *fifo, uint64_t next);

/** Takes samples at one speed of the shaft. Those that do not fit push out the oldest, which are counted. */
void fifo_push(sample_fifo *fifo, const int16_t *samples, uint32_t count, float shaft_rpm);

/** Samples that can be sent in one window: of one speed, at most `most`. */
uint32_t fifo_ready(const sample_fifo *fifo, uint32_t most);

/** Takes out the oldest `count` samples (at most fifo_ready), as little-endian bytes. */
void fifo_take(sample_fifo *fifo, uint8_t *to, uint32_t count);

/** Speed of the shaft at the oldest sample, in revolutions a minute; NAN when unknown. */
float fifo_speed(const sample_fifo *fifo);

#endif
