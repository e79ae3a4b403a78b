/*
 * What boards that are no hardware have in common: who they are stands in their flash, and the accelerometer plays the
 * workbench's recording (image.h) in a loop. Included by one file of a program, which is a board's.
 */
#ifndef AURORA_PLAYBACK_H
#define AURORA_PLAYBACK_H

#include "board.h"
#include "image.h"

#define SAMPLES_BUFFERED 2048U /* what a DMA buffer would hold */

static uint32_t sample_rate_mhz; /* thousandths of a hertz */
static uint64_t samples_taken;
static uint32_t samples_due;    /* and not taken */
static uint32_t due_millionths; /* of a sample more */
static uint32_t paced_at_ms;

/* Counts a boot, and says all of `info` but where the slots are. */
static inline void playback_start(board_info *info, const uint8_t *identity, image_workbench *bench) {
  bench->boots++;
  bench->operations = 0;
  sample_rate_mhz = (uint32_t)(((float)bench->sample_rate_hz * 1000.0f) + 0.5f);
  paced_at_ms = bench->clock_ms;
  info->device_id = (const char *)(identity + 40);
  info->key = ((identity[4] & 1U) != 0U) ? (identity + 8) : NULL;
  info->session_id = (bench->boots * 2654435761U) ^ 0x5A17C0DEU;
  info->channel = "vibration";
  info->unit = "g";
  info->scale = bench->scale;
  info->sample_rate_hz = bench->sample_rate_hz;
}

/*
 * board_flash, by the rules of NOR: an erasure sets bits and a program clears them. Returns whether the power goes now, part of
 * it done.
 */
static inline bool playback_flash(image_workbench *bench, uint8_t *at, const uint8_t *bytes, uint32_t count) {
  const uint32_t length = (bytes == NULL) ? IMAGE_SECTOR_BYTES : count;
  bench->operations++;
  const bool cut = bench->operations == bench->cut_at;
  const uint32_t happens = (cut && (bench->cut_bytes < length)) ? bench->cut_bytes : length;
  for (uint32_t i = 0; i < happens; i++) {
    at[i] = (bytes == NULL) ? 0xFFU : (uint8_t)(at[i] & bytes[i]);
  }
  return cut;
}

/* board_samples, by the board's own clock. */
static inline uint32_t playback_samples(const image_workbench *bench, int16_t *to, uint32_t room, uint32_t *lost) {
  const uint8_t *recording = (const uint8_t *)bench + (IMAGE_SAMPLES - IMAGE_WORKBENCH);
  *lost = 0;
  if (bench->sample_count == 0U) {
    return 0;
  }
  uint32_t waiting = room;
  if (bench->unpaced == 0U) {
    /* By what has passed since the last time: the clock wraps around. */
    const uint32_t now_ms = board_milliseconds();
    const uint64_t millionths = ((uint64_t)(now_ms - paced_at_ms) * sample_rate_mhz) + due_millionths;
    paced_at_ms = now_ms;
    samples_due += (uint32_t)(millionths / 1000000U);
    due_millionths = (uint32_t)(millionths % 1000000U);
    waiting = samples_due;
  }
  if (waiting > SAMPLES_BUFFERED) {
    *lost = waiting - SAMPLES_BUFFERED;
    samples_taken += *lost;
    waiting = SAMPLES_BUFFERED;
  }
  const uint32_t count = (waiting < room) ? waiting : room;
  uint32_t index = (uint32_t)(samples_taken % bench->sample_count);
  for (uint32_t i = 0; i < count; i++) {
    to[i] = (int16_t)load_u16(recording + 2U * index);
    index = (index + 1U == bench->sample_count) ? 0U : (index + 1U);
  }
  samples_taken += count;
  samples_due = waiting - count;
  return count;
}

#endif
