/* See decimator.h. Every output adds from its both ends, oldest and newest, towards the middle: symmetric taps take half the products. */
#include "decimator.h"

#include "bytes.h"

void aurora_decimator_reset(aurora_decimator *filter, const float *half_taps, uint16_t taps, uint16_t factor) {
  filter->half_taps = half_taps;
  filter->taps = taps;
  filter->factor = factor;
  filter->held = 0;
  filter->next = 0;
}

static float compute_output(const aurora_decimator *filter, const float *left) {
  const float *right = &left[filter->taps - 1u];
  const float *tap = filter->half_taps;
  float sum = 0.0f;
  for (; left != right; left++) {
    sum += *tap * (*left + *right);
    tap++;
    right--;
  }
  return sum + *tap * *left;
}

/* One tap for four neighbouring outputs of a filter that halves the rate, at a place counted from `left` and `right`. */
#define ADD_TAP(place) \
  weight = tap[place]; \
  sum0 += weight * (left[(place)] + right[-(place)]); \
  sum1 += weight * (left[2 + (place)] + right[2 - (place)]); \
  sum2 += weight * (left[4 + (place)] + right[4 - (place)]); \
  sum3 += weight * (left[6 + (place)] + right[6 - (place)])

/* Four taps at once: what one output has read at one end, the next one needs two taps later. */
static void compute_four_outputs(const aurora_decimator *filter, const float *left, float *out) {
  const uint32_t half = filter->taps / 2u;
  const float *right = &left[filter->taps - 1u];
  const float *tap = filter->half_taps;
  const float *middle = &tap[half];
  float weight;
  float sum0 = 0.0f;
  float sum1 = 0.0f;
  float sum2 = 0.0f;
  float sum3 = 0.0f;
  for (const float *whole = &tap[half & ~3u]; tap != whole; tap += 4) {
    ADD_TAP(0);
    ADD_TAP(1);
    ADD_TAP(2);
    ADD_TAP(3);
    left += 4;
    right -= 4;
  }
  for (; tap != middle; tap++) {
    ADD_TAP(0);
    left++;
    right--;
  }
  out[0] = sum0 + *tap * left[0];
  out[1] = sum1 + *tap * left[2];
  out[2] = sum2 + *tap * left[4];
  out[3] = sum3 + *tap * left[6];
}

uint32_t aurora_decimator_run(aurora_decimator *filter, float *out, uint32_t room) {
  const uint32_t taps = filter->taps;
  const uint32_t factor = filter->factor;
  const uint32_t held = filter->held;
  uint32_t next = filter->next;
  uint32_t count = 0;
  if ((AURORA_HAS_FLOAT != 0) && (factor == 2u)) {
    for (; ((next + taps + 6u) <= held) && ((count + 4u) <= room); next += 8u) {
      compute_four_outputs(filter, &filter->samples[next], &out[count]);
      count += 4u;
    }
  }
  for (; (next + taps) <= held; next += factor) {
    if (count < room) {
      out[count] = compute_output(filter, &filter->samples[next]);
    }
    count++;
  }
  const uint32_t used = (next < held) ? next : held;
  for (uint32_t i = used; i < held; i++) {
    filter->samples[i - used] = filter->samples[i];
  }
  filter->held = (uint16_t)(held - used);
  filter->next = (uint16_t)(next - used);
  return count;
}
