/*
 * The firmware on a board whose names are all longer than board.h allows: prints, in one line, the payload of its Hello as
 * hexadecimal digits. With sanitizers, so that a byte too many ends it.
 */
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "firmware.h"
#include "link.h"

static char long_name[601];
static uint8_t hello[FRAME_MAX_SENT_PAYLOAD];

void board_start(board_info *info) {
  (void)memset(long_name, 'n', sizeof long_name - 1U);
  (void)memset(info, 0, sizeof *info);
  info->session_id = 1U;
  info->device_id = long_name;
  info->channel = long_name;
  info->unit = long_name;
  info->scale = 0.001;
  info->sample_rate_hz = 12000.0;
  info->slots = hello; /* without a key nothing is looked for in them */
  info->sector_bytes = 512U;
}

uint32_t board_milliseconds(void) { return 0; }

uint32_t board_receive(uint8_t *to, uint32_t room) {
  (void)to;
  (void)room;
  return 0;
}

bool board_send(const uint8_t *bytes, uint32_t count) {
  (void)bytes;
  (void)count;
  return true;
}

bool board_flash(uint32_t offset, const uint8_t *bytes, uint32_t count) {
  (void)offset;
  (void)bytes;
  (void)count;
  return false;
}

uint32_t board_samples(int16_t *to, uint32_t room, float *shaft_rpm, uint32_t *lost) {
  (void)to;
  (void)room;
  *shaft_rpm = 0.0F;
  *lost = 0;
  return 0;
}

int main(void) {
  firmware_start();
  const uint8_t *end = link_write_hello(hello);
  for (const uint8_t *at = hello; at != end; at++) {
    (void)printf("%02x", (unsigned)*at);
  }
  (void)printf("\n");
  return 0;
}
