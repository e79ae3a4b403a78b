#include "window.h"

#define ONE 4294967296.0F
/* A revolution of fewer samples is no plausible speed, as on the gateway. */
#define FEWEST_SAMPLES_PER_REVOLUTION 10.0F

void window_start(window_cutter *cutter, const aurora_window_spec *spec, float sample_rate_hz) {
  const uint32_t whole = (uint32_t)spec->length;
  cutter->length = ((uint64_t)whole << 32) | (uint32_t)((spec->length - (float)whole) * ONE);
  cutter->revolutions = spec->revolutions;
  cutter->sample_rate_hz = sample_rate_hz;
  cutter->open = false;
}

bool window_can_run(const window_cutter *cutter, float shaft_rpm) {
  /* False for NAN. */
  return (shaft_rpm > 0.0F) && (shaft_rpm * FEWEST_SAMPLES_PER_REVOLUTION <= 60.0F * cutter->sample_rate_hz);
}

bool window_breaks(const window_cutter *cutter, float shaft_rpm) {
  const float change = shaft_rpm - cutter->start_rpm;
  const float most = 0.5F * cutter->start_rpm;
  return cutter->open && ((change > most) || (change < -most) || !window_can_run(cutter, shaft_rpm));
}

void window_open(window_cutter *cutter, uint64_t first, float shaft_rpm) {
  cutter->open = true;
  cutter->first = first;
  cutter->position = 0;
  cutter->samples = 0;
  cutter->start_rpm = shaft_rpm;
  cutter->sum_change = 0.0F;
  cutter->sum_excess = 0.0F;
}

uint32_t window_take(window_cutter *cutter, uint32_t count, float shaft_rpm) {
  const float per_sample =
      cutter->revolutions ? (shaft_rpm / (60.0F * cutter->sample_rate_hz)) : (1.0F / cutter->sample_rate_hz);
  const uint32_t step = (uint32_t)(per_sample * ONE);
  const uint64_t all = cutter->position + ((uint64_t)count * step);
  uint32_t taken = 0;
  if (all < cutter->length) { /* the window does not end among them */
    cutter->position = all;
    taken = count;
  }
  while ((taken < count) && (cutter->position < cutter->length)) {
    cutter->position += step;
    taken++;
  }
  cutter->samples += taken;
  const float change = ((shaft_rpm - cutter->start_rpm) * (float)taken) - cutter->sum_excess;
  const float sum = cutter->sum_change + change;
  cutter->sum_excess = (sum - cutter->sum_change) - change;
  cutter->sum_change = sum;
  cutter->open = cutter->position < cutter->length;
  return taken;
}
