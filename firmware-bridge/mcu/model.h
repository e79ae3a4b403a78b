/*
 * model.mcu.bin: the student as data, run in place from flash (MODEL_FORMAT.md has the layout).
 * Opening checks everything that the engine relies on: magic, version, sizes, digest, shapes. What has been opened can
 * be run without a check. Bytes must stay where they are, 4-byte aligned, for as long as the model is used.
 */
#ifndef AURORA_MODEL_H
#define AURORA_MODEL_H

#include "bytes.h"

/* Widest layer, inputs or outputs, in steps of 4; sets the size of the scratch buffer. */
#ifndef AURORA_MODEL_MAX_WIDTH
#define AURORA_MODEL_MAX_WIDTH 128u
#endif
_Static_assert((AURORA_MODEL_MAX_WIDTH >= 4u) && (AURORA_MODEL_MAX_WIDTH <= 128u) && ((AURORA_MODEL_MAX_WIDTH % 4u) == 0u),
               "AURORA_MODEL_MAX_WIDTH: a multiple of 4 from 4 to 128");

#define AURORA_MODEL_NAME_BYTES 32u
#define AURORA_MODEL_VERSION_BYTES 16u

typedef enum {
  AURORA_MODEL_OK = 0,
  AURORA_MODEL_MISALIGNED = 1,
  AURORA_MODEL_MAGIC = 2,
  AURORA_MODEL_FORMAT = 3,  /* written for another format version */
  AURORA_MODEL_SIZE = 4,    /* cut short, or its parts do not add up */
  AURORA_MODEL_DIGEST = 5,
  AURORA_MODEL_SHAPE = 6,   /* no layers, too wide, or layers that do not fit to one another */
  AURORA_MODEL_FEATURES = 7 /* a feature list that this firmware cannot compute */
} aurora_model_fault;

/* The file's head as MODEL_FORMAT.md has it: little-endian as every Cortex-M, each number at a multiple of its size. */
typedef struct {
  uint32_t magic;
  uint16_t format;
  uint16_t flags;
  uint32_t size_bytes;
  uint32_t security_counter; /* semantic version as major << 24 | minor << 16 | patch */
  char name[AURORA_MODEL_NAME_BYTES];       /* zero-terminated */
  char version[AURORA_MODEL_VERSION_BYTES]; /* zero-terminated */
  uint16_t inputs;
  uint16_t outputs;
  uint8_t layers;
  uint8_t input_zero_point;
  uint8_t output_zero_point;
  uint8_t nothing;
  float input_scale;
  float output_scale;
  uint32_t features_offset;
  uint32_t features_bytes;
} aurora_model_head;

/* An entry of the table of layers, which follows the head. */
typedef struct {
  uint16_t inputs;
  uint16_t outputs;
  uint8_t output_zero_point;
  uint8_t nothing[3];
} aurora_model_layer;

/* An opened model; all pointers go into its bytes. */
typedef struct {
  const aurora_model_head *head; /* where the bytes begin */
  const uint16_t *raise_at;      /* one an output: quantised logit from which the output alarms; 256 means never */
  const uint8_t *features;       /* feature section (features.h), or a null pointer */
} aurora_model;

/* Opens `size` bytes; a file may be shorter than the slot that it lies in. `out` is valid after AURORA_MODEL_OK only. */
aurora_model_fault aurora_model_open(const uint8_t *bytes, uint32_t size, aurora_model *out);

#endif
