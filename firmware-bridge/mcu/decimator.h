/* A finite impulse response filter with symmetric taps that keeps every factor-th output. */
#ifndef AURORA_DECIMATOR_H
#define AURORA_DECIMATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "arithmetic.h"

#define AURORA_DECIMATOR_MAX_TAPS 65u

typedef struct {
  float memory[AURORA_DECIMATOR_MAX_TAPS];
  const float *half_taps; /* the first half and the middle one, in flash */
  uint16_t taps;          /* odd */
  uint16_t factor;
  uint16_t oldest;
  uint16_t wait;
} aurora_decimator;

void aurora_decimator_reset(aurora_decimator *filter, const float *half_taps, uint16_t taps, uint16_t factor);

/* Takes one sample; true when `out` was written. The first output comes with sample number `taps`. */
bool aurora_decimator_push(aurora_decimator *filter, float sample, float *out);

#endif
