/* See decimator.h. */
#include "decimator.h"

void aurora_decimator_reset(aurora_decimator *filter, const float *half_taps, uint16_t taps, uint16_t factor) {
  for (uint32_t i = 0; i < taps; i++) {
    filter->memory[i] = 0.0f;
  }
  filter->half_taps = half_taps;
  filter->taps = taps;
  filter->factor = factor;
  filter->oldest = 0;
  filter->wait = taps;
}

bool aurora_decimator_push(aurora_decimator *filter, float sample, float *out) {
  const uint32_t taps = filter->taps;
  uint32_t left = filter->oldest;
  filter->memory[left] = sample;
  left++;
  if (left == taps) {
    left = 0;
  }
  filter->oldest = (uint16_t)left;
  filter->wait--;
  if (filter->wait != 0u) {
    return false;
  }
  filter->wait = filter->factor;
  /* From both ends, oldest and newest, towards the middle: symmetric taps take half the products. */
  const float *tap = filter->half_taps;
  uint32_t right = filter->oldest;
  float sum = 0.0f;
  for (uint32_t i = 0; i < (taps / 2u); i++) {
    right = ((right == 0u) ? taps : right) - 1u;
    sum += *tap * (filter->memory[left] + filter->memory[right]);
    tap++;
    left++;
    if (left == taps) {
      left = 0;
    }
  }
  *out = sum + *tap * filter->memory[left];
  return true;
}
