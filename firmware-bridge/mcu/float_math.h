/*
 * The few functions of a real variable that the features need, from +, −, ×, ÷ and the square root alone: the same bits
 * on every core, with and without a floating point unit, and on the host.
 */
#ifndef AURORA_FLOAT_MATH_H
#define AURORA_FLOAT_MATH_H

#include <stdint.h>

/* The nearest whole number of a value >= 0, a half upwards. */
static inline uint32_t round_of(float value) { return (uint32_t)(value + 0.5f); }

static inline uint32_t smaller(uint32_t one, uint32_t other) { return (one < other) ? one : other; }

/* Correctly rounded; 0 for values that are not above 0. */
float aurora_sqrt(float value);

/* Natural logarithm of a normal value > 0, within 2e-7 of max(1, |result|). */
float aurora_log(float value);

/* Their sum, one after the other. */
float aurora_sum(const float *values, uint32_t count);

/* Cosine of 2 pi index / length, 0 <= index <= length / 2 < 2^22, within 2e-7. */
float aurora_cos(uint32_t index, uint32_t length);

/* Cosine and sine, the former with the bits of aurora_cos, of a length that is a power of two and not more than 2^21: without
 * a division, by `eighth`, which is exactly 1 / (8 * length). */
void aurora_cos_sin_binary(uint32_t index, uint32_t length, float eighth, float *cosine, float *sine);

#endif
