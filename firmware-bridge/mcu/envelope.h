/*
 * From samples to the envelope over shaft angle: whitening by a linear prediction that is fitted anew every few
 * milliseconds, |residual| or its square, equal slices of a revolution, low-pass and decimation (src/core/features/block-whitener.ts and
 * angle-envelope.ts). Streams: one short block of samples is all that is held of the signal.
 */
#ifndef AURORA_ENVELOPE_H
#define AURORA_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "arithmetic.h"
#include "decimator.h"
#include "prediction.h"

#define AURORA_ENVELOPE_MAX_ORDER AURORA_PREDICTION_MAX_ORDER
#define AURORA_ENVELOPE_MAX_BLOCK 64u
#define AURORA_ENVELOPE_MAX_SEGMENTS 8u

typedef struct {
  /* whitening: the last samples of the block before, then the block */
  float block[AURORA_ENVELOPE_MAX_ORDER + AURORA_ENVELOPE_MAX_BLOCK];
  float faded[AURORA_ENVELOPE_MAX_ORDER + 1u]; /* lag products, those of older blocks fade */
  float memory;
  float last_raw; /* of the high-pass */
  float last_high;
  uint16_t order;
  uint16_t limit;
  uint16_t position;
  uint16_t segments; /* stretches of the block at one speed */
  uint16_t segment_end[AURORA_ENVELOPE_MAX_SEGMENTS];
  float segment_speed[AURORA_ENVELOPE_MAX_SEGMENTS]; /* revolutions a sample */
  bool first_block;
  /* slices of a revolution */
  aurora_decimator angle;
  float slices_per_revolution;
  float phase;    /* share of the running slice that is filled, 0 … 1 */
  float integral; /* of |residual|, or of its square, over it so far */
  bool energy;    /* the square */
  /* the envelope */
  float *samples;
  uint32_t capacity;
  uint32_t count;
  bool overflow; /* more came than fits */
} aurora_envelope;

/* Starts anew with a sound feature section; the envelope goes to samples[0 … capacity). */
void aurora_envelope_begin(aurora_envelope *state, const uint8_t *section, float *samples, uint32_t capacity);

/* Where the next samples at the analysis rate are to be written, all at this speed, and how many of them: at least one. */
float *aurora_envelope_room(aurora_envelope *state, float revolutions_a_sample, uint32_t *room);

/* `count` of them are written. */
void aurora_envelope_take(aurora_envelope *state, uint32_t count);

/* Whitens and decimates what is left. */
void aurora_envelope_finish(aurora_envelope *state);

#endif
