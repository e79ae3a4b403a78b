#include "hostile_line.h"

static uint64_t dice = 88172645463325252U;

double line_roll(void) {
  dice ^= dice << 13;
  dice ^= dice >> 7;
  dice ^= dice << 17;
  return (double)(dice >> 11) / 9007199254740992.0;
}

static void put(line_queue *line, uint8_t byte) {
  if (line->head - line->tail < LINE_BYTES) {
    line->bytes[line->head % LINE_BYTES] = byte;
    line->head++;
  }
}

void line_pass(line_queue *line, const line_profile *with, const uint8_t *bytes, uint32_t count) {
  if ((with->lose > 0.0) && (line_roll() < with->lose)) {
    return;
  }
  const uint32_t times = (line_roll() < with->repeat) ? 2U : 1U;
  for (uint32_t time = 0; time < times; time++) {
    const uint32_t end = (line_roll() < with->cut) ? (uint32_t)(line_roll() * count) : count;
    for (uint32_t i = 0; i < end; i++) {
      uint8_t byte = bytes[i];
      for (uint32_t bit = 0; bit < 8U; bit++) {
        byte = (uint8_t)(byte ^ ((line_roll() < with->flip) ? (1U << bit) : 0U));
      }
      if (line_roll() < with->insert) {
        put(line, (uint8_t)(line_roll() * 256.0));
      }
      if (line_roll() >= with->drop) {
        put(line, byte);
      }
      if (line_roll() < with->duplicate) {
        put(line, byte);
      }
    }
  }
}
