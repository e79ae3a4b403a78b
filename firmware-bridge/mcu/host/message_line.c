/*
 * What a carrier of whole messages does to them, and how a gateway's look (PROTOCOL.md, section 3): linked instead of
 * gateway_frame.c and frame_line.c where message.c is instead of frame.c. Nothing in a message is damaged; a board that loses
 * a byte makes the device deaf until its silence is over.
 */
#include <string.h>

#include "frame.h"
#include "gateway_frame.h"
#include "hostile_line.h"
#include "link.h"

const bool line_keeps_whole = true;
const uint32_t line_bytes_a_ms = 512U;

const line_profile line_profiles[] = {
    {.name = "clean"},
    {.name = "lost messages", .lose = 0.2},
    {.name = "repeated messages", .repeat = 0.3},
    {.name = "another's messages", .noise = 0.02},
    {.name = "a board that loses bytes", .drop = 3e-6, .deaf_ms = SILENCE_MS},
    {.name = "half messages", .cut = 3e-4, .deaf_ms = SILENCE_MS},
    {.name = "resets", .reset = 5e-4},
    {.name = "stuck reader", .stuck = 5e-4},
    {.name = "flood", .noise = 0.05, .flood = true},
    {.name = "everything", .lose = 0.02, .drop = 3e-6, .repeat = 0.02, .noise = 0.002, .reset = 2e-4, .stuck = 2e-4,
     .deaf_ms = SILENCE_MS},
};
const uint32_t line_profile_count = sizeof line_profiles / sizeof line_profiles[0];

uint32_t gateway_frame(uint8_t *wire, uint32_t type, uint32_t flags, uint32_t number, const uint8_t *payload,
                       uint32_t length, uint32_t session_id) {
  uint8_t *packet = wire + 2;
  uint32_t end = PACKET_HEADER_BYTES + length;
  packet[0] = (uint8_t)(0x20U | (type & 31U));
  packet[1] = (uint8_t)flags;
  store_u16(packet + 2, number);
  (void)memcpy(packet + PACKET_HEADER_BYTES, payload, length);
  if ((flags & FRAME_FLAG_SESSION) != 0U) {
    store_u32(packet + end, session_id);
    end += 4U;
  }
  store_u16(wire, end);
  return 2U + end;
}
