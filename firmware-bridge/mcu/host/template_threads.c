/*
 * The template's interrupts in a thread of their own beside its main loop: prints how many samples were neither taken nor told as
 * lost, how many stood at another place than their index says, which must be none, and the speed at the end. With ThreadSanitizer, so
 * that a race ends it with an error.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#define main template_main
#include "../board_template.c"
#undef main

#define SAMPLES 200000U

void firmware_start(void) {}
void firmware_step(void) {}

static uint32_t finished;

static void *interrupt(void *unused) {
  for (uint32_t i = 0; i < SAMPLES; i++) {
    converter_interrupt((int16_t)(i & 0x7FFFU));
    if ((i % 100U) == 0U) {
      clock_interrupt();
      tachometer_interrupt(1800.0F);
    }
    if ((i % 3000U) == 0U) { /* more than are held: some are lost, and not all */
      (void)sched_yield();
    }
  }
  shared_write(&finished, 1U);
  return unused;
}

int main(void) {
  pthread_t other;
  uint32_t index = 0; /* as firmware.c counts it */
  uint32_t misplaced = 0;
  float rpm = 0.0F;
  if (pthread_create(&other, NULL, interrupt, NULL) != 0) {
    return 2;
  }
  for (;;) {
    int16_t out[64];
    uint32_t lost;
    const bool was_last = shared_read(&finished) != 0U;
    const uint32_t count = board_samples(out, 64U, &rpm, &lost);
    index += lost;
    for (uint32_t i = 0; i < count; i++) {
      misplaced += (out[i] != (int16_t)(index & 0x7FFFU)) ? 1U : 0U;
      index++;
    }
    if (was_last && (count == 0U)) {
      break;
    }
    if (count == 0U) {
      (void)sched_yield();
    }
  }
  (void)pthread_join(other, NULL);
  (void)printf("{\"missing\":%u,\"misplaced\":%u,\"speed\":%.0f}\n", (unsigned)(SAMPLES - index), (unsigned)misplaced, (double)rpm);
  return 0;
}
