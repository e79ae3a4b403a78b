#include "frame.h"

#include "crc32.h"

/* The part of a check that is not the CRC. */
static uint32_t binding(const uint8_t *packet, uint32_t session_id) {
  return ((packet[1] & FRAME_FLAG_SESSION) != 0U) ? session_id : 0U;
}

static bool is_whole(const frame_parser *parser, uint32_t length) {
  const uint32_t crc_at = length - FRAME_CRC_BYTES;
  const uint32_t rest = crc32(parser->bytes, crc_at) ^ load_u32(parser->bytes + crc_at);
  const bool bound = (parser->bytes[1] & FRAME_FLAG_SESSION) != 0U;
  return (rest == binding(parser->bytes, parser->session_id)) && (!bound || (parser->session_id != 0U));
}

/*
 * Decodes COBS in place: the first byte, and every byte that the one before points to, stands for a zero, except behind
 * a block of 254 bytes. Returns the length; 0 if the last block is cut off.
 */
static uint32_t decode(uint8_t *bytes, uint32_t length) {
  uint32_t to = 0;
  uint32_t code_at = 0;
  bool is_zero = false;
  for (uint32_t from = 0; from < length; from++) {
    uint8_t byte = bytes[from];
    bool is_data = true;
    if (from == code_at) {
      is_data = is_zero;
      is_zero = byte != 0xFFU;
      code_at += byte;
      byte = 0;
    }
    if (is_data) {
      bytes[to] = byte;
      to++;
    }
  }
  return (code_at == length) ? to : 0U;
}

uint32_t frame_push(frame_parser *parser, uint8_t byte) {
  const uint32_t stretch = parser->stretch;
  if (byte != 0U) {
    if (stretch < sizeof parser->bytes) {
      parser->bytes[stretch] = byte;
    }
    parser->stretch++;
    return 0;
  }
  /* The delimiter: what came before it is a frame or is thrown away. */
  parser->stretch = 0;
  if (stretch == 0U) {
    return 0;
  }
  if (stretch <= sizeof parser->bytes) {
    const uint32_t length = decode(parser->bytes, stretch);
    if ((length >= PACKET_HEADER_BYTES + FRAME_CRC_BYTES) && (length <= FRAME_MAX_DECODED) && is_whole(parser, length)) {
      return length - FRAME_CRC_BYTES;
    }
  }
  parser->bad_frames++;
  parser->discarded_bytes += stretch;
  return 0;
}

uint32_t frame_close(uint8_t *wire, uint32_t length, uint32_t session_id) {
  uint8_t *packet = wire + FRAME_PACKET_AT;
  store_u32(packet + length, crc32(packet, length) ^ binding(packet, session_id));
  /* From the back: every zero becomes the distance to the next one. Enough while there is no block of 254 bytes. */
  uint8_t *at = packet + length + FRAME_CRC_BYTES;
  *at = 0;
  uint8_t distance = 1;
  while (at != wire + 1) {
    at--;
    if ((at == wire + 1) || (*at == 0U)) {
      *at = distance;
      distance = 0;
    }
    distance++;
  }
  wire[0] = 0;
  return length + FRAME_CRC_BYTES + 3U;
}
