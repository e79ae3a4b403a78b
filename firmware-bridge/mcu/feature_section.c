/* Checks and reads the feature section of a model file. */
#include "feature_section.h"

#include "features.h"

#define HEADER_BYTES 40u
#define LOWEST_WHITENED_BLOCK 8u

/* Bytes of the filter at `at`: factor, taps, half of the taps and the middle one. */
static uint32_t filter_bytes(const uint8_t *at) { return 4u + (2u * (load_u16(&at[2]) + 1u)); }

static const uint8_t *find_filter(const uint8_t *section, uint32_t index) {
  const uint8_t *at = &section[HEADER_BYTES];
  for (uint32_t i = 0; i < index; i++) {
    at = &at[filter_bytes(at)];
  }
  return at;
}

const uint8_t *section_features(const uint8_t *section) { return find_filter(section, 1u + section[3]); }

void section_reset_filter(const uint8_t *section, uint32_t index, aurora_decimator *filter) {
  const uint8_t *at = find_filter(section, index);
  aurora_decimator_reset(filter, section_floats(&at[4]), (uint16_t)load_u16(&at[2]), (uint16_t)load_u16(at));
}

static bool check_feature(const uint8_t *feature) {
  const uint32_t harmonic = feature[3];
  const bool orders = (feature[1] < (uint32_t)ORDER_COUNT) && (feature[2] < (uint32_t)ORDER_COUNT) && (harmonic >= 1u) && (harmonic <= 16u);
  const float *numbers = section_floats(&feature[4]);
  const bool tolerance = (numbers[0] >= 0.0f) && (numbers[0] <= 0.1f);
  if (!(section_is_finite(numbers[1]) && section_is_finite(numbers[2]))) {
    return false;
  }
  switch (feature[0]) {
    case ORDER_LOG_SNR:
    case SIDE_BAND_LOG_SNR:
      return orders && tolerance;
    case ORDER_MARGIN:
      return orders && (feature[1] < (uint32_t)ORDER_FAULT_COUNT) && tolerance;
    case COMB_LOG_SNR:
    case COMB_LINE_LOG_SNR:
    case COMB_SIDE_LOG_SNR:
    case HALF_COMB_LOG_SNR:
      return orders && (feature[1] < (uint32_t)ORDER_SHAFT) && (harmonic <= AURORA_COMB_MOST_HARMONICS) && tolerance;
    default:
      return false;
  }
}

/* A limit of the mean itself would leave nothing. */
static bool check_chain(uint32_t kind, uint32_t limit) {
  switch (kind) {
    case SECTION_CHAIN_MAGNITUDE:
    case SECTION_CHAIN_ENERGY:
      return limit == 0u;
    case SECTION_CHAIN_HELD_MAGNITUDE:
    case SECTION_CHAIN_HELD_ENERGY:
      return limit >= 2u;
    default:
      return false;
  }
}

bool aurora_features_check(const aurora_model *model) {
  if (!aurora_rounds_as_written()) {
    return false; /* built so that the features would be others */
  }
  const uint8_t *section = model->features;
  const uint32_t size_bytes = model->head->features_bytes;
  if (size_bytes < HEADER_BYTES) {
    return false;
  }
  const uint32_t count = load_u16(section);
  const uint32_t order = load_u16(&section[4]);
  const uint32_t block = load_u16(&section[6]);
  const uint32_t fft = load_u16(&section[14]);
  const float *numbers = section_floats(section);
  if ((count != model->head->inputs) || (count > AURORA_FEATURES_MAX_COUNT) || 
      !check_chain(section[2], section[SECTION_LIMIT_BYTE]) ||
      (order > AURORA_ENVELOPE_MAX_ORDER) || (block > AURORA_ENVELOPE_MAX_BLOCK) ||
      (block < LOWEST_WHITENED_BLOCK) || (order > (block / 2u)) || (fft < 64u) || (fft > AURORA_FEATURES_MAX_FFT) ||
      ((fft & (fft - 1u)) != 0u)) {
    return false;
  }
  const float per_revolution = (float)load_u16(&section[12]);
  /* memory, median, guard, window length and hop, clamp; medians must fit into their table and their scratch. */
  if (!((numbers[SECTION_MEMORY] >= 0.0f) && (numbers[SECTION_MEMORY] < 1.0f) && (per_revolution >= 8.0f) &&
        (((0.4f * per_revolution) * 4.0f) < (float)(AURORA_SPECTRUM_MAX_FLOORS - 3u)) && (numbers[SECTION_FLOOR_ORDERS] >= 0.1f) &&
        (numbers[SECTION_FLOOR_ORDERS] <= 10.0f) && ((2.0f * numbers[SECTION_FLOOR_ORDERS] * (float)fft) < (per_revolution * (float)((fft / 2u) - 3u))) &&
        (numbers[SECTION_SHAFT_GUARD_ORDERS] >= 0.0f) && (numbers[SECTION_SHAFT_GUARD_ORDERS] <= 0.4f) && (numbers[SECTION_WINDOW_LENGTH] >= 0.001f) && (numbers[SECTION_WINDOW_LENGTH] <= 1000000.0f) && (numbers[SECTION_WINDOW_HOP] == numbers[SECTION_WINDOW_LENGTH]) &&
        (numbers[SECTION_CLAMP] > 0.0f))) {
    return false;
  }
  uint32_t offset = HEADER_BYTES;
  for (uint32_t i = 0; i <= section[3]; i++) {
    if ((offset + 4u) > size_bytes) {
      return false;
    }
    const uint32_t taps = load_u16(&section[offset + 2u]);
    /* The first is the envelope's, of factor 2; then those to the analysis rate, from factor 2 on. */
    if (((taps & 1u) == 0u) || (taps > AURORA_DECIMATOR_MAX_TAPS) ||
        (load_u16(&section[offset]) != ((i == 0u) ? 2u : (i + 1u)))) {
      return false;
    }
    offset += filter_bytes(&section[offset]);
    if (offset > size_bytes) {
      return false;
    }
  }
  if ((offset + (SECTION_FEATURE_BYTES * count)) != size_bytes) {
    return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    if (!check_feature(&section[offset + (SECTION_FEATURE_BYTES * i)])) {
      return false;
    }
  }
  return true;
}

bool aurora_features_window(const aurora_model *model, aurora_window_spec *out) {
  if (model->features == (const uint8_t *)0) {
    return false;
  }
  const float *numbers = section_floats(model->features);
  out->revolutions = model->features[24] == 0u;
  out->length = numbers[SECTION_WINDOW_LENGTH];
  return true;
}
