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
 * Decodes COBS in place: blocks of a code, which is the distance to the next one, and data; but for the last, and behind
 * 254 bytes of data, a zero follows. `bytes` holds no zero. Returns the length; 0 if the last block is cut off.
 */
static uint32_t decode(uint8_t *bytes, uint32_t length) {
  uint32_t from = 0;
  uint32_t to = 0;
  for (;;) {
    const uint32_t code = bytes[from];
    const uint32_t next = from + code;
    if (next > length) {
      return 0;
    }
    for (from++; from != next; from++) {
      bytes[to] = bytes[from];
      to++;
    }
    if (from == length) {
      return to;
    }
    if (code != 0xFFU) {
      bytes[to] = 0;
      to++;
    }
  }
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
  uint32_t distance = 1;
  *at = 0;
  wire[1] = 0;
  do {
    at--;
    if (*at == 0U) {
      *at = (uint8_t)distance;
      distance = 0;
    }
    distance++;
  } while (at != wire + 1);
  wire[0] = 0;
  return length + FRAME_CRC_BYTES + 3U;
}
