/*
 * The template's board played by a converter that is quicker than the main loop: prints how many samples came, were told as
 * lost, and stood at another place than their index says, which must be none.
 */
#include <stdio.h>

#define main template_main
#include "../board_template.c"
#undef main

void firmware_start(void) {}
void firmware_step(void) {}

int main(void) {
  uint32_t produced = 0;
  uint32_t index = 0; /* as firmware.c counts it */
  uint32_t taken = 0;
  uint32_t told = 0;
  uint32_t misplaced = 0;
  for (uint32_t turn = 0; turn < 4000U; turn++) {
    int16_t out[64];
    float rpm;
    uint32_t lost;
    for (uint32_t i = 0; i < ((turn % 7U) * 23U); i++) { /* 69 a turn, beside 64 that are taken */
      converter_interrupt((int16_t)(produced & 0x7FFFU));
      produced++;
    }
    const uint32_t count = board_samples(out, 64U, &rpm, &lost);
    index += lost;
    told += lost;
    for (uint32_t i = 0; i < count; i++) {
      misplaced += (out[i] != (int16_t)(index & 0x7FFFU)) ? 1U : 0U;
      index++;
    }
    taken += count;
  }
  (void)printf("{\"taken\":%u,\"lost\":%u,\"misplaced\":%u}\n", (unsigned)taken, (unsigned)told, (unsigned)misplaced);
  return 0;
}
