#include "gateway_frame.h"

#include <string.h>

#include "crc32.h"
#include "frame.h"

uint32_t gateway_frame(uint8_t *wire, uint32_t type, uint32_t flags, uint32_t number, const uint8_t *payload,
                       uint32_t length, uint32_t session_id) {
  uint8_t packet[PACKET_HEADER_BYTES + GATEWAY_FRAME_PAYLOAD + FRAME_CRC_BYTES];
  const uint32_t checked = PACKET_HEADER_BYTES + length;
  uint32_t code_at = 1;
  uint32_t at = 2;
  packet[0] = (uint8_t)(0x20U | (type & 31U));
  packet[1] = (uint8_t)flags;
  store_u16(packet + 2, number);
  (void)memcpy(packet + PACKET_HEADER_BYTES, payload, length);
  store_u32(packet + checked, crc32(packet, checked) ^ (((flags & FRAME_FLAG_SESSION) != 0U) ? session_id : 0U));
  wire[0] = 0;
  for (uint32_t i = 0; i < checked + FRAME_CRC_BYTES; i++) {
    if (packet[i] != 0U) {
      wire[at++] = packet[i];
    }
    if ((packet[i] == 0U) || (at - code_at == 255U)) {
      wire[code_at] = (uint8_t)(at - code_at);
      code_at = at++;
    }
  }
  wire[code_at] = (uint8_t)(at - code_at);
  wire[at++] = 0;
  return at;
}
