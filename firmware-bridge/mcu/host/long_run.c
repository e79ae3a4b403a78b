/*
 * What shows only after days, or without a gateway: samples around the index 2^32 (four days at 12 kHz), the clock's
 * wrap (49 days), the waits between Hellos that nobody answers, a line that brings back what it was given,
 * a window of a shaft so slow that millions of samples are in it.
 *
 * Prints one JSON object; ends with 1 if anything was violated.
 */
#include <stdio.h>

#include "fifo.h"
#include "link.h"
#include "window.h"

#define TURN 4294967296U

static uint64_t dice = 88172645463325252U;
static uint32_t now_ms;
static uint32_t hellos;
static uint32_t last_hello_ms;
static uint32_t longest_wait_ms;
static bool echoes;
static uint8_t echo[4096];
static uint32_t echo_from;
static uint32_t echo_to;

static uint32_t roll(uint32_t below) {
  dice ^= dice << 13;
  dice ^= dice >> 7;
  dice ^= dice << 17;
  return (uint32_t)(dice >> 33) % below;
}

void board_start(board_info *info) { (void)info; }
uint32_t board_milliseconds(void) { return now_ms; }

uint32_t board_receive(uint8_t *to, uint32_t room) {
  uint32_t count = 0;
  while ((count < room) && (echo_from != echo_to)) {
    to[count++] = echo[echo_from++ % sizeof echo];
  }
  return count;
}

bool board_send(const uint8_t *bytes, uint32_t count) {
  hellos++; /* without a Config nothing else is sent */
  if ((hellos > 1U) && ((now_ms - last_hello_ms) > longest_wait_ms)) {
    longest_wait_ms = now_ms - last_hello_ms;
  }
  last_hello_ms = now_ms;
  for (uint32_t i = 0; echoes && (i < count); i++) {
    echo[echo_to++ % sizeof echo] = bytes[i];
  }
  return true;
}

bool board_flash(uint32_t offset, const uint8_t *bytes, uint32_t count) {
  (void)offset;
  (void)bytes;
  return count == 0U;
}

uint32_t board_samples(int16_t *to, uint32_t room, float *shaft_rpm, uint32_t *lost) {
  (void)to;
  (void)shaft_rpm;
  (void)lost;
  return 0U * room;
}

uint8_t *link_write_hello(uint8_t *at) {
  at = codec_number(at, 1, PROTOCOL_MAJOR);
  at = codec_number(at, 2, PROTOCOL_MINOR);
  at = codec_text(at, 3, "device-1");
  at = codec_fixed32(at, 5, 77);
  return codec_bytes(at, 6, "", 0);
}

bool link_take(uint32_t type, const codec_field *fields) {
  (void)fields;
  return type == (uint32_t)PACKET_CONFIG;
}

/* What is measured at an index. */
static int16_t measure(uint64_t index) { return (int16_t)(uint16_t)((index * 40503U) >> 3); }

static uint32_t sampled;

/* Pushes and takes blocks of any size from before 2^32 to behind; returns the samples that came out wrong. */
static uint32_t run_fifo(void) {
  static sample_fifo fifo;
  uint64_t next = TURN - 5000U;
  uint64_t expected = next;
  uint32_t wrong = 0;
  fifo_restart(&fifo, next);
  while (next < (uint64_t)TURN + 5000U) {
    int16_t samples[64];
    uint8_t taken[2U * 96U];
    const uint32_t count = 1U + roll(64U);
    for (uint32_t i = 0; i < count; i++) {
      samples[i] = measure(next + i);
    }
    fifo_push(&fifo, samples, count, (float)(1000U + roll(2U)));
    next += count;
    const uint32_t ready = fifo_ready(&fifo, 1U + roll(96U));
    const uint64_t first = fifo.first;
    wrong += (first < expected) ? 1U : 0U;
    fifo_take(&fifo, taken, ready);
    for (uint32_t i = 0; i < ready; i++) {
      wrong += (load_u16(taken + 2U * i) != (uint16_t)measure(first + i)) ? 1U : 0U;
    }
    sampled += ready;
    expected = first + ready;
  }
  return wrong;
}

/* A device that nobody answers, for a minute from `start` on; returns how many Hellos it said. */
static uint32_t run_alone(uint32_t start, bool with_echo) {
  static device_link device;
  hellos = 0;
  longest_wait_ms = 0;
  echoes = with_echo;
  echo_from = 0;
  echo_to = 0;
  now_ms = start;
  link_start(&device, 77);
  for (uint32_t i = 0; i < 60000U; i++) {
    link_poll(&device, now_ms);
    now_ms++;
  }
  return hellos;
}

/* By how much the mean speed of a window is off, as a share, that is 40 % faster from its first tenth on; samples come one by one. */
static double run_slow_window(float rpm, float sample_rate_hz) {
  const aurora_window_spec spec = {.revolutions = true, .length = 60.0F};
  window_cutter cutter;
  double sum = 0.0;
  window_start(&cutter, &spec, sample_rate_hz);
  window_open(&cutter, 0, rpm);
  while (cutter.open) {
    const float now = (cutter.position < cutter.length / 10U) ? rpm : (1.4F * rpm);
    (void)window_take(&cutter, 1U, now);
    sum += (double)now;
  }
  const double off = (double)window_mean_rpm(&cutter) / (sum / (double)cutter.samples) - 1.0;
  return (off < 0.0) ? -off : off;
}

int main(void) {
  const uint32_t wrong = run_fifo();
  const uint32_t alone = run_alone(0, false);
  const uint32_t longest = longest_wait_ms;
  const uint32_t wrapping = run_alone((uint32_t)(TURN - 30000U), false);
  const uint32_t longest_wrapping = longest_wait_ms;
  const uint32_t echoing = run_alone(0, true);
  const double slow = run_slow_window(7.9F, 48000.0F);
  const bool good = (slow < 1e-6) && (wrong == 0U) && (longest <= HELLO_LAST_WAIT_MS) && (alone > 29U) && (wrapping == alone) &&
                    (longest_wrapping <= HELLO_LAST_WAIT_MS) && (echoing <= 2U * alone);
  (void)printf("{\"samples\":%u,\"wrongSamples\":%u,\"hellos\":%u,\"hellosOverClockWrap\":%u,\"hellosWithEcho\":%u,"
               "\"longestHelloWaitMs\":%u,\"slowShaftOff\":%.9f}\n",
               (unsigned)sampled, (unsigned)wrong, (unsigned)alone, (unsigned)wrapping, (unsigned)echoing,
               (unsigned)((longest > longest_wrapping) ? longest : longest_wrapping), slow);
  return good ? 0 : 1;
}
