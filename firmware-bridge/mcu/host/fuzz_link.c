/*
 * libFuzzer: the whole firmware behind its line. The input is a list of steps: raw bytes, packets that are framed, numbered
 * and bound for it (so that what lies behind the checks is reached), time, resets.
 */
#include "codec.h"
#include "firmware.h"
#include "fuzz_board.h"
#include "gateway_frame.h"
#include "link.h"
#include "sha256.h"
#include "slot_record.h"
#include "slots.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t number;

/* A frame as a gateway makes it. */
static void feed_packet(uint32_t type, uint32_t flags, const uint8_t *payload, uint32_t length) {
  uint8_t wire[GATEWAY_FRAME_BYTES];
  number++;
  fuzz_board_feed(wire, gateway_frame(wire, type, flags, number, payload, length, fuzz_board_session()));
}

/* A ModelBegin with the right MAC of size, counter and digest. */
static void feed_begin(uint32_t transfer, const uint8_t *digest, uint32_t size, uint32_t counter) {
  uint8_t payload[160];
  uint8_t record[SLOT_RECORD_SAID_BYTES];
  slot_record(record, fuzz_key, digest, size, counter);
  uint8_t *end = codec_number(codec_fixed32(payload, 1, transfer), 4, size);
  end = codec_bytes(end, 5, record + SLOT_RECORD_DIGEST_AT, 32);
  end = codec_bytes(codec_number(end, 6, counter), 7, record + SLOT_RECORD_MAC_AT, 32);
  feed_packet(PACKET_MODEL_BEGIN, 4, payload, (uint32_t)(end - payload));
}

/* A whole push of the image in the input, its digests made right: leads to a trial if the image is a model. */
static void feed_push(const uint8_t *bytes, uint32_t length) {
  uint8_t image[256];
  uint8_t payload[260];
  uint8_t digest[32];
  uint8_t *end = payload;
  (void)memcpy(image, bytes, length);
  if (length >= 32U) {
    aurora_sha256(image, length - 32U, image + length - 32U);
  }
  aurora_sha256(image, length, digest);
  feed_begin(1, digest, length, length % 4U);
  for (uint32_t at = 0; at < length; at += MODEL_CHUNK_BYTES) {
    const uint32_t chunk = (length - at < MODEL_CHUNK_BYTES) ? (length - at) : MODEL_CHUNK_BYTES;
    end = codec_number(codec_fixed32(payload, 1, 1), 2, at);
    end = codec_bytes(end, 3, image + at, chunk);
    feed_packet(PACKET_MODEL_CHUNK, 4, payload, (uint32_t)(end - payload));
  }
  feed_packet(PACKET_MODEL_COMMIT, 4, payload, 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *end = data + size;
  uint8_t config[40];
  fuzz_board_reset();
  number = 0;
  firmware_start();
  firmware_step();
  uint8_t *config_end = codec_fixed32(codec_number(config, 1, 3), 2, fuzz_board_session());
  feed_packet(PACKET_CONFIG, 5, config, (uint32_t)(config_end - config));
  firmware_step();
  while (end - data >= 2) {
    const uint32_t step = data[0] & 7U;
    const uint32_t argument = data[0] >> 3;
    uint32_t length = data[1];
    data += 2;
    length = ((uint32_t)(end - data) < length) ? (uint32_t)(end - data) : length;
    if (step == 0U) {
      fuzz_board_feed(data, length);
    } else if (step <= 3U) {
      feed_packet(argument, (step == 1U) ? 0U : ((step == 2U) ? 4U : 5U), data, length);
    } else if ((step == 4U) && ((argument & 1U) != 0U)) {
      feed_push(data, length);
    } else if ((step == 4U) && (length >= 5U)) {
      /* A push that the device believes: size, counter and digest from the input. */
      uint8_t digest[32];
      (void)memset(digest, data[3], sizeof digest);
      feed_begin(data[4], digest, load_u16(data) % FUZZ_SLOT_BYTES, data[2]);
    } else if (step == 5U) {
      fuzz_board_advance(length * (argument + 1U) * 10U);
    } else if (step == 6U) {
      fuzz_board_next_session();
      firmware_start();
    } else {
      number += argument * 1000U;
    }
    data += length;
    firmware_step();
  }
  firmware_step();
  return 0;
}
