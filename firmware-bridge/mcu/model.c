/* Opens a model file: checks every byte that the engine and the features rely on, then hands out pointers into it. */
#include "model.h"

#include <stdbool.h>

#if !defined(AURORA_NO_FEATURES)
#include "features.h"
#endif
#include "sha256.h"

#define MAGIC 0x554d4341u
#define FORMAT 1u
#define MAX_LAYERS 16u
#define HEAD_BYTES ((uint32_t)sizeof(aurora_model_head))
#define LAYER_BYTES ((uint32_t)sizeof(aurora_model_layer))
#define HAS_FEATURES 1u

static bool is_width(uint32_t width) { return (width - 1u) < AURORA_MODEL_MAX_WIDTH; }

static uint32_t round_up_4(uint32_t value) { return (value + 3u) & ~3u; }

/* A positive float32 that is neither tiny, infinite nor no number: the integer requantisation takes no other. */
static bool is_scale(uint32_t bits) { return (bits - 0x00800000u) < 0x7f000000u; }

/*
 * Walks over the layers; returns the offset behind the last, or 0 when they do not fit to one another or into `end` bytes,
 * or hold a number on which a sum could run over (2^30 of bias and 128 * 255 * 128 of products are far from it). An entry of
 * the table is read when all of it is known to lie in the file; the first may lie in the digest, and then has no room behind it.
 */
static uint32_t measure_layers(const aurora_model_head *head, uint32_t end) {
  const aurora_model_layer *layer = (const aurora_model_layer *)(const void *)&head[1];
  const uint32_t layers = head->layers;
  uint32_t offset = HEAD_BYTES + (LAYER_BYTES * layers);
  uint32_t width = head->inputs;
  if ((layers - 1u) >= MAX_LAYERS) {
    return 0;
  }
  for (const aurora_model_layer *table_end = &layer[layers]; layer != table_end; layer++) {
    const uint32_t *numbers = &((const uint32_t *)(const void *)head)[offset / 4u]; /* biases, then multipliers */
    if ((layer->inputs != width) || !is_width(width)) {
      return 0;
    }
    width = layer->outputs;
    const uint32_t padded = round_up_4(width);
    offset += padded * (8u + round_up_4(layer->inputs));
    if (offset > end) {
      return 0;
    }
    for (uint32_t at = 0; at < padded; at++) {
      if (((numbers[at] + 0x40000000u) > 0x80000000u) || !is_scale(numbers[padded + at])) {
        return 0;
      }
    }
  }
  return ((width == head->outputs) && is_width(width)) ? offset : 0u;
}

aurora_model_fault aurora_model_open(const uint8_t *bytes, uint32_t size, aurora_model *out) {
  const aurora_model_head *head = (const aurora_model_head *)(const void *)bytes;
  if (((uintptr_t)bytes & 3u) != 0u) {
    return AURORA_MODEL_MISALIGNED;
  }
  if (size < HEAD_BYTES) {
    return AURORA_MODEL_SIZE;
  }
  if (head->magic != MAGIC) {
    return AURORA_MODEL_MAGIC;
  }
  if (head->format != FORMAT) {
    return AURORA_MODEL_FORMAT;
  }
  const uint32_t file_bytes = head->size_bytes;
  if ((file_bytes > size) || (file_bytes < (HEAD_BYTES + AURORA_SHA256_BYTES)) || ((file_bytes & 3u) != 0u)) {
    return AURORA_MODEL_SIZE;
  }
  const uint32_t end = file_bytes - AURORA_SHA256_BYTES;
  if (!aurora_sha256_fits(bytes, end, &bytes[end])) {
    return AURORA_MODEL_DIGEST;
  }
  const uint32_t raise_offset = measure_layers(head, end);
  const uint32_t *scales = (const uint32_t *)(const void *)&head->input_scale; /* input, output */
  if ((raise_offset == 0u) || !is_scale(scales[0]) || !is_scale(scales[1])) {
    return AURORA_MODEL_SHAPE;
  }
  /* Whatever lies between the thresholds and the digest is the feature section, if there is to be one. */
  const uint32_t after_raise = raise_offset + round_up_4(2u * head->outputs);
  const uint32_t features_bytes = end - after_raise;
  const bool has_features = features_bytes != 0u;
  if ((after_raise > end) || (head->features_bytes != features_bytes) ||
      (head->features_offset != (has_features ? after_raise : 0u)) ||
      ((head->flags & HAS_FEATURES) != (has_features ? HAS_FEATURES : 0u)) ||
      (head->name[AURORA_MODEL_NAME_BYTES - 1u] != '\0') || (head->version[AURORA_MODEL_VERSION_BYTES - 1u] != '\0')) {
    return AURORA_MODEL_SIZE;
  }
  out->head = head;
  out->raise_at = (const uint16_t *)(const void *)&bytes[raise_offset];
  out->features = has_features ? &bytes[after_raise] : (const uint8_t *)0;
#if !defined(AURORA_NO_FEATURES)
  if (has_features && !aurora_features_check(out)) {
    return AURORA_MODEL_FEATURES;
  }
#endif
  return AURORA_MODEL_OK;
}
