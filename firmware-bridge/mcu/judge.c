#include "judge.h"

/* The features' state and scratch are far larger than all the rest; there is one stream. */
static aurora_features features;

void judge_start(window_judge *judge, const aurora_model *model) {
  aurora_window_spec spec;
  judge_break(judge);
  judge->model = model;
  judge->has_score = false;
  judge->ready = (model != NULL) && (judge->bearing.bpfo > 0.0F) && aurora_features_window(model, &spec) &&
                 aurora_features_begin(&features, model, judge->sample_rate_hz, &judge->bearing);
  if (judge->ready) {
    window_start(&judge->cutter, &spec, judge->sample_rate_hz);
  }
}

void judge_break(window_judge *judge) {
  if (judge->ready && judge->cutter.open) {
    judge->abandoned++;
    judge->cutter.open = false;
  }
}

/* The window is complete. */
static void finish(window_judge *judge) {
  float values[AURORA_FEATURES_MAX_COUNT];
  aurora_student_scratch scratch;
  window_score *score = &judge->score;
  if (!aurora_features_finish(&features, values)) {
    judge->abandoned++;
    return;
  }
  if (judge->has_score) {
    judge->abandoned++; /* the link did not take the one before in the time of a whole window */
  }
  aurora_features_quantise(judge->model, values, score->inputs);
  aurora_student_run(judge->model, score->inputs, score->outputs, &scratch);
  score->first_sample = judge->cutter.first;
  score->sample_count = judge->cutter.samples;
  score->shaft_rpm = judge->cutter.sum_rpm / (float)judge->cutter.samples;
  score->is_alarm = false;
  for (uint32_t i = 0; i < judge->model->head->outputs; i++) {
    score->is_alarm = score->is_alarm || (score->outputs[i] >= judge->model->raise_at[i]);
  }
  judge->has_score = true;
  judge->scores++;
}

void judge_push(window_judge *judge, const int16_t *samples, uint32_t count, uint64_t first, float shaft_rpm) {
  if (!judge->ready) {
    return;
  }
  if (window_breaks(&judge->cutter, shaft_rpm)) {
    judge_break(judge);
  }
  if (!window_can_run(&judge->cutter, shaft_rpm)) {
    return;
  }
  while (count > 0U) {
    if (!judge->cutter.open) {
      window_open(&judge->cutter, first, shaft_rpm);
      (void)aurora_features_begin(&features, judge->model, judge->sample_rate_hz, &judge->bearing);
    }
    const uint32_t taken = window_take(&judge->cutter, count, shaft_rpm);
    aurora_features_push(&features, samples, taken, judge->scale, shaft_rpm);
    samples += taken;
    first += taken;
    count -= taken;
    if (!judge->cutter.open) {
      finish(judge);
    }
  }
}
