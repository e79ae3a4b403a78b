/*
 * Cuts the stream of samples into windows of shaft revolutions or of seconds, one behind the other. Holds no sample. A gap,
 * an unknown or standing speed, or one that moves by more than half gives the open window up.
 */
#ifndef AURORA_WINDOW_H
#define AURORA_WINDOW_H

#include "arithmetic.h"
#include "bytes.h"
#include "features.h"

typedef struct {
  uint64_t length;      /* revolutions or seconds, times 2^32 */
  uint64_t position;    /* within the window */
  uint64_t first;       /* index of its first sample */
  uint32_t samples;     /* in it so far */
  float start_rpm;
  float sum_change;     /* of the speed against that of the start, over its samples: a sum of speeds outgrows 24 bits sooner */
  float sum_excess;     /* by which rounding has made it too large (Kahan): over millions of single samples it outgrows them as well */
  float sample_rate_hz;
  bool revolutions;
  bool open;
} window_cutter;

/** Prepares for windows as the model wants them. */
void window_start(window_cutter *cutter, const aurora_window_spec *spec, float sample_rate_hz);

/** Must the open window be given up before samples at this speed? */
bool window_breaks(const window_cutter *cutter, float shaft_rpm);

/** Is this a speed at which a window can be measured at all? */
bool window_can_run(const window_cutter *cutter, float shaft_rpm);

/** Opens a window at the sample `first`. */
void window_open(window_cutter *cutter, uint64_t first, float shaft_rpm);

/** How many of `count` samples at this speed belong to the open window; closes it if it is full with them. */
uint32_t window_take(window_cutter *cutter, uint32_t count, float shaft_rpm);

/** Mean speed over the samples of the window, which has some. */
static inline float window_mean_rpm(const window_cutter *cutter) {
  return cutter->start_rpm + (cutter->sum_change / (float)cutter->samples);
}

#endif
