#include "fifo.h"

_Static_assert(FIFO_SAMPLES >= 96U, "FIFO_SAMPLES: at least 96, a raw window");

/* The place that lies `count` <= FIFO_SAMPLES behind another. */
static uint32_t place_behind(uint32_t place, uint32_t count) {
  place += count;
  return (place >= FIFO_SAMPLES) ? (place - FIFO_SAMPLES) : place;
}

static void drop(sample_fifo *fifo, uint32_t count) {
  fifo->first += count;
  fifo->oldest = place_behind(fifo->oldest, count);
  fifo->count -= count;
  fifo->new_speed_at = (fifo->new_speed_at > count) ? (fifo->new_speed_at - count) : 0U;
}

/* Compares bits: two unknown speeds are the same. */
static bool same_speed(float a, float b) {
  return load_u32((const uint8_t *)&a) == load_u32((const uint8_t *)&b);
}

void fifo_restart(sample_fifo *fifo, uint64_t next) {
  fifo->first = next;
  fifo->count = 0;
  fifo->new_speed_at = 0;
}

/* Neighbours, eight at a time by the word; a core that needs them aligned is given bytes by load_u32 and store_u32. */
static void copy_samples(uint8_t *to, const uint8_t *from, uint32_t count) {
  for (; count >= 8U; count -= 8U) {
    const uint32_t first = load_u32(from);
    const uint32_t second = load_u32(from + 4);
    const uint32_t third = load_u32(from + 8);
    const uint32_t fourth = load_u32(from + 12);
    store_u32(to, first);
    store_u32(to + 4, second);
    store_u32(to + 8, third);
    store_u32(to + 12, fourth);
    to += 16;
    from += 16;
  }
  for (; count > 0U; count--) {
    store_u16(to, load_u16(from));
    to += 2;
    from += 2;
  }
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
  while (count > 0U) {
    if (fifo->count == FIFO_SAMPLES) {
      const uint32_t excess = (count < FIFO_SAMPLES) ? count : FIFO_SAMPLES;
      fifo->dropped += excess;
      drop(fifo, excess);
    }
    /* As many as fit, up to the ring's end. */
    const uint32_t place = place_behind(fifo->oldest, fifo->count);
    uint32_t now = FIFO_SAMPLES - ((fifo->count > place) ? fifo->count : place);
    now = (now < count) ? now : count;
    copy_samples((uint8_t *)&fifo->samples[place], (const uint8_t *)samples, now);
    fifo->count += now;
    samples += now;
    count -= now;
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
  const uint32_t to_end = FIFO_SAMPLES - fifo->oldest;
  const uint32_t first = (count < to_end) ? count : to_end;
  copy_samples(to, (const uint8_t *)&fifo->samples[fifo->oldest], first);
  copy_samples(to + 2U * first, (const uint8_t *)fifo->samples, count - first);
  drop(fifo, count);
}
