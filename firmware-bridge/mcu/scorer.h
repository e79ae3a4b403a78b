/*
 * From samples to scores: windows, features, the student. Keeps the newest score until the link takes it. Does nothing
 * without a model that has features, or without the bearing that the gateway describes.
 */
#ifndef AURORA_SCORER_H
#define AURORA_SCORER_H

#include "features.h"
#include "student.h"
#include "window.h"

/** What the student made of a window. */
typedef struct {
  uint64_t first_sample;
  uint32_t sample_count;
  float shaft_rpm;
  bool is_alarm; /* an output has reached its threshold */
  uint8_t inputs[AURORA_FEATURES_MAX_COUNT];
  uint8_t outputs[AURORA_MODEL_MAX_WIDTH];
} window_score;

typedef struct {
  const aurora_model *model; /* NULL: nothing is scored */
  float sample_rate_hz;
  float scale;
  aurora_bearing bearing;
  bool ready;        /* model and bearing fit to each other */
  bool has_score;    /* a score waits for the link */
  uint32_t scores;
  uint32_t abandoned; /* windows without a score, or whose score was overwritten before it was sent */
  window_cutter cutter;
  window_score score;
} window_scorer;

/** Begins anew with this model (NULL for none); what was open is given up. */
void scorer_start(window_scorer *scorer, const aurora_model *model);

/** Gives the open window up: samples are missing. */
void scorer_break(window_scorer *scorer);

/** Takes samples at one speed of the shaft, the first of which has the index `first`. */
void scorer_push(window_scorer *scorer, const int16_t *samples, uint32_t count, uint64_t first, float shaft_rpm);

#endif
