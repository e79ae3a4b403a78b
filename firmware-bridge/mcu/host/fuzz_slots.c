/*
 * libFuzzer: models and slots. The input fills the first slot's image; digests and MAC are made right, so that what lies behind
 * them is reached: the model's parser, the engine, the features. What opens must run without a fault on any input.
 */
#include "firmware.h"
#include "fuzz_board.h"
#include "features.h"
#include "sha256.h"
#include "slot_record.h"
#include "slots.h"
#include "student.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static model_slots slots;
  static aurora_features features;
  static const aurora_bearing bearing = {3.5848F, 5.4152F, 4.7135F, 0.39828F};
  board_info board;
  const uint32_t length = (uint32_t)size;
  if ((length < 40U) || (length > FUZZ_SLOT_BYTES - SLOT_IMAGE_AT)) {
    return 0;
  }
  fuzz_board_reset();
  board_start(&board);
  uint8_t *slot = fuzz_flash;
  uint8_t *image = slot + SLOT_IMAGE_AT;
  (void)memcpy(image, data, length);
  const uint32_t file_bytes = load_u32(image + 8);
  if ((file_bytes >= 32U) && (file_bytes <= length)) {
    aurora_sha256(image, file_bytes - 32U, image + file_bytes - 32U);
  }
  uint8_t digest[32];
  aurora_sha256(image, length, digest);
  slot_record(slot, fuzz_key, digest, length, 1);
  store_u16(slot + 76, 1);
  store_u16(slot + 78, 0xFFFEU);
  (void)memset(slot + SLOT_TRIAL_AT, 0, 32);
  slots_start(&slots, &board, 0);
  if (slots.model.head == NULL) {
    return 0;
  }
  uint8_t inputs[AURORA_MODEL_MAX_WIDTH];
  uint8_t outputs[AURORA_MODEL_MAX_WIDTH];
  aurora_student_scratch scratch;
  for (uint32_t i = 0; i < sizeof inputs; i++) {
    inputs[i] = data[i % size];
  }
  aurora_student_run(&slots.model, inputs, outputs, &scratch);
  if (aurora_features_begin(&features, &slots.model, 12000.0F, &bearing)) {
    int16_t samples[64];
    float values[AURORA_FEATURES_MAX_COUNT];
    float rpm;
    uint32_t lost;
    for (uint32_t i = 0; i < 20U; i++) {
      const uint32_t count = board_samples(samples, 64, &rpm, &lost);
      aurora_features_push(&features, samples, count, 0.001F, rpm);
    }
    if (aurora_features_finish(&features, values)) {
      aurora_features_quantise(&slots.model, values, inputs);
      aurora_student_run(&slots.model, inputs, outputs, &scratch);
    }
  }
  return 0;
}
