#include "fifo.h"

_Static_assert(FIFO_SAMPLES >= 96U, "a raw window has to fit");

static void drop(sample_fifo *fifo, uint32_t count) {
  fifo->first += count;
  fifo->oldest = (fifo->oldest + count) % FIFO_SAMPLES;
  fifo->count -= count;
  fifo->new_speed_at = (fifo->new_speed_at > count) ? (fifo->new_speed_at - count) : 0U;
}

/* Compares bits: two unknown speeds are the same. */
static bool same_speed(float a, float b) {
  return bytes_equal((const uint8_t *)&a, (const uint8_t *)&b, sizeof a);
}

void fifo_restart(sample_fifo *fifo, uint64_t next) {
  fifo->first = next;
  fifo->count = 0;
  fifo->new_speed_at = 0;
}

void fifo_push(sample_fifo *fifo, const int16_t *samples, uint32_t count, float shaft_rpm) {
  if (!same_speed(shaft_rpm, fifo->speed)) {
    if (fifo->new_speed_at > 0U) {
      /* Two changes at once do not fit: the part before the first goes. */
      fifo->dropped += fifo->new_speed_at;
      drop(fifo, fifo->new_speed_at);
    }
    fifo->speed_before = fifo->speed;
    fifo->speed = shaft_rpm;
    fifo->new_speed_at = fifo->count;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (fifo->count == FIFO_SAMPLES) {
      drop(fifo, 1);
      fifo->dropped++;
    }
    fifo->samples[(fifo->oldest + fifo->count) % FIFO_SAMPLES] = samples[i];
    fifo->count++;
  }
}

uint32_t fifo_ready(const sample_fifo *fifo, uint32_t most) {
  const uint32_t count = (fifo->new_speed_at > 0U) ? fifo->new_speed_at : fifo->count;
  return (count < most) ? count : most;
}

float fifo_speed(const sample_fifo *fifo) {
  return (fifo->new_speed_at > 0U) ? fifo->speed_before : fifo->speed;
}

void fifo_take(sample_fifo *fifo, uint8_t *to, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    store_u16(to + 2U * i, (uint16_t)fifo->samples[(fifo->oldest + i) % FIFO_SAMPLES]);
  }
  drop(fifo, count);
}
