/*
 * See features.h. The same steps in the same sequence as src/features/envelope-order-chain.ts and what it calls, in
 * float32 where that has float64.
 */
#include "features.h"

#include "float_math.h"

#define SECTION_HEADER_BYTES 40u
#define FEATURE_BYTES 16u
#define CHAIN_ENVELOPE_ORDER 1u
#define ANALYSIS_RATE_HZ 12000.0f
#define ANGLE_OVERSAMPLING 2.0f
#define LOWEST_WHITENED_BLOCK 8u
#define RIDGE 1.0001f           /* white noise 40 dB below the signal */
#define HIGH_PASS_POLE 0.99f
#define SMALLEST_ERROR 1e-12f
#define MOST_REVOLUTIONS_A_SAMPLE 0.5f
#define ORDERS 5u
#define FAULT_ORDERS 3u
#define SHAFT 4u

enum { ORDER_LOG_SNR = 0, SIDE_BAND_LOG_SNR = 1, ORDER_MARGIN = 2, ENVELOPE_KURTOSIS = 3, ENVELOPE_CREST = 4 };

static uint32_t read_u16(const uint8_t *at) { return (uint32_t)at[0] | ((uint32_t)at[1] << 8); }

static const float *floats_at(const uint8_t *at) { return (const float *)(const void *)at; }

static float magnitude_of(float value) { return (value < 0.0f) ? -value : value; }

static bool is_finite(float value) { return (value - value) == 0.0f; }

/* Bytes of the filter at `at`: factor, taps, half of the taps and the middle one. */
static uint32_t filter_bytes(const uint8_t *at) { return 4u + (2u * (read_u16(&at[2]) + 1u)); }

static const uint8_t *find_filter(const uint8_t *section, uint32_t index) {
  const uint8_t *at = &section[SECTION_HEADER_BYTES];
  for (uint32_t i = 0; i < index; i++) {
    at = &at[filter_bytes(at)];
  }
  return at;
}

static const uint8_t *find_list(const uint8_t *section) { return find_filter(section, 1u + section[3]); }

static void reset_filter(aurora_decimator *filter, const uint8_t *at) {
  aurora_decimator_reset(filter, floats_at(&at[4]), (uint16_t)read_u16(&at[2]), (uint16_t)read_u16(at));
}

static bool check_feature(const uint8_t *feature) {
  const uint32_t harmonic = feature[3];
  const bool orders = (feature[1] < ORDERS) && (feature[2] < ORDERS) && (harmonic >= 1u) && (harmonic <= 16u);
  const float *numbers = floats_at(&feature[4]);
  if (!(is_finite(numbers[1]) && is_finite(numbers[2]))) {
    return false;
  }
  switch (feature[0]) {
    case ORDER_LOG_SNR:
    case SIDE_BAND_LOG_SNR:
      return orders && (numbers[0] >= 0.0f) && (numbers[0] <= 0.1f);
    case ORDER_MARGIN:
      return orders && (feature[1] < FAULT_ORDERS) && (numbers[0] >= 0.0f) && (numbers[0] <= 0.1f);
    case ENVELOPE_KURTOSIS:
    case ENVELOPE_CREST:
      return true;
    default:
      return false;
  }
}

bool aurora_features_check(const uint8_t *section, uint32_t size_bytes) {
  if (size_bytes < SECTION_HEADER_BYTES) {
    return false;
  }
  const uint32_t count = read_u16(section);
  const uint32_t order = read_u16(&section[4]);
  const uint32_t block = read_u16(&section[6]);
  const uint32_t fft = read_u16(&section[14]);
  const float *numbers = floats_at(section);
  if ((count == 0u) || (count > AURORA_FEATURES_MAX_COUNT) || (section[2] != CHAIN_ENVELOPE_ORDER) ||
      (order > AURORA_FEATURES_MAX_WHITENING_ORDER) || (block > AURORA_FEATURES_MAX_WHITENING_BLOCK) ||
      (block < LOWEST_WHITENED_BLOCK) || (order > (block / 2u)) || (fft < 64u) || (fft > AURORA_FEATURES_MAX_FFT) ||
      ((fft & (fft - 1u)) != 0u)) {
    return false;
  }
  const float per_revolution = (float)read_u16(&section[12]);
  /* memory, median, guard, window length and hop, clamp; medians must fit into their table and their scratch. */
  if (!((numbers[2] >= 0.0f) && (numbers[2] < 1.0f) && (per_revolution >= 8.0f) &&
        (((0.4f * per_revolution) * 4.0f) < (float)(AURORA_SPECTRUM_MAX_FLOORS - 3u)) && (numbers[4] >= 0.1f) &&
        (numbers[4] <= 10.0f) && ((2.0f * numbers[4] * (float)fft) < (per_revolution * (float)((fft / 2u) - 3u))) &&
        (numbers[5] >= 0.0f) && (numbers[5] <= 0.4f) && (numbers[7] > 0.0f) && (numbers[8] > 0.0f) &&
        (numbers[9] > 0.0f))) {
    return false;
  }
  uint32_t offset = SECTION_HEADER_BYTES;
  for (uint32_t i = 0; i <= section[3]; i++) {
    if ((offset + 4u) > size_bytes) {
      return false;
    }
    const uint32_t taps = read_u16(&section[offset + 2u]);
    /* The first is the envelope's, of factor 2; then those to the analysis rate, from factor 2 on. */
    if (((taps & 1u) == 0u) || (taps > AURORA_DECIMATOR_MAX_TAPS) ||
        (read_u16(&section[offset]) != ((i == 0u) ? 2u : (i + 1u)))) {
      return false;
    }
    offset += filter_bytes(&section[offset]);
    if (offset > size_bytes) {
      return false;
    }
  }
  if ((offset + (FEATURE_BYTES * count)) != size_bytes) {
    return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (!check_feature(&section[offset + (FEATURE_BYTES * i)])) {
      return false;
    }
  }
  return true;
}

bool aurora_features_window(const aurora_model *model, aurora_window_spec *out) {
  if (model->features == (const uint8_t *)0) {
    return false;
  }
  const float *numbers = floats_at(model->features);
  out->revolutions = model->features[24] == 0u;
  out->length = numbers[7];
  out->hop = numbers[8];
  return true;
}

static float order_of(const aurora_bearing *bearing, uint32_t name) {
  const float orders[ORDERS] = {bearing->bpfo, bearing->bpfi, bearing->bsf, bearing->ftf, 1.0f};
  return orders[name];
}

/* Highest order that a feature looks at. */
static float highest_order(const aurora_bearing *bearing, const uint8_t *feature) {
  const float tolerance = floats_at(&feature[4])[0];
  float order = order_of(bearing, feature[1]);
  if (feature[0] >= ENVELOPE_KURTOSIS) {
    return 0.0f;
  }
  if (feature[0] == ORDER_MARGIN) {
    for (uint32_t name = 0; name < FAULT_ORDERS; name++) {
      const float other = order_of(bearing, name);
      order = (other > order) ? other : order;
    }
  }
  order *= (float)feature[3];
  if (feature[0] == SIDE_BAND_LOG_SNR) {
    order += order_of(bearing, feature[2]);
  }
  return order * (1.0f + tolerance);
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
  const float per_revolution = (float)read_u16(&section[12]);
  const uint8_t *list = find_list(section);
  for (uint32_t i = 0; i < model->inputs; i++) {
    if (!(highest_order(bearing, &list[FEATURE_BYTES * i]) <= (0.4f * per_revolution))) {
      return false;
    }
  }
  const float *numbers = floats_at(section);
  state->model = model;
  state->bearing = *bearing;
  state->factor = factor;
  state->analysis_hz = sample_rate_hz / (float)factor;
  if (factor > 1u) {
    reset_filter(&state->decimator, find_filter(section, factor - 1u));
  }
  reset_filter(&state->angle, find_filter(section, 0u));
  state->memory = numbers[2];
  state->order = (uint16_t)read_u16(&section[4]);
  state->limit = (uint16_t)(state->order + read_u16(&section[6]));
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
  state->slices_per_revolution = ANGLE_OVERSAMPLING * per_revolution;
  state->phase = 0.0f;
  state->integral = 0.0f;
  state->capacity = read_u16(&section[14]);
  state->count = 0;
  state->spoiled = false;
  aurora_spectrum_set(&state->spectrum, state->buffer, state->capacity, per_revolution, numbers[4], numbers[5]);
  return true;
}

static void add_slice(aurora_features *state, float slice) {
  float sample;
  if (aurora_decimator_push(&state->angle, slice, &sample)) {
    if (state->count < state->capacity) {
      state->buffer[state->count] = sample;
      state->count++;
    } else {
      state->spoiled = true;
    }
  }
}

/* |residual| integrated over equal slices of a revolution. */
static void add_envelope(aurora_features *state, const float *residual, uint32_t length, float revolutions_a_sample) {
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
  float scratch[AURORA_FEATURES_MAX_WHITENING_ORDER + 1u];
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

static void filter_high_pass(aurora_features *state) {
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

static void compute_coefficients(aurora_features *state, float *coefficients) {
  const float *block = state->block;
  const uint32_t order = state->order;
  float products[AURORA_FEATURES_MAX_WHITENING_ORDER + 1u];
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

static void whiten(aurora_features *state) {
  const uint32_t order = state->order;
  const uint32_t length = (uint32_t)state->position - order;
  float coefficients[AURORA_FEATURES_MAX_WHITENING_ORDER + 1u];
  float residual[AURORA_FEATURES_MAX_WHITENING_BLOCK];
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

static void add_sample(aurora_features *state, float sample, float revolutions_a_sample) {
  const uint32_t segments = state->segments;
  if ((segments == 0u) || ((segments < AURORA_FEATURES_MAX_SEGMENTS) &&
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

void aurora_features_push(aurora_features *state, const int16_t *counts, uint32_t length, float scale, float shaft_rpm) {
  const float revolutions_a_sample = (shaft_rpm / 60.0f) / state->analysis_hz;
  if (!((revolutions_a_sample > 0.0f) && (revolutions_a_sample < MOST_REVOLUTIONS_A_SAMPLE))) {
    state->spoiled = true;
    return;
  }
  for (uint32_t i = 0; i < length; i++) {
    float sample = (float)counts[i] * scale;
    if ((state->factor == 1u) || aurora_decimator_push(&state->decimator, sample, &sample)) {
      add_sample(state, sample, revolutions_a_sample);
    }
  }
}

/* ln of kurtosis or of the crest factor of the envelope, before it becomes a spectrum. */
static float envelope_statistic(const aurora_features *state, bool kurtosis) {
  const float count = (float)state->count;
  float mean = 0.0f;
  for (uint32_t i = 0; kurtosis && (i < state->count); i++) {
    mean += state->buffer[i];
  }
  mean /= count;
  float second = 0.0f;
  float fourth = 0.0f;
  float peak = 0.0f;
  for (uint32_t i = 0; i < state->count; i++) {
    const float deviation = state->buffer[i] - mean;
    const float square = deviation * deviation;
    second += square;
    fourth += square * square;
    peak = (deviation > peak) ? deviation : peak;
  }
  /* A dead signal: 0/0 below must not reach the logarithm. */
  if (!((second > 0.0f) && (peak > 0.0f) && (fourth > 0.0f))) {
    return (second - second) / (second - second);
  }
  return kurtosis ? aurora_log((fourth * count) / (second * second)) : aurora_log(peak / aurora_sqrt(second / count));
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
  float means[FAULT_ORDERS];
  float rival = 0.0f;
  bool known = false;
  for (uint32_t name = 0; name < FAULT_ORDERS; name++) {
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

static bool evaluate(aurora_features *state, const uint8_t *feature, float *out) {
  const float tolerance = floats_at(&feature[4])[0];
  switch (feature[0]) {
    case ORDER_LOG_SNR:
      return aurora_spectrum_log_snr(&state->spectrum, order_of(&state->bearing, feature[1]) * (float)feature[3],
                                     tolerance, feature[1] == SHAFT, out);
    case SIDE_BAND_LOG_SNR:
      return side_bands(state, feature, tolerance, out);
    case ORDER_MARGIN:
      return margin(state, feature[1], feature[3], tolerance, out);
    default:
      return is_finite(*out); /* computed from the envelope */
  }
}

bool aurora_features_finish(aurora_features *state, float *features) {
  const uint32_t count = state->model->inputs;
  const uint8_t *list = find_list(state->model->features);
  if (state->position > state->order) {
    whiten(state);
  }
  if (state->spoiled || (state->count == 0u)) {
    return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    const uint8_t operator_number = list[FEATURE_BYTES * i];
    features[i] = (operator_number >= ENVELOPE_KURTOSIS)
                      ? envelope_statistic(state, operator_number == ENVELOPE_KURTOSIS)
                      : 0.0f;
  }
  aurora_spectrum_compute(&state->spectrum, state->count);
  for (uint32_t i = 0; i < count; i++) {
    if (!evaluate(state, &list[FEATURE_BYTES * i], &features[i])) {
      return false;
    }
  }
  return true;
}

void aurora_features_quantise(const aurora_model *model, const float *features, uint8_t *quantised) {
  const uint8_t *list = find_list(model->features);
  const float clamp = floats_at(model->features)[9];
  const float zero_point = (float)model->input_zero_point;
  for (uint32_t i = 0; i < model->inputs; i++) {
    const float *numbers = floats_at(&list[(FEATURE_BYTES * i) + 4u]);
    float value = (features[i] - numbers[1]) * numbers[2];
    value = (value > clamp) ? clamp : ((value < -clamp) ? -clamp : value);
    value /= model->input_scale;
    /* Clamped before rounding, which is the same for whole bounds; 1.5 * 2^23 rounds half to even. */
    value = (value > (255.0f - zero_point)) ? (255.0f - zero_point) : ((value < -zero_point) ? -zero_point : value);
    quantised[i] = (uint8_t)(((value + 12582912.0f) - 12582912.0f) + zero_point);
  }
}
