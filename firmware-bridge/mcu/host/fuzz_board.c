#include "fuzz_board.h"

#include <stdlib.h>

#include "codec.h"
#include "frame.h"

const uint8_t fuzz_key[32] = {9, 8, 7, 6, 5, 4, 3, 2, 1};
_Alignas(16) uint8_t fuzz_flash[2U * FUZZ_SLOT_BYTES];

static uint8_t waiting[4096];
static uint32_t waiting_from;
static uint32_t waiting_to;
static uint32_t now_ms;
static uint32_t session = 1;
static uint32_t sample;
static frame_parser reader;

void fuzz_board_reset(void) {
  (void)memset(fuzz_flash, 0xFF, sizeof fuzz_flash);
  (void)memset(&reader, 0, sizeof reader);
  waiting_from = 0;
  waiting_to = 0;
  now_ms = 0;
  session = 1;
}

void fuzz_board_feed(const uint8_t *bytes, uint32_t count) {
  if (waiting_from == waiting_to) {
    waiting_from = 0;
    waiting_to = 0;
  }
  for (uint32_t i = 0; (i < count) && (waiting_to < sizeof waiting); i++) {
    waiting[waiting_to++] = bytes[i];
  }
}

void fuzz_board_advance(uint32_t milliseconds) { now_ms += milliseconds; }
void fuzz_board_next_session(void) { session++; }
uint32_t fuzz_board_session(void) { return session; }

void board_start(board_info *info) {
  info->device_id = "fuzz";
  info->key = fuzz_key;
  info->session_id = session;
  info->channel = "vibration";
  info->unit = "g";
  info->scale = 0.001;
  info->sample_rate_hz = 12000.0;
  info->slots = fuzz_flash;
  info->slot_bytes = FUZZ_SLOT_BYTES;
  info->sector_bytes = FUZZ_SECTOR_BYTES;
}

uint32_t board_milliseconds(void) { return now_ms; }

uint32_t board_receive(uint8_t *to, uint32_t room) {
  uint32_t count = 0;
  while ((count < room) && (waiting_from < waiting_to)) {
    to[count++] = waiting[waiting_from++];
  }
  return count;
}

/* Whatever the device writes must be a frame of this session that holds a message. */
bool board_send(const uint8_t *bytes, uint32_t count) {
  uint32_t packets = 0;
  reader.session_id = session;
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t length = frame_push(&reader, bytes[i]);
    codec_field fields[CODEC_FIELDS];
    if (length > 0U) {
      packets++;
      if (!codec_read(reader.bytes + PACKET_HEADER_BYTES, length - PACKET_HEADER_BYTES, fields)) {
        abort();
      }
    }
  }
  if (packets != 1U) {
    abort();
  }
  return true;
}

bool board_flash(uint32_t offset, const uint8_t *bytes, uint32_t count) {
  const uint32_t length = (bytes == NULL) ? FUZZ_SECTOR_BYTES : count;
  if ((offset + length > sizeof fuzz_flash) || (length % 16U != 0U) ||
      (offset % ((bytes == NULL) ? FUZZ_SECTOR_BYTES : 16U) != 0U)) {
    abort();
  }
  for (uint32_t i = 0; i < length; i++) {
    fuzz_flash[offset + i] = (bytes == NULL) ? 0xFFU : (uint8_t)(fuzz_flash[offset + i] & bytes[i]);
  }
  return true;
}

uint32_t board_samples(int16_t *to, uint32_t room, float *shaft_rpm, uint32_t *lost) {
  *shaft_rpm = 1800.0F;
  *lost = 0;
  for (uint32_t i = 0; i < room; i++) {
    sample = sample * 1103515245U + 12345U;
    to[i] = (int16_t)(sample >> 16);
  }
  return room;
}
