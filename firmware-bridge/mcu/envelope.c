/* See envelope.h. */
#include "envelope.h"

#include "bytes.h"
#include "feature_section.h"

#define ANGLE_OVERSAMPLING 2.0f
#define RIDGE 1.0001f /* white noise 40 dB below the signal */
#define HIGH_PASS_POLE 0.99f

/* Slices that were held become samples of the envelope. */
static void decimate(aurora_envelope *state) {
  const uint32_t room = state->capacity - state->count;
  const uint32_t count = aurora_decimator_run(&state->angle, &state->samples[state->count], room);
  state->overflow = state->overflow || (count > room);
  state->count += (count < room) ? count : room;
}

static inline void add_slice(aurora_envelope *state, float slice) {
  aurora_decimator *angle = &state->angle;
  angle->samples[angle->held] = slice;
  angle->held++;
  if (angle->held == AURORA_DECIMATOR_ROOM) {
    decimate(state);
  }
}

/* |residual|, or its square, integrated over equal slices of a revolution. */
AURORA_INLINE static inline void integrate(aurora_envelope *state, const float *residual, uint32_t length, float step,
                                           bool energy) {
  float phase = state->phase;
  float integral = state->integral;
  for (const float *end = &residual[length]; residual != end; residual++) {
    const float magnitude = energy ? (*residual * *residual) : __builtin_fabsf(*residual);
    float next = phase + step;
    if (__builtin_expect(next < 1.0f, true)) {
      integral += magnitude * step;
    } else {
      /* The sample spans the boundary of a slice, or several: it is shared by angle. */
      add_slice(state, integral + (magnitude * (1.0f - phase)));
      next -= 1.0f;
      while (next >= 1.0f) {
        add_slice(state, magnitude);
        next -= 1.0f;
      }
      integral = magnitude * next;
    }
    phase = next;
  }
  state->phase = phase;
  state->integral = integral;
}

/* One loop for each measure: what it is of is asked once, not at every sample. */
static void add_envelope(aurora_envelope *state, const float *residual, uint32_t length, float revolutions_a_sample) {
  const float step = revolutions_a_sample * state->slices_per_revolution;
  if (state->energy) {
    integrate(state, residual, length, step, true);
  } else {
    integrate(state, residual, length, step, false);
  }
}

static void filter_high_pass(aurora_envelope *state) {
  float *block = state->block;
  /* It starts at the first sample's level, so that a dead signal leaves exactly nothing. */
  float raw = state->first_block ? block[state->order] : state->last_raw;
  float high = state->last_high;
  float *now = &block[state->order];
  const uint32_t length = (uint32_t)state->position - state->order;
  const float *end = &now[length];
  for (const float *whole = &now[AURORA_BY_FOURS(length)]; now != whole; now += 4) {
    /* Differences while the sums wait for one another. */
    const float now0 = now[0];
    const float now1 = now[1];
    const float now2 = now[2];
    const float now3 = now[3];
    const float step0 = now0 - raw;
    const float step1 = now1 - now0;
    const float step2 = now2 - now1;
    const float step3 = now3 - now2;
    raw = now3;
    high = step0 + (HIGH_PASS_POLE * high);
    now[0] = high;
    high = step1 + (HIGH_PASS_POLE * high);
    now[1] = high;
    high = step2 + (HIGH_PASS_POLE * high);
    now[2] = high;
    high = step3 + (HIGH_PASS_POLE * high);
    now[3] = high;
  }
  for (; now != end; now++) {
    high = (*now - raw) + (HIGH_PASS_POLE * high);
    raw = *now;
    *now = high;
  }
  state->last_raw = raw;
  state->last_high = high;
}

static void compute_coefficients(aurora_envelope *state, float *coefficients) {
  const uint32_t order = state->order;
  float products[AURORA_ENVELOPE_MAX_ORDER + 1u];
  aurora_lag_products(&state->block[order], (uint32_t)state->position - order, order, products);
  for (uint32_t lag = 0; lag <= order; lag++) {
    products[lag] += state->memory * state->faded[lag];
    state->faded[lag] = products[lag];
  }
  products[0] *= RIDGE;
  aurora_solve_prediction(products, order, coefficients);
}

static void whiten(aurora_envelope *state) {
  const uint32_t order = state->order;
  const uint32_t length = (uint32_t)state->position - order;
  float coefficients[AURORA_ENVELOPE_MAX_ORDER + 1u];
  float residual[AURORA_ENVELOPE_MAX_BLOCK];
  float *block = state->block;
  filter_high_pass(state);
  compute_coefficients(state, coefficients);
  aurora_prediction_residual(&block[order], length, order, coefficients, residual);
  /* The first samples of a window have no past: their residual would be the raw signal. */
  uint32_t from = state->first_block ? ((order < length) ? order : length) : 0u;
  state->segment_end[state->segments - 1u] = state->position;
  for (uint32_t segment = 0; segment < state->segments; segment++) {
    const uint32_t to = (uint32_t)state->segment_end[segment] - order;
    if (to > from) {
      add_envelope(state, &residual[from], to - from, state->segment_speed[segment]);
      from = to;
    }
  }
  for (uint32_t i = 0; i < order; i++) {
    block[i] = block[length + i];
  }
  state->position = state->order;
  state->segments = 0;
  state->first_block = false;
}

/* The samples behind the block's last have this speed. */
static void note_speed(aurora_envelope *state, float revolutions_a_sample) {
  const uint32_t segments = state->segments;
  if ((segments == 0u) || ((segments < AURORA_ENVELOPE_MAX_SEGMENTS) &&
                           (state->segment_speed[segments - 1u] != revolutions_a_sample))) {
    if (segments > 0u) {
      state->segment_end[segments - 1u] = state->position;
    }
    state->segment_speed[segments] = revolutions_a_sample;
    state->segments++;
  }
}

float *aurora_envelope_room(aurora_envelope *state, float revolutions_a_sample, uint32_t *room) {
  note_speed(state, revolutions_a_sample);
  *room = (uint32_t)state->limit - state->position;
  return &state->block[state->position];
}

void aurora_envelope_take(aurora_envelope *state, uint32_t count) {
  state->position = (uint16_t)(state->position + count);
  if (state->position == state->limit) {
    whiten(state);
  }
}

void aurora_envelope_begin(aurora_envelope *state, const uint8_t *section, float *samples, uint32_t capacity) {
  section_reset_filter(section, 0u, &state->angle);
  state->energy = (section[2] == (uint8_t)SECTION_CHAIN_ENERGY) || (section[2] == (uint8_t)SECTION_CHAIN_HELD_ENERGY);
  state->memory = section_floats(section)[SECTION_MEMORY];
  state->order = (uint16_t)load_u16(&section[4]);
  state->limit = (uint16_t)(state->order + load_u16(&section[6]));
  state->position = state->order;
  state->segments = 0;
  state->first_block = true;
  state->last_raw = 0.0f;
  state->last_high = 0.0f;
  for (uint32_t i = 0; i < state->order; i++) {
    state->block[i] = 0.0f;
  }
  for (uint32_t i = 0; i <= state->order; i++) {
    state->faded[i] = 0.0f;
  }
  state->slices_per_revolution = ANGLE_OVERSAMPLING * (float)load_u16(&section[12]);
  state->phase = 0.0f;
  state->integral = 0.0f;
  state->samples = samples;
  state->capacity = capacity;
  state->count = 0;
  state->overflow = false;
}

void aurora_envelope_finish(aurora_envelope *state) {
  if (state->position > state->order) {
    whiten(state);
  }
  decimate(state);
}
