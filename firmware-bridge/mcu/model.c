/* Opens a model file: checks every byte that the engine and the features rely on, then hands out pointers into it. */
#include "model.h"

#include <stdbool.h>

#if !defined(AURORA_NO_FEATURES)
#include "features.h"
#endif
#include "sha256.h"

#define MAGIC 0x554d4341u
#define FORMAT 1u
#define HEADER_BYTES 88u
#define LAYER_BYTES 8u
#define MAX_LAYERS 16u
#define HAS_FEATURES 1u

static uint32_t read_u16(const uint8_t *at) { return (uint32_t)at[0] | ((uint32_t)at[1] << 8); }

static uint32_t read_u32(const uint8_t *at) { return read_u16(at) | (read_u16(&at[2]) << 16); }

/* The file is aligned and so is every float in it; a pointer cast through void keeps -Wcast-align. */
static float read_f32(const uint8_t *at) { return *(const float *)(const void *)at; }

static uint32_t round_up_4(uint32_t value) { return (value + 3u) & ~3u; }

static bool digest_fits(const uint8_t *bytes, uint32_t length) {
  aurora_sha256 hash;
  uint8_t digest[AURORA_SHA256_BYTES];
  uint8_t difference = 0;
  aurora_sha256_begin(&hash);
  aurora_sha256_update(&hash, bytes, length);
  aurora_sha256_end(&hash, digest);
  for (uint32_t i = 0; i < AURORA_SHA256_BYTES; i++) {
    difference = (uint8_t)(difference | (digest[i] ^ bytes[length + i]));
  }
  return difference == 0u;
}

/* Walks over the layers; returns the offset behind the last, or 0 when they do not fit to one another. */
static uint32_t measure_layers(const uint8_t *bytes, uint32_t layers, uint32_t inputs, uint32_t outputs) {
  uint32_t offset = HEADER_BYTES + LAYER_BYTES * layers;
  uint32_t width = inputs;
  for (uint32_t i = 0; i < layers; i++) {
    const uint8_t *layer = &bytes[HEADER_BYTES + LAYER_BYTES * i];
    const uint32_t from = read_u16(layer);
    const uint32_t to = read_u16(&layer[2]);
    if ((from != width) || (to == 0u) || (to > AURORA_MODEL_MAX_WIDTH)) {
      return 0;
    }
    offset += round_up_4(to) * (8u + round_up_4(from));
    width = to;
  }
  return (width == outputs) ? offset : 0u;
}

aurora_model_fault aurora_model_open(const uint8_t *bytes, uint32_t size, aurora_model *out) {
  if (((uintptr_t)bytes & 3u) != 0u) {
    return AURORA_MODEL_MISALIGNED;
  }
  if (size < HEADER_BYTES) {
    return AURORA_MODEL_SIZE;
  }
  if (read_u32(bytes) != MAGIC) {
    return AURORA_MODEL_MAGIC;
  }
  if (read_u16(&bytes[4]) != FORMAT) {
    return AURORA_MODEL_FORMAT;
  }
  const uint32_t file_bytes = read_u32(&bytes[8]);
  if ((file_bytes > size) || (file_bytes < (HEADER_BYTES + LAYER_BYTES + AURORA_SHA256_BYTES)) ||
      ((file_bytes & 3u) != 0u)) {
    return AURORA_MODEL_SIZE;
  }
  const uint32_t end = file_bytes - AURORA_SHA256_BYTES;
  if (!digest_fits(bytes, end)) {
    return AURORA_MODEL_DIGEST;
  }
  const uint32_t inputs = read_u16(&bytes[64]);
  const uint32_t outputs = read_u16(&bytes[66]);
  const uint32_t layers = bytes[68];
  if ((layers == 0u) || (layers > MAX_LAYERS) || (inputs == 0u) || (inputs > AURORA_MODEL_MAX_WIDTH)) {
    return AURORA_MODEL_SHAPE;
  }
  if ((HEADER_BYTES + LAYER_BYTES * layers) > end) {
    return AURORA_MODEL_SIZE;
  }
  const uint32_t raise_offset = measure_layers(bytes, layers, inputs, outputs);
  if (raise_offset == 0u) {
    return AURORA_MODEL_SHAPE;
  }
  const uint32_t after_raise = raise_offset + round_up_4(2u * outputs);
  const uint32_t has_features = read_u16(&bytes[6]) & HAS_FEATURES;
  const uint32_t features_offset = read_u32(&bytes[80]);
  const uint32_t features_bytes = read_u32(&bytes[84]);
  if ((after_raise > end) || (features_bytes != (end - after_raise)) ||
      (features_offset != ((has_features != 0u) ? after_raise : 0u)) || ((has_features != 0u) != (features_bytes != 0u)) ||
      (bytes[47] != 0u) || (bytes[63] != 0u)) {
    return AURORA_MODEL_SIZE;
  }
  out->bytes = bytes;
  out->size_bytes = file_bytes;
  out->security_counter = read_u32(&bytes[12]);
  out->name = (const char *)&bytes[16];
  out->version = (const char *)&bytes[48];
  out->inputs = (uint16_t)inputs;
  out->outputs = (uint16_t)outputs;
  out->layers = (uint8_t)layers;
  out->input_zero_point = bytes[69];
  out->output_zero_point = bytes[70];
  out->input_scale = read_f32(&bytes[72]);
  out->output_scale = read_f32(&bytes[76]);
  out->raise_at = (const uint16_t *)(const void *)&bytes[raise_offset];
  out->features = (has_features != 0u) ? &bytes[after_raise] : (const uint8_t *)0;
  out->features_bytes = features_bytes;
#if !defined(AURORA_NO_FEATURES)
  if ((has_features != 0u) && ((read_u16(out->features) != inputs) ||
                               !aurora_features_check(out->features, features_bytes))) {
    return AURORA_MODEL_FEATURES;
  }
#endif
  return AURORA_MODEL_OK;
}
