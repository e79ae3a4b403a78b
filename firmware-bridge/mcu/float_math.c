/* See float_math.h. */
#include "float_math.h"

#include "arithmetic.h"

#define TURN 6.28318548f /* radians */

typedef union {
  float value;
  uint32_t bits;
} cell;

#if AURORA_HAS_SQRT
float aurora_sqrt(float value) { return (value > 0.0f) ? __builtin_sqrtf(value) : 0.0f; }
#else
float aurora_sqrt(float value) {
  cell in;
  in.value = value;
  int32_t exponent = (int32_t)(in.bits >> 23);
  /* Zero, negative, subnormal (far below any spectrum) and infinite values. */
  if ((exponent == 0) || (exponent > 254)) {
    return 0.0f;
  }
  uint64_t rest = (in.bits & 0x7fffffu) | 0x800000u;
  exponent -= 150;
  /* mantissa * 2^25 has a root of 25 bits: 24 and one to round by; it is never just a half. */
  if ((exponent & 1) == 0) {
    rest <<= 1;
    exponent -= 1;
  }
  rest <<= 25;
  uint64_t root = 0;
  for (uint64_t bit = (uint64_t)1 << 50; bit != 0u; bit >>= 2) {
    if (rest >= (root + bit)) {
      rest -= root + bit;
      root = (root >> 1) + bit;
    } else {
      root >>= 1;
    }
  }
  const uint32_t rounded = ((uint32_t)root + 1u) >> 1;
  const uint32_t biased = (uint32_t)(((exponent - 25) / 2) + 1 + 150);
  cell out;
  /* A root that rounds up to 2^24 carries into the exponent, as it should. */
  out.bits = (biased << 23) + (rounded - 0x800000u);
  return out.value;
}
#endif

float aurora_log(float value) {
  cell in;
  in.value = value;
  /* value = fraction * 2^exponent with fraction in about [0.707, 1.414). */
  const uint32_t shifted = in.bits - 0x3f3504f3u;
  const int32_t exponent = (int32_t)(shifted >> 23) - (((shifted & 0x80000000u) != 0u) ? 512 : 0);
  in.bits -= (uint32_t)exponent << 23;
  const float s = (in.value - 1.0f) / (in.value + 1.0f);
  const float z = s * s;
  /* ln f = 2 artanh s, Abramowitz & Stegun 4.1.27. */
  const float series = z * (0.333333343f + z * (0.2f + z * (0.142857149f + z * 0.111111112f)));
  const float small = 2.0f * (s + s * series);
  return (float)exponent * 0.693147182f + small;
}

float aurora_sum(const float *values, uint32_t count) {
  float sum = 0.0f;
  const float *end = &values[count];
  for (const float *whole = &values[AURORA_BY_FOURS(count)]; values != whole; values += 4) {
    sum += values[0];
    sum += values[1];
    sum += values[2];
    sum += values[3];
  }
  for (; values != end; values++) {
    sum += *values;
  }
  return sum;
}

/* Of turns in 0 ... 1/8, as radians. */
static inline float series_sin(float x) {
  const float z = x * x;
  return x * (1.0f + z * (-0.166666672f + z * (8.33333377e-3f + z * (-1.98412701e-4f + z * 2.75573188e-6f))));
}

static inline float series_cos(float x) {
  const float z = x * x;
  return 1.0f + z * (-0.5f + z * (4.16666679e-2f + z * (-1.38888892e-3f + z * (2.48015876e-5f + z * -2.75573200e-7f))));
}

static void series_cos_sin(float turns, float *cosine, float *sine) {
  const float x = turns * TURN;
  *sine = series_sin(x);
  *cosine = series_cos(x);
}

float aurora_cos(uint32_t index, uint32_t length) {
  /* To an eighth of the circle by mirrors at the quarters, exactly, in integers. */
  const float turn = (float)length;
  if ((8u * index) <= length) {
    return series_cos(((float)index / turn) * TURN);
  }
  if ((4u * index) <= length) {
    return series_sin(((float)(length - (4u * index)) / (4.0f * turn)) * TURN);
  }
  if ((8u * index) <= (3u * length)) {
    return -series_sin(((float)((4u * index) - length) / (4.0f * turn)) * TURN);
  }
  return -series_cos(((float)(length - (2u * index)) / (2.0f * turn)) * TURN);
}

void aurora_cos_sin_binary(uint32_t index, uint32_t length, float eighth, float *cosine, float *sine) {
  /* Numerators below 2^24 and a power of two: their product is as exact as their quotient. */
  if ((8u * index) <= length) {
    series_cos_sin((float)(8u * index) * eighth, cosine, sine);
  } else if ((4u * index) <= length) {
    series_cos_sin((float)(2u * (length - (4u * index))) * eighth, sine, cosine);
  } else if ((8u * index) <= (3u * length)) {
    series_cos_sin((float)(2u * ((4u * index) - length)) * eighth, sine, cosine);
    *cosine = -*cosine;
  } else {
    series_cos_sin((float)(4u * (length - (2u * index))) * eighth, cosine, sine);
    *cosine = -*cosine;
  }
}
