/*
 * Packets on a carrier that keeps them whole, MQTT above all (PROTOCOL.md, section 3): linked instead of frame.c, for a device
 * with Wi-Fi. The board's line then carries messages, each with its length before it (16 bits, little-endian): board_send
 * gets one whole to publish on `…/tx`, board_receive gives those that came on `…/rx`. No COBS, no CRC: the session id stands
 * behind a packet that is bound to it. Nothing but its length says where a message ends: a board that has no room for one drops
 * it whole (ring_put_all), since behind a lost byte all that follows is misread until the link begins anew, after SILENCE_MS.
 */
#include "frame.h"

#define LENGTH_BYTES 2U
#define SESSION_BYTES 4U

static bool is_bound(const uint8_t *packet) { return (packet[1] & FRAME_FLAG_SESSION) != 0U; }

/* The packet's length in a message of `length` bytes; 0 if it is none, or of another session. */
static uint32_t packet_length(const uint8_t *message, uint32_t length, uint32_t session_id) {
  uint32_t end = length;
  if (length < PACKET_HEADER_BYTES) {
    return 0;
  }
  if (is_bound(message)) {
    if ((length < PACKET_HEADER_BYTES + SESSION_BYTES) || (session_id == 0U) ||
        (load_u32(message + length - SESSION_BYTES) != session_id)) {
      return 0;
    }
    end -= SESSION_BYTES;
  }
  return (end <= PACKET_HEADER_BYTES + FRAME_MAX_PAYLOAD) ? end : 0U;
}

uint32_t frame_push(frame_parser *parser, uint8_t byte) {
  uint8_t *bytes = parser->bytes;
  const uint32_t count = parser->stretch + 1U;
  parser->stretch = count;
  if (count <= sizeof parser->bytes) {
    bytes[count - 1U] = byte;
  }
  if (count < LENGTH_BYTES) {
    return 0;
  }
  const uint32_t length = load_u16(bytes);
  if (count < LENGTH_BYTES + length) {
    return 0;
  }
  parser->stretch = 0;
  if (count <= sizeof parser->bytes) {
    for (uint32_t i = 0; i < length; i++) {
      bytes[i] = bytes[i + LENGTH_BYTES];
    }
    const uint32_t packet = packet_length(bytes, length, parser->session_id);
    if (packet > 0U) {
      return packet;
    }
  }
  parser->bad_frames++;
  parser->discarded_bytes += length;
  return 0;
}

uint32_t frame_close(uint8_t *wire, uint32_t length, uint32_t session_id) {
  uint8_t *packet = wire + FRAME_PACKET_AT;
  uint32_t end = length;
  if (is_bound(packet)) {
    store_u32(packet + length, session_id);
    end += SESSION_BYTES;
  }
  store_u16(wire, end);
  return LENGTH_BYTES + end;
}

_Static_assert(FRAME_PACKET_AT == LENGTH_BYTES, "the length stands where a frame has its delimiter and code byte");
