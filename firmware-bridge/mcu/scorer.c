#include "scorer.h"

/* The features' state and scratch are far larger than all the rest; there is one stream. */
static aurora_features features;

void scorer_start(window_scorer *scorer, const aurora_model *model) {
  aurora_window_spec spec;
  scorer_break(scorer);
  scorer->model = model;
  scorer->has_score = false;
  scorer->ready = (model != NULL) && (scorer->bearing.bpfo > 0.0F) && aurora_features_window(model, &spec) &&
                 aurora_features_begin(&features, model, scorer->sample_rate_hz, &scorer->bearing);
  if (scorer->ready) {
    window_start(&scorer->cutter, &spec, scorer->sample_rate_hz);
  }
}

void scorer_break(window_scorer *scorer) {
  if (scorer->ready && scorer->cutter.open) {
    scorer->abandoned++;
    scorer->cutter.open = false;
  }
}

/* The window is complete. */
static void finish(window_scorer *scorer) {
  float values[AURORA_FEATURES_MAX_COUNT];
  aurora_student_scratch scratch;
  window_score *score = &scorer->score;
  if (!aurora_features_finish(&features, values)) {
    scorer->abandoned++;
    return;
  }
  if (scorer->has_score) {
    scorer->abandoned++; /* the link did not take the one before in the time of a whole window */
  }
  aurora_features_quantise(scorer->model, values, score->inputs);
  aurora_student_run(scorer->model, score->inputs, score->outputs, &scratch);
  score->first_sample = scorer->cutter.first;
  score->sample_count = scorer->cutter.samples;
  score->shaft_rpm = window_mean_rpm(&scorer->cutter);
  score->is_alarm = false;
  for (uint32_t i = 0; i < scorer->model->head->outputs; i++) {
    score->is_alarm = score->is_alarm || (score->outputs[i] >= scorer->model->raise_at[i]);
  }
  scorer->has_score = true;
  scorer->scores++;
}

void scorer_push(window_scorer *scorer, const int16_t *samples, uint32_t count, uint64_t first, float shaft_rpm) {
  if (!scorer->ready) {
    return;
  }
  if (window_breaks(&scorer->cutter, shaft_rpm)) {
    scorer_break(scorer);
  }
  if (!window_can_run(&scorer->cutter, shaft_rpm)) {
    return;
  }
  while (count > 0U) {
    if (!scorer->cutter.open) {
      window_open(&scorer->cutter, first, shaft_rpm);
      (void)aurora_features_begin(&features, scorer->model, scorer->sample_rate_hz, &scorer->bearing);
    }
    const uint32_t taken = window_take(&scorer->cutter, count, shaft_rpm);
    aurora_features_push(&features, samples, taken, scorer->scale, shaft_rpm);
    samples += taken;
    first += taken;
    count -= taken;
    if (!scorer->cutter.open) {
      finish(scorer);
    }
  }
}
