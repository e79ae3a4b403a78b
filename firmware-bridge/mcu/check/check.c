/*
 * Runs the engine, the requantisation and the features on inputs from a file and writes what comes out to another, so
 * that every core can be held against ONNX Runtime and the TypeScript engine. Says nothing of it itself.
 *
 * in.bin is a sequence of commands, each a u32 and its arguments:
 *   1 model    u32 bytes, the file                      -> u32 aurora_model_fault
 *   2 rows     u32 n, n * inputs u8                     -> n * outputs u8
 *   3 requant  u32 n, n * {i32 sum, u32 multiplier, i32 zero point} -> n u8
 *   4 window   f32 rate, 4 f32 orders (bpfo bpfi bsf ftf), f32 scale, then pieces {u32 n, f32 rpm, n i16, pad to 4}
 *              until n = 0                              -> u32 1 scored / 0 not, inputs f32, inputs u8, outputs u8
 *   5 counts                                            -> u32 ticks of: engine, pushes, finishes, cleared; u32 most
 *                                                         bytes of stack so far
 *   6 stream   as 4, through ring and windows in steps of 64 samples -> u32 scores; of the newest inputs u8, outputs u8
 *   0 end
 */
#include <stdbool.h>
#include <stddef.h>

#include "../model.h"
#include "../requantise.h"
#include "../student.h"
#include "host_io.h"

#if !defined(AURORA_NO_FEATURES)
#include "../features.h"
#include "../fifo.h"
#include "../scorer.h"
static aurora_features features;
#endif

#ifndef CHECK_MODEL_BYTES
#define CHECK_MODEL_BYTES 32768u
#endif
#define ROW_BUFFER_BYTES 1024u

int main(void);

static uint32_t model_words[CHECK_MODEL_BYTES / 4u];
static uint32_t row_words[ROW_BUFFER_BYTES / 4u];
static uint8_t results[ROW_BUFFER_BYTES];
static aurora_model model;
static aurora_student_scratch scratch;
static uint32_t engine_ticks;

static uint32_t read_word(void) {
  uint32_t word;
  host_read(&word, 4u);
  return word;
}

static void open_model(void) {
  const uint32_t length = read_word();
  if (length > CHECK_MODEL_BYTES) {
    host_exit(5u);
  }
  host_read(model_words, length);
  const uint32_t fault = (uint32_t)aurora_model_open((const uint8_t *)model_words, length, &model);
  host_write(&fault, 4u);
}

static void run_rows(void) {
  const uint8_t *rows = (const uint8_t *)row_words;
  const uint32_t in = model.head->inputs;
  const uint32_t out = model.head->outputs;
  const uint32_t at_once = ROW_BUFFER_BYTES / ((in > out) ? in : out);
  uint32_t left = read_word();
  while (left > 0u) {
    const uint32_t now = (left < at_once) ? left : at_once;
    host_read(row_words, now * in);
    const uint32_t before = host_ticks();
    for (uint32_t row = 0; row < now; row++) {
      aurora_student_run(&model, &rows[row * in], &results[row * out], &scratch);
    }
    engine_ticks += (host_ticks() - before) & 0xffffffu;
    host_write(results, now * out);
    left -= now;
  }
}

static void run_requantise(void) {
  uint32_t left = read_word();
  while (left > 0u) {
    const uint32_t now = (left < 64u) ? left : 64u;
    host_read(row_words, now * 12u);
    for (uint32_t i = 0; i < now; i++) {
      const uint32_t *one = &row_words[3u * i];
      results[i] = (uint8_t)aurora_requantise((int32_t)one[0], one[1], (int32_t)one[2]);
    }
    host_write(results, now);
    left -= now;
  }
}

#if !defined(AURORA_NO_FEATURES)
static uint32_t push_ticks;
static uint32_t finish_ticks;
static float vector[AURORA_FEATURES_MAX_COUNT];
static uint8_t quantised[AURORA_FEATURES_MAX_COUNT];

/* Head of a window: rate, orders, scale. */
static void read_head(float head[6], aurora_bearing *bearing) {
  host_read(head, 6u * sizeof(float));
  bearing->bpfo = head[1];
  bearing->bpfi = head[2];
  bearing->bsf = head[3];
  bearing->ftf = head[4];
}

static void run_window(void) {
  float head[6];
  aurora_bearing bearing;
  const int16_t *counts = (const int16_t *)(const void *)row_words;
  read_head(head, &bearing);
  const bool begun = aurora_features_begin(&features, &model, head[0], &bearing);
  for (uint32_t left = read_word(); left > 0u; left = read_word()) {
    float rpm;
    host_read(&rpm, 4u);
    while (left > 0u) {
      const uint32_t now = (left < (ROW_BUFFER_BYTES / 2u)) ? left : (ROW_BUFFER_BYTES / 2u);
      host_read(row_words, ((now + 1u) & ~1u) * 2u);
      const uint32_t before = host_ticks();
      if (begun) {
        aurora_features_push(&features, counts, now, head[5], rpm);
      }
      push_ticks += (host_ticks() - before) & 0xffffffu;
      left -= now;
    }
  }
  const uint32_t before = host_ticks();
  const uint32_t scored = (begun && aurora_features_finish(&features, vector)) ? 1u : 0u;
  finish_ticks += (host_ticks() - before) & 0xffffffu;
  if (scored != 0u) {
    aurora_features_quantise(&model, vector, quantised);
    aurora_student_run(&model, quantised, results, &scratch);
  }
  host_write(&scored, 4u);
  host_write(vector, 4u * model.head->inputs);
  host_write(quantised, model.head->inputs);
  host_write(results, model.head->outputs);
}

#define SAMPLES_A_STEP 64u
#define WINDOW_SAMPLES 96u

static window_scorer scorer;
static sample_fifo fifo;
void stream_step(const int16_t *samples, uint32_t count, uint64_t first, float shaft_rpm);

/* What firmware.c does with what the board gave, in mode both; by itself, so that it can be found in a trace. */
AURORA_APART void stream_step(const int16_t *samples, uint32_t count, uint64_t first, float shaft_rpm) {
  uint8_t raw[2u * WINDOW_SAMPLES];
  scorer_push(&scorer, samples, count, first, shaft_rpm);
  fifo_push(&fifo, samples, count, shaft_rpm);
  const uint32_t ready = fifo_ready(&fifo, WINDOW_SAMPLES);
  if (ready == WINDOW_SAMPLES) {
    fifo_take(&fifo, raw, ready);
  }
}

static void run_stream(void) {
  float head[6];
  uint64_t first = 0;
  read_head(head, &scorer.bearing);
  scorer.sample_rate_hz = head[0];
  scorer.scale = head[5];
  scorer.scores = 0;
  scorer_start(&scorer, &model);
  fifo_restart(&fifo, 0);
  for (uint32_t left = read_word(); left > 0u; left = read_word()) {
    float rpm;
    host_read(&rpm, 4u);
    while (left > 0u) {
      const uint32_t now = (left < SAMPLES_A_STEP) ? left : SAMPLES_A_STEP;
      host_read(row_words, ((now + 1u) & ~1u) * 2u);
      stream_step((const int16_t *)(const void *)row_words, now, first, rpm);
      first += now;
      left -= now;
    }
  }
  host_write(&scorer.scores, 4u);
  host_write(scorer.score.inputs, model.head->inputs);
  host_write(scorer.score.outputs, model.head->outputs);
}

static void report_counts(void) {
  const uint32_t counts[4] = {engine_ticks, push_ticks, finish_ticks, host_stack_bytes()};
  host_write(counts, sizeof counts);
  engine_ticks = 0;
  push_ticks = 0;
  finish_ticks = 0;
}
#else
static void run_window(void) { host_exit(6u); }

static void run_stream(void) { host_exit(6u); }

static void report_counts(void) {
  const uint32_t counts[4] = {engine_ticks, 0u, 0u, host_stack_bytes()};
  host_write(counts, sizeof counts);
  engine_ticks = 0;
}
#endif

int main(void) {
  host_open();
  for (;;) {
    switch (read_word()) {
      case 0u:
        host_exit(0u);
      case 1u:
        open_model();
        break;
      case 2u:
        run_rows();
        break;
      case 3u:
        run_requantise();
        break;
      case 4u:
        run_window();
        break;
      case 5u:
        report_counts();
        break;
      case 6u:
        run_stream();
        break;
      default:
        host_exit(7u);
    }
  }
}
