/* See envelope.h. */
#include "envelope.h"

#include "feature_section.h"

#define ANGLE_OVERSAMPLING 2.0f
#define RIDGE 1.0001f /* white noise 40 dB below the signal */
#define HIGH_PASS_POLE 0.99f
#define SMALLEST_ERROR 1e-12f

static float magnitude_of(float value) { return (value < 0.0f) ? -value : value; }

static void add_slice(aurora_envelope *state, float slice) {
  float sample;
  if (aurora_decimator_push(&state->angle, slice, &sample)) {
    if (state->count < state->capacity) {
      state->samples[state->count] = sample;
      state->count++;
    } else {
      state->overflow = true;
    }
  }
}

/* |residual| integrated over equal slices of a revolution. */
static void add_envelope(aurora_envelope *state, const float *residual, uint32_t length, float revolutions_a_sample) {
  const float step = revolutions_a_sample * state->slices_per_revolution;
  float phase = state->phase;
  float integral = state->integral;
  for (uint32_t i = 0; i < length; i++) {
    const float magnitude = magnitude_of(residual[i]);
    float next = phase + step;
    if (next < 1.0f) {
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

/* Levinson 1947, Durbin 1960; stops where the prediction error vanishes, with the other coefficients 0. */
static void solve_prediction(const float *products, uint32_t order, float *coefficients) {
  float scratch[AURORA_ENVELOPE_MAX_ORDER + 1u];
  const float energy = products[0];
  float error = energy;
  coefficients[0] = 1.0f;
  for (uint32_t k = 1u; k <= order; k++) {
    coefficients[k] = 0.0f;
  }
  if (!(energy > 0.0f)) {
    return;
  }
  for (uint32_t m = 1u; m <= order; m++) {
    float sum = products[m];
    for (uint32_t k = 1u; k < m; k++) {
      sum += coefficients[k] * products[m - k];
    }
    const float reflection = -sum / error;
    const float next = error * (1.0f - (reflection * reflection));
    if (!(next > (energy * SMALLEST_ERROR))) {
      return;
    }
    for (uint32_t k = 1u; k < m; k++) {
      scratch[k] = coefficients[k] + (reflection * coefficients[m - k]);
    }
    for (uint32_t k = 1u; k < m; k++) {
      coefficients[k] = scratch[k];
    }
    coefficients[m] = reflection;
    error = next;
  }
}

static void filter_high_pass(aurora_envelope *state) {
  float *block = state->block;
  /* It starts at the first sample's level, so that a dead signal leaves exactly nothing. */
  float raw = state->first_block ? block[state->order] : state->last_raw;
  float high = state->last_high;
  for (uint32_t i = state->order; i < state->position; i++) {
    high = (block[i] - raw) + (HIGH_PASS_POLE * high);
    raw = block[i];
    block[i] = high;
  }
  state->last_raw = raw;
  state->last_high = high;
}

static void compute_coefficients(aurora_envelope *state, float *coefficients) {
  const float *block = state->block;
  const uint32_t order = state->order;
  float products[AURORA_ENVELOPE_MAX_ORDER + 1u];
  for (uint32_t lag = 0; lag <= order; lag++) {
    float sum = 0.0f;
    for (uint32_t i = order; i < state->position; i++) {
      sum += block[i] * block[i - lag];
    }
    state->faded[lag] = sum + (state->memory * state->faded[lag]);
    products[lag] = state->faded[lag];
  }
  products[0] *= RIDGE;
  solve_prediction(products, order, coefficients);
}

static void whiten(aurora_envelope *state) {
  const uint32_t order = state->order;
  const uint32_t length = (uint32_t)state->position - order;
  float coefficients[AURORA_ENVELOPE_MAX_ORDER + 1u];
  float residual[AURORA_ENVELOPE_MAX_BLOCK];
  float *block = state->block;
  filter_high_pass(state);
  compute_coefficients(state, coefficients);
  for (uint32_t i = 0; i < length; i++) {
    const float *now = &block[order + i];
    float error = now[0];
    for (uint32_t k = 1u; k <= order; k++) {
      error += coefficients[k] * *(now - k);
    }
    residual[i] = error;
  }
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

void aurora_envelope_push(aurora_envelope *state, float sample, float revolutions_a_sample) {
  const uint32_t segments = state->segments;
  if ((segments == 0u) || ((segments < AURORA_ENVELOPE_MAX_SEGMENTS) &&
                           (state->segment_speed[segments - 1u] != revolutions_a_sample))) {
    if (segments > 0u) {
      state->segment_end[segments - 1u] = state->position;
    }
    state->segment_speed[segments] = revolutions_a_sample;
    state->segments++;
  }
  state->block[state->position] = sample;
  state->position++;
  if (state->position == state->limit) {
    whiten(state);
  }
}

void aurora_envelope_begin(aurora_envelope *state, const uint8_t *section, float *samples, uint32_t capacity) {
  section_reset_filter(section, 0u, &state->angle);
  state->memory = section_floats(section)[SECTION_MEMORY];
  state->order = (uint16_t)section_u16(&section[4]);
  state->limit = (uint16_t)(state->order + section_u16(&section[6]));
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
  state->slices_per_revolution = ANGLE_OVERSAMPLING * (float)section_u16(&section[12]);
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
}
