#include "frame.h"

#include "crc32.h"

static void append(frame_parser *parser, uint8_t byte) {
  if (parser->length < sizeof parser->bytes) {
    parser->bytes[parser->length] = byte;
    parser->length++;
  } else {
    parser->bad = true;
  }
}

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

/* The delimiter: what came before it is a frame or is thrown away. */
static uint32_t finish(frame_parser *parser) {
  const uint32_t length = parser->length;
  const uint32_t stretch = parser->stretch;
  const bool complete = !parser->bad && (parser->remaining == 0U) && (length >= PACKET_HEADER_BYTES + FRAME_CRC_BYTES);
  parser->length = 0;
  parser->stretch = 0;
  parser->code = 0xFF; /* no zero before the first block */
  parser->remaining = 0;
  parser->bad = false;
  if (stretch == 0U) {
    return 0;
  }
  if (complete && is_whole(parser, length)) {
    return length - FRAME_CRC_BYTES;
  }
  parser->bad_frames++;
  parser->discarded_bytes += stretch;
  return 0;
}

uint32_t frame_push(frame_parser *parser, uint8_t byte) {
  if (byte == 0U) {
    return finish(parser);
  }
  if (parser->stretch == 0U) {
    parser->code = 0xFF; /* also for a parser of zeros */
  }
  parser->stretch++;
  if (parser->remaining > 0U) {
    parser->remaining--;
    append(parser, byte);
  } else {
    if (parser->code != 0xFFU) {
      append(parser, 0);
    }
    parser->code = byte;
    parser->remaining = byte - 1U;
  }
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
