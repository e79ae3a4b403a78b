/*
 * A block of samples and its linear prediction: products over lags, the prediction's coefficients, what they leave. Several
 * sums at once, so that a float unit waits for none of them; each sum adds in the sequence of its samples, whatever stands
 * beside it, so that its bits are those of the plain loop.
 */
#ifndef AURORA_PREDICTION_H
#define AURORA_PREDICTION_H

#include <stdint.h>

#include "arithmetic.h"

#define AURORA_PREDICTION_MAX_ORDER 16u

/* products[lag] is the sum of block[i] * block[i - lag] over i < length, for lags 0 to order; `order` samples stand before
 * the block. */
void aurora_lag_products(const float *block, uint32_t length, uint32_t order, float *products);

/* coefficients[0 ... order] from the products, the first of which is 1. */
void aurora_solve_prediction(const float *products, uint32_t order, float *coefficients);

/* residual[i] is block[i] and every coefficient k >= 1 times block[i - k]. */
void aurora_prediction_residual(const float *block, uint32_t length, uint32_t order, const float *coefficients,
                                float *residual);

#endif
