/* See prediction.h. */
#include "prediction.h"

#include "bytes.h"

#define SMALLEST_ERROR 1e-12f

/* products[0 ... 6]: what stands at `now` times itself and times what stands 1 to 6 before it. */
static void add_seven_lags(const float *now, uint32_t length, float *products) {
  float sum0 = 0.0f;
  float sum1 = 0.0f;
  float sum2 = 0.0f;
  float sum3 = 0.0f;
  float sum4 = 0.0f;
  float sum5 = 0.0f;
  float sum6 = 0.0f;
  float at1 = now[-1];
  float at2 = now[-2];
  float at3 = now[-3];
  float at4 = now[-4];
  float at5 = now[-5];
  float at6 = now[-6];
  const float *end = &now[length];
  for (const float *whole = &now[AURORA_BY_FOURS(length)]; now != whole; now += 4) {
    const float first = now[0];
    const float second = now[1];
    const float third = now[2];
    const float fourth = now[3];
    sum0 += first * first;
    sum1 += first * at1;
    sum2 += first * at2;
    sum3 += first * at3;
    sum4 += first * at4;
    sum5 += first * at5;
    sum6 += first * at6;
    sum0 += second * second;
    sum1 += second * first;
    sum2 += second * at1;
    sum3 += second * at2;
    sum4 += second * at3;
    sum5 += second * at4;
    sum6 += second * at5;
    sum0 += third * third;
    sum1 += third * second;
    sum2 += third * first;
    sum3 += third * at1;
    sum4 += third * at2;
    sum5 += third * at3;
    sum6 += third * at4;
    sum0 += fourth * fourth;
    sum1 += fourth * third;
    sum2 += fourth * second;
    sum3 += fourth * first;
    sum4 += fourth * at1;
    sum5 += fourth * at2;
    sum6 += fourth * at3;
    at6 = at2;
    at5 = at1;
    at4 = first;
    at3 = second;
    at2 = third;
    at1 = fourth;
  }
  for (; now != end; now++) {
    const float value = *now;
    sum0 += value * value;
    sum1 += value * now[-1];
    sum2 += value * now[-2];
    sum3 += value * now[-3];
    sum4 += value * now[-4];
    sum5 += value * now[-5];
    sum6 += value * now[-6];
  }
  products[0] = sum0;
  products[1] = sum1;
  products[2] = sum2;
  products[3] = sum3;
  products[4] = sum4;
  products[5] = sum5;
  products[6] = sum6;
}

/* Products of `lag` and the lag behind it. */
static void add_two_lags(const float *now, uint32_t length, uint32_t lag, float *sums) {
  const float *past = now - lag;
  const float *end = &now[length];
  float sum0 = 0.0f;
  float sum1 = 0.0f;
  float before = past[-1];
  for (const float *whole = &now[AURORA_BY_FOURS(length)]; now != whole; now += 4) {
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
  uint32_t lag = 0;
  if ((AURORA_HAS_FLOAT != 0) && (order >= 6u)) {
    add_seven_lags(block, length, products);
    lag = 7u;
  }
  for (; lag < order; lag += 2u) {
    add_two_lags(block, length, lag, &products[lag]);
  }
  if (lag == order) {
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
  for (const float *whole = &block[AURORA_BY_FOURS(length)]; block != whole; block += 4) {
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
