/*
 * A finite impulse response filter with symmetric taps that keeps every factor-th output. Samples are written into its room,
 * one behind the other, and outputs are computed several at once.
 */
#ifndef AURORA_DECIMATOR_H
#define AURORA_DECIMATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "arithmetic.h"

#define AURORA_DECIMATOR_MAX_TAPS 65u
#define AURORA_DECIMATOR_ROOM 128u /* samples; at least 64 are free after a run */

typedef struct {
  float samples[AURORA_DECIMATOR_ROOM];
  const float *half_taps; /* the first half and the middle one, in flash */
  uint16_t taps;          /* odd */
  uint16_t factor;
  uint16_t held; /* samples; whoever writes one counts it here, and runs the filter at AURORA_DECIMATOR_ROOM */
  uint16_t next; /* where the next output's samples begin, maybe behind those held */
} aurora_decimator;

void aurora_decimator_reset(aurora_decimator *filter, const float *half_taps, uint16_t taps, uint16_t factor);

/* Writes the outputs that the samples held are enough for, the first with sample number `taps`, as many of them as have
 * room. Returns how many there were, at most AURORA_DECIMATOR_ROOM / 2 for a factor of 2 and more; forgets what no other
 * output needs. */
uint32_t aurora_decimator_run(aurora_decimator *filter, float *out, uint32_t room);

#endif
