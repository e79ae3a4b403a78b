/*
 * The template's board played by a converter that is quicker than the main loop, and by a tachometer: prints how many samples
 * came, were told as lost, and stood at another place than their index says, which must be none; and the shaft's speeds that
 * it told, null for an unknown one.
 */
#include <stdio.h>

#define main template_main
#include "../board_template.c"
#undef main

void firmware_start(void) {}
void firmware_step(void) {}

/* The speed that is told after so many milliseconds, in each of which the main loop asks. */
static float speed_after(uint32_t duration_ms) {
  float rpm;
  uint32_t lost;
  (void)board_samples(NULL, 0U, &rpm, &lost);
  for (uint32_t i = 0; i < duration_ms; i++) {
    clock_interrupt();
    (void)board_samples(NULL, 0U, &rpm, &lost);
  }
  return rpm;
}

static float speed_after_pulse(float pulse_says_rpm) {
  tachometer_interrupt(pulse_says_rpm);
  return speed_after(33U);
}

static void print_speed(const char *name, float rpm) {
  if (rpm >= 0.0F) {
    (void)printf(",\"%s\":%.1f", name, (double)rpm);
  } else {
    (void)printf(",\"%s\":null", name);
  }
}

static void play_tachometer(void) {
  milliseconds = 0xFFFFFFFFU - 60000U; /* runs around once meanwhile */
  print_speed("withoutPulses", speed_after(600000U));
  print_speed("firstPulse", speed_after_pulse(3.0F)); /* since a pulse that never was */
  print_speed("secondPulse", speed_after_pulse(1797.0F));
  print_speed("jitter", speed_after_pulse(1798.0F));
  print_speed("faster", speed_after_pulse(1800.0F));
  print_speed("slower", speed_after_pulse(1700.0F));
  print_speed("beforeTimeOut", speed_after(STANDSTILL_MS - 34U));
  print_speed("timeOut", speed_after(1U));
  print_speed("longAfter", speed_after(600000U));
  milliseconds += 0xFFFFFFFFU - 600000U; /* as of the last pulse, but for the clock's having run around */
  print_speed("clockAround", speed_after(0U));
  print_speed("firstPulseAgain", speed_after_pulse(0.1F)); /* since before the standstill */
  print_speed("secondPulseAgain", speed_after_pulse(900.0F));
  tachometer_interrupt(0.1F);
  print_speed("standingAgain", speed_after(STANDSTILL_MS));
  tachometer_interrupt(0.1F);
  print_speed("pulsesAtOnce", speed_after_pulse(1500.0F));
}

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
  (void)printf("{\"taken\":%u,\"lost\":%u,\"misplaced\":%u", (unsigned)taken, (unsigned)told, (unsigned)misplaced);
  play_tachometer();
  (void)printf("}\n");
  return 0;
}
