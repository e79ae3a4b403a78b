/* See prediction.h. */
#include "prediction.h"

#include "bytes.h"

#define SMALLEST_ERROR 1e-12f

/* Sums of `now` times what stands `lag` to `lag` + 3 samples before it and, where `energy` is asked for, times itself. */
AURORA_INLINE static inline void add_four_lags(const float *now, uint32_t length, uint32_t lag, float *sums, float *energy) {
  const float *past = now - lag;
  const float *end = &now[length];
  float sum0 = 0.0f;
  float sum1 = 0.0f;
  float sum2 = 0.0f;
  float sum3 = 0.0f;
  float square = 0.0f;
  float at1 = past[-1];
  float at2 = past[-2];
  float at3 = past[-3];
  for (const float *whole = &now[length & ~3u]; now != whole; now += 4) {
    const float now0 = now[0];
    const float now1 = now[1];
    const float now2 = now[2];
    const float now3 = now[3];
    const float at0 = past[0];
    sum0 += now0 * at0;
    sum1 += now0 * at1;
    sum2 += now0 * at2;
    sum3 += now0 * at3;
    /* The oldest gives its place to the newest: no moves. */
    at3 = past[1];
    sum0 += now1 * at3;
    sum1 += now1 * at0;
    sum2 += now1 * at1;
    sum3 += now1 * at2;
    at2 = past[2];
    sum0 += now2 * at2;
    sum1 += now2 * at3;
    sum2 += now2 * at0;
    sum3 += now2 * at1;
    at1 = past[3];
    sum0 += now3 * at1;
    sum1 += now3 * at2;
    sum2 += now3 * at3;
    sum3 += now3 * at0;
    if (energy != (float *)0) {
      square += now0 * now0;
      square += now1 * now1;
      square += now2 * now2;
      square += now3 * now3;
    }
    past += 4;
  }
  for (; now != end; now++) {
    const float value = *now;
    sum0 += value * past[0];
    sum1 += value * past[-1];
    sum2 += value * past[-2];
    sum3 += value * past[-3];
    square += value * value;
    past++;
  }
  sums[0] = sum0;
  sums[1] = sum1;
  sums[2] = sum2;
  sums[3] = sum3;
  if (energy != (float *)0) {
    *energy = square;
  }
}

/* The same of two lags. */
AURORA_INLINE static inline void add_two_lags(const float *now, uint32_t length, uint32_t lag, float *sums) {
  const float *past = now - lag;
  const float *end = &now[length];
  float sum0 = 0.0f;
  float sum1 = 0.0f;
  float before = past[-1];
  for (const float *whole = &now[length & ~3u]; now != whole; now += 4) {
    const float at0 = past[0];
    const float at1 = past[1];
    const float at2 = past[2];
    const float at3 = past[3];
    sum0 += now[0] * at0;
    sum1 += now[0] * before;
    sum0 += now[1] * at1;
    sum1 += now[1] * at0;
    sum0 += now[2] * at2;
    sum1 += now[2] * at1;
    sum0 += now[3] * at3;
    sum1 += now[3] * at2;
    before = at3;
    past += 4;
  }
  for (; now != end; now++) {
    sum0 += *now * past[0];
    sum1 += *now * past[-1];
    past++;
  }
  sums[0] = sum0;
  sums[1] = sum1;
}

static float add_lag(const float *now, uint32_t length, uint32_t lag) {
  float sum = 0.0f;
  for (const float *end = &now[length]; now != end; now++) {
    sum += *now * *(now - lag);
  }
  return sum;
}

void aurora_lag_products(const float *block, uint32_t length, uint32_t order, float *products) {
  uint32_t lag = 1u;
  if (order >= 4u) {
    add_four_lags(block, length, 1u, &products[1], &products[0]);
    for (lag = 5u; (lag + 3u) <= order; lag += 4u) {
      add_four_lags(block, length, lag, &products[lag], (float *)0);
    }
  } else {
    products[0] = add_lag(block, length, 0u);
  }
  if ((lag + 1u) <= order) {
    add_two_lags(block, length, lag, &products[lag]);
    lag += 2u;
  }
  if (lag <= order) {
    products[lag] = add_lag(block, length, lag);
  }
}

/* Levinson 1947, Durbin 1960; stops where the prediction error vanishes, with the other coefficients 0. */
void aurora_solve_prediction(const float *products, uint32_t order, float *coefficients) {
  const float energy = products[0];
  float error = energy;
  coefficients[0] = 1.0f;
  for (uint32_t k = 1u; k <= order; k++) {
    coefficients[k] = 0.0f;
  }
  if (!(energy > 0.0f)) {
    return;
  }
  for (uint32_t m = 1u; m <= order; m++) {
    float sum = products[m];
    const float *product = &products[m];
    for (uint32_t k = 1u; k < m; k++) {
      product--;
      sum += coefficients[k] * *product;
    }
    const float reflection = -sum / error;
    const float next = error * (1.0f - (reflection * reflection));
    if (!(next > (energy * SMALLEST_ERROR))) {
      return;
    }
    /* From both ends, in place; the middle one meets itself. */
    float *low = &coefficients[1];
    float *high = &coefficients[m - 1u];
    for (; low < high; low++) {
      const float first = *low;
      const float last = *high;
      *low = first + (reflection * last);
      *high = last + (reflection * first);
      high--;
    }
    if (low == high) {
      *low += reflection * *low;
    }
    coefficients[m] = reflection;
    error = next;
  }
}

/* Four residuals; `block` is the first one's sample. */
AURORA_INLINE static inline void compute_four_residuals(const float *block, uint32_t order, const float *coefficients, float *residual) {
  float sum0 = block[0];
  float sum1 = block[1];
  float sum2 = block[2];
  float sum3 = block[3];
  float at1 = sum0;
  float at2 = sum1;
  float at3 = sum2;
  const float *past = block;
  const float *coefficient = &coefficients[1];
  for (const float *end = &coefficient[order & ~3u]; coefficient != end; coefficient += 4) {
    const float at0 = past[-1];
    sum0 += coefficient[0] * at0;
    sum1 += coefficient[0] * at1;
    sum2 += coefficient[0] * at2;
    sum3 += coefficient[0] * at3;
    /* The newest gives its place to the oldest. */
    at3 = past[-2];
    sum0 += coefficient[1] * at3;
    sum1 += coefficient[1] * at0;
    sum2 += coefficient[1] * at1;
    sum3 += coefficient[1] * at2;
    at2 = past[-3];
    sum0 += coefficient[2] * at2;
    sum1 += coefficient[2] * at3;
    sum2 += coefficient[2] * at0;
    sum3 += coefficient[2] * at1;
    at1 = past[-4];
    sum0 += coefficient[3] * at1;
    sum1 += coefficient[3] * at2;
    sum2 += coefficient[3] * at3;
    sum3 += coefficient[3] * at0;
    past -= 4;
  }
  if ((order & 2u) != 0u) {
    const float at0 = past[-1];
    sum0 += coefficient[0] * at0;
    sum1 += coefficient[0] * at1;
    sum2 += coefficient[0] * at2;
    sum3 += coefficient[0] * at3;
    at3 = past[-2];
    sum0 += coefficient[1] * at3;
    sum1 += coefficient[1] * at0;
    sum2 += coefficient[1] * at1;
    sum3 += coefficient[1] * at2;
    at2 = at0;
    at3 = at1;
    at1 = past[-2];
    past -= 2;
    coefficient += 2;
  }
  if ((order & 1u) != 0u) {
    sum0 += *coefficient * past[-1];
    sum1 += *coefficient * at1;
    sum2 += *coefficient * at2;
    sum3 += *coefficient * at3;
  }
  residual[0] = sum0;
  residual[1] = sum1;
  residual[2] = sum2;
  residual[3] = sum3;
}

void aurora_prediction_residual(const float *block, uint32_t length, uint32_t order, const float *coefficients,
                                float *residual) {
  const float *end = &block[length];
  for (const float *whole = &block[length & ~3u]; block != whole; block += 4) {
    compute_four_residuals(block, order, coefficients, residual);
    residual += 4;
  }
  for (; block != end; block++) {
    float sum = *block;
    for (uint32_t k = 1u; k <= order; k++) {
      sum += coefficients[k] * *(block - k);
    }
    *residual = sum;
    residual++;
  }
}
