/* The power spectrum over shaft orders, in place, and the logarithmic signal-to-noise ratio of a line in it. */
#ifndef AURORA_SPECTRUM_H
#define AURORA_SPECTRUM_H

#include <stdbool.h>
#include <stdint.h>

#include "arithmetic.h"

#define AURORA_SPECTRUM_MAX_FLOORS 96u

/* What the ratios are taken of. */
typedef struct {
  float *buffer; /* size + 2 values: samples, then power of size / 2 + 1 bins, then room for a median */
  uint32_t size; /* a power of two */
  float bin_orders;
  float highest_order;
  float floor_orders;
  float shaft_guard_orders;
  float limit; /* most that a sample counts for, times their mean; 0: as it is */
  uint32_t lowest_bin;
  uint32_t highest_bin;
  float floors[AURORA_SPECTRUM_MAX_FLOORS]; /* medians on a grid of orders; negative: not yet known */
} aurora_spectrum;

/* Lines below are under the main lobe of order zero. */
#define AURORA_SPECTRUM_LOWEST_ORDER 0.1f

void aurora_spectrum_set(aurora_spectrum *spectrum, float *buffer, uint32_t size, float samples_per_revolution,
                         float floor_orders, float shaft_guard_orders, float limit);

/* Holds the first `count` samples to their limit, removes their mean, applies a Hann window, pads with zeros, transforms, squares. */
void aurora_spectrum_compute(aurora_spectrum *spectrum, uint32_t count);

/* Median of the amplitudes around an order within the spectrum; overwrites what lies behind the powers. */
float aurora_spectrum_floor(aurora_spectrum *spectrum, float order);

/* Does a harmonic of the shaft fill this order, which is not below 0? */
static inline bool aurora_spectrum_near_shaft(const aurora_spectrum *spectrum, float order) {
  const float off = order - (float)(uint32_t)(order + 0.5f);
  return ((off < 0.0f) ? -off : off) < spectrum->shaft_guard_orders;
}

/* ln(peak within order * (1 +- tolerance) / local median) into `out`; bins of shaft harmonics are passed over unless
 * `of_shaft`. False when there is no energy or the order lies outside the spectrum. */
bool aurora_spectrum_log_snr(aurora_spectrum *spectrum, float order, float tolerance, bool of_shaft, float *out);

#endif
