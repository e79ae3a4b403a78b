/*
 * The firmware on a board that measures for a second at a time: prints how many samples Health would tell as dropped after pauses
 * between snapshots, after a gap within one, and after an outage that is shorter than what came before it.
 */
#include <stdio.h>

#include "../firmware.c"

#define RATE 12000U

static uint8_t slots[512];
static uint32_t lost_before; /* the next samples */

void board_start(board_info *info) {
  (void)memset(info, 0, sizeof *info);
  info->session_id = 1U;
  info->device_id = "snapshots";
  info->channel = "a";
  info->unit = "g";
  info->scale = 0.001;
  info->sample_rate_hz = (double)RATE;
  info->slots = slots; /* without a key nothing is looked for in them */
  info->sector_bytes = sizeof slots;
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
  (void)memset(to, 0, room * sizeof *to);
  *shaft_rpm = 1800.0F;
  *lost = lost_before;
  lost_before = 0;
  return room;
}

/* Measures for a while behind a gap; prints what is dropped since the start. */
static void measure(const char *name, uint32_t missing, uint32_t seconds) {
  lost_before = missing;
  for (uint32_t taken = 0; taken < (seconds * RATE); taken += SAMPLES_A_STEP) {
    take_samples();
  }
  (void)printf(",\"%s\":%u", name, (unsigned)device.fifo.dropped);
}

int main(void) {
  firmware_start();
  (void)printf("{\"index\":0");
  measure("first", 0U, 1U);
  measure("pause", 10U * RATE, 1U);
  measure("shortPause", 2U * RATE, 1U);
  measure("gap", 100U, 10U);
  measure("outage", 9U * RATE, 1U);
  (void)printf("}\n");
  return 0;
}
