/*
 * The feature section of a model file (MODEL_FORMAT.md): whether it is sound, and where its parts stand. Private to the
 * features.
 */
#ifndef AURORA_FEATURE_SECTION_H
#define AURORA_FEATURE_SECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"
#include "decimator.h"

#define SECTION_FEATURE_BYTES 16u

enum {
  ORDER_LOG_SNR = 0,
  SIDE_BAND_LOG_SNR = 1,
  ORDER_MARGIN = 2,
  COMB_LOG_SNR = 5,
  COMB_LINE_LOG_SNR = 6,
  COMB_SIDE_LOG_SNR = 7,
  HALF_COMB_LOG_SNR = 8
};
enum { ORDER_SHAFT = 4, ORDER_COUNT = 5, ORDER_FAULT_COUNT = 3 };

/* Kinds of the chain, by what of the residual is integrated, and whether what comes of it is held to a limit. */
enum { SECTION_CHAIN_MAGNITUDE = 1, SECTION_CHAIN_ENERGY = 2, SECTION_CHAIN_HELD_MAGNITUDE = 3, SECTION_CHAIN_HELD_ENERGY = 4 };
/* Where the limit stands; 0 without one. */
#define SECTION_LIMIT_BYTE 25u

/* Numbers of the section's head, by their place in it as 32-bit words. */
enum {
  SECTION_MEMORY = 2,
  SECTION_FLOOR_ORDERS = 4,
  SECTION_SHAFT_GUARD_ORDERS = 5,
  SECTION_WINDOW_LENGTH = 7,
  SECTION_WINDOW_HOP = 8,
  SECTION_CLAMP = 9
};

/* Everything in the file is aligned; a cast through void keeps -Wcast-align quiet. */
static inline const float *section_floats(const uint8_t *at) { return (const float *)(const void *)at; }

static inline bool section_is_finite(float value) { return (value - value) == 0.0f; }

/* Filter `index`: 0 is the envelope's, `factor` - 1 the one to the analysis rate. */
void section_reset_filter(const uint8_t *section, uint32_t index, aurora_decimator *filter);

/* The first feature: operator, order, spacing, harmonic, then tolerance, mean and inverse deviation. */
const uint8_t *section_features(const uint8_t *section);

#endif
