/*
 * See features.h. The same steps in the same sequence as src/core/features/envelope-order-chain.ts and what it calls, in
 * float32 where that has float64.
 */
#include "features.h"

#include "bytes.h"
#include "feature_section.h"
#include "float_math.h"

#define ANALYSIS_RATE_HZ 12000.0f
#define MOST_REVOLUTIONS_A_SAMPLE 0.5f

static float order_of(const aurora_bearing *bearing, uint32_t name) {
  const float orders[ORDER_COUNT] = {bearing->bpfo, bearing->bpfi, bearing->bsf, bearing->ftf, 1.0f};
  return orders[name];
}

/* Of a comb with side bands. */
static bool has_side_bands(uint32_t operator_number) {
  return (operator_number == COMB_LINE_LOG_SNR) || (operator_number == COMB_SIDE_LOG_SNR);
}

/* Of the order that a comb is named by. */
static float share_of(uint32_t operator_number) { return (operator_number == HALF_COMB_LOG_SNR) ? 0.5f : 1.0f; }

/* Highest order that a feature looks at. */
static float highest_order(const aurora_bearing *bearing, const uint8_t *feature) {
  const float tolerance = section_floats(&feature[4])[0];
  float order = order_of(bearing, feature[1]);
  if (feature[0] == ORDER_MARGIN) {
    for (uint32_t name = 0; name < (uint32_t)ORDER_FAULT_COUNT; name++) {
      const float other = order_of(bearing, name);
      order = (other > order) ? other : order;
    }
  }
  order *= share_of(feature[0]) * (float)feature[3];
  if (feature[0] == SIDE_BAND_LOG_SNR) {
    order += order_of(bearing, feature[2]);
  }
  order *= 1.0f + tolerance;
  return has_side_bands(feature[0]) ? (order + order_of(bearing, feature[2])) : order;
}

bool aurora_features_begin(aurora_features *state, const aurora_model *model, float sample_rate_hz,
                           const aurora_bearing *bearing) {
  const uint8_t *section = model->features;
  if ((section == (const uint8_t *)0) || !((sample_rate_hz >= 100.0f) && (sample_rate_hz <= 1.0e6f))) {
    return false;
  }
  const uint32_t whole = (uint32_t)(sample_rate_hz / ANALYSIS_RATE_HZ);
  const uint32_t factor = (whole < 1u) ? 1u : whole;
  if ((factor - 1u) > section[3]) {
    return false;
  }
  const float per_revolution = (float)load_u16(&section[12]);
  const uint8_t *list = section_features(section);
  for (uint32_t i = 0; i < model->head->inputs; i++) {
    if (!(highest_order(bearing, &list[SECTION_FEATURE_BYTES * i]) <= (0.4f * per_revolution))) {
      return false;
    }
  }
  const float *numbers = section_floats(section);
  const uint32_t size = load_u16(&section[14]);
  state->model = model;
  state->bearing = *bearing;
  state->factor = factor;
  state->analysis_hz = sample_rate_hz / (float)factor;
  state->spoiled = false;
  if (factor > 1u) {
    section_reset_filter(section, factor - 1u, &state->decimator);
  }
  aurora_envelope_begin(&state->envelope, section, state->buffer, size);
  aurora_spectrum_set(&state->spectrum, state->buffer, size, per_revolution, numbers[SECTION_FLOOR_ORDERS],
                      numbers[SECTION_SHAFT_GUARD_ORDERS], (float)section[SECTION_LIMIT_BYTE]);
  return true;
}

static void scale_counts(const int16_t *counts, uint32_t length, float scale, float *to) {
  for (const float *end = &to[AURORA_BY_FOURS(length)]; to != end; to += 4) {
    const float first = (float)counts[0];
    const float second = (float)counts[1];
    const float third = (float)counts[2];
    const float fourth = (float)counts[3];
    to[0] = first * scale;
    to[1] = second * scale;
    to[2] = third * scale;
    to[3] = fourth * scale;
    counts += 4;
  }
  for (uint32_t i = 0; i < (length - AURORA_BY_FOURS(length)); i++) {
    to[i] = (float)counts[i] * scale;
  }
}

/* Samples at the analysis rate. */
static void push_outputs(aurora_envelope *envelope, const float *outputs, uint32_t count, float revolutions_a_sample) {
  while (count > 0u) {
    uint32_t room;
    float *to = aurora_envelope_room(envelope, revolutions_a_sample, &room);
    const uint32_t now = smaller(count, room);
    (void)memcpy(to, outputs, now * sizeof(float));
    aurora_envelope_take(envelope, now);
    outputs += now;
    count -= now;
  }
}

void aurora_features_push(aurora_features *state, const int16_t *counts, uint32_t length, float scale, float shaft_rpm) {
  aurora_decimator *decimator = &state->decimator;
  const float revolutions_a_sample = (shaft_rpm / 60.0f) / state->analysis_hz;
  if (!((revolutions_a_sample > 0.0f) && (revolutions_a_sample < MOST_REVOLUTIONS_A_SAMPLE))) {
    state->spoiled = true;
    return;
  }
  while (length > 0u) {
    uint32_t now;
    if (state->factor == 1u) {
      uint32_t room;
      float *to = aurora_envelope_room(&state->envelope, revolutions_a_sample, &room);
      now = smaller(length, room);
      scale_counts(counts, now, scale, to);
      aurora_envelope_take(&state->envelope, now);
    } else {
      float outputs[AURORA_DECIMATOR_ROOM / 2u];
      now = smaller(length, AURORA_DECIMATOR_ROOM - decimator->held);
      scale_counts(counts, now, scale, &decimator->samples[decimator->held]);
      decimator->held = (uint16_t)(decimator->held + now);
      /* At this speed: nothing stays behind that could be an output. */
      const uint32_t count = aurora_decimator_run(decimator, outputs, AURORA_DECIMATOR_ROOM / 2u);
      push_outputs(&state->envelope, outputs, count, revolutions_a_sample);
    }
    counts += now;
    length -= now;
  }
}

static bool mean_log_snr(aurora_features *state, uint32_t name, uint32_t harmonics, float tolerance, float *out) {
  float sum = 0.0f;
  for (uint32_t harmonic = 1u; harmonic <= harmonics; harmonic++) {
    float ratio;
    if (!aurora_spectrum_log_snr(&state->spectrum, order_of(&state->bearing, name) * (float)harmonic, tolerance, false,
                                 &ratio)) {
      return false;
    }
    sum += ratio;
  }
  *out = sum / (float)harmonics;
  return true;
}

static bool side_bands(aurora_features *state, const uint8_t *feature, float tolerance, float *out) {
  const float centre = order_of(&state->bearing, feature[1]) * (float)feature[3];
  const float distance = order_of(&state->bearing, feature[2]);
  float lower;
  if (!aurora_spectrum_log_snr(&state->spectrum, centre + distance, tolerance, false, out)) {
    return false;
  }
  /* A lower side band at or below zero order does not exist. */
  if ((centre - distance) < AURORA_SPECTRUM_LOWEST_ORDER) {
    return true;
  }
  if (!aurora_spectrum_log_snr(&state->spectrum, centre - distance, tolerance, false, &lower)) {
    return false;
  }
  *out = (lower + *out) / 2.0f;
  return true;
}

static bool margin(aurora_features *state, uint32_t own, uint32_t harmonics, float tolerance, float *out) {
  float means[ORDER_FAULT_COUNT];
  float rival = 0.0f;
  bool known = false;
  for (uint32_t name = 0; name < (uint32_t)ORDER_FAULT_COUNT; name++) {
    if (!mean_log_snr(state, name, harmonics, tolerance, &means[name])) {
      return false;
    }
    if ((name != own) && (!known || (means[name] > rival))) {
      rival = means[name];
      known = true;
    }
  }
  *out = means[own] - rival;
  return true;
}

static bool fit_comb(aurora_features *state, const uint8_t *feature, float tolerance, float *out) {
  const aurora_comb comb = {
      .order = share_of(feature[0]) * order_of(&state->bearing, feature[1]),
      .harmonics = feature[3],
      .tolerance = tolerance,
      .spacing = has_side_bands(feature[0]) ? order_of(&state->bearing, feature[2]) : 0.0f,
  };
  if (!aurora_comb_find(&state->comb, &state->spectrum, &comb)) {
    return false;
  }
  *out = (feature[0] == COMB_SIDE_LOG_SNR) ? state->comb.side_bands : state->comb.lines;
  return true;
}

static bool evaluate(aurora_features *state, const uint8_t *feature, float *out) {
  const float tolerance = section_floats(&feature[4])[0];
  switch (feature[0]) {
    case ORDER_LOG_SNR:
      return aurora_spectrum_log_snr(&state->spectrum, order_of(&state->bearing, feature[1]) * (float)feature[3],
                                     tolerance, feature[1] == (uint32_t)ORDER_SHAFT, out);
    case SIDE_BAND_LOG_SNR:
      return side_bands(state, feature, tolerance, out);
    case ORDER_MARGIN:
      return margin(state, feature[1], feature[3], tolerance, out);
    case COMB_LOG_SNR:
    case COMB_LINE_LOG_SNR:
    case COMB_SIDE_LOG_SNR:
    case HALF_COMB_LOG_SNR:
      return fit_comb(state, feature, tolerance, out);
    default:
      return false;
  }
}

bool aurora_features_finish(aurora_features *state, float *features) {
  const uint32_t count = state->model->head->inputs;
  const uint8_t *list = section_features(state->model->features);
  aurora_envelope_finish(&state->envelope);
  if (state->spoiled || state->envelope.overflow || (state->envelope.count == 0u)) {
    return false;
  }
  aurora_spectrum_compute(&state->spectrum, state->envelope.count);
  aurora_comb_forget(&state->comb);
  for (uint32_t i = 0; i < count; i++) {
    if (!evaluate(state, &list[SECTION_FEATURE_BYTES * i], &features[i])) {
      return false;
    }
  }
  return true;
}

void aurora_features_quantise(const aurora_model *model, const float *features, uint8_t *quantised) {
  const uint8_t *list = section_features(model->features);
  const float clamp = section_floats(model->features)[SECTION_CLAMP];
  const float zero_point = (float)model->head->input_zero_point;
  for (uint32_t i = 0; i < model->head->inputs; i++) {
    const float *numbers = section_floats(&list[(SECTION_FEATURE_BYTES * i) + 4u]);
    float value = (features[i] - numbers[1]) * numbers[2];
    value = (value > clamp) ? clamp : ((value < -clamp) ? -clamp : value);
    value /= model->head->input_scale;
    /* Clamped before rounding, which is the same for whole bounds; 1.5 * 2^23 rounds half to even. */
    value = (value > (255.0f - zero_point)) ? (255.0f - zero_point) : ((value < -zero_point) ? -zero_point : value);
    quantised[i] = (uint8_t)(((value + 12582912.0f) - 12582912.0f) + zero_point);
  }
}
