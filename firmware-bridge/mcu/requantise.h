/*
 * clamp(roundHalfEven(fround(fround(sum) * multiplier)) + zero_point, 0, 255): the one float32 requantisation.
 * Cores with a float32 unit compute it as written; the others exactly in integers, both roundings included.
 */
#ifndef AURORA_REQUANTISE_H
#define AURORA_REQUANTISE_H

#include <stdint.h>

#include "arithmetic.h"

static inline uint32_t aurora_clamp_u8(int32_t value) {
#if defined(__ARM_FEATURE_SAT) && !defined(__aarch64__) && !defined(AURORA_EXACT_INTEGERS)
  uint32_t clamped;
  __asm__("usat %0, #8, %1" : "=r"(clamped) : "r"(value));
  return clamped;
#else
  return (value < 0) ? 0u : ((value > 255) ? 255u : (uint32_t)value);
#endif
}

#if AURORA_HAS_FLOAT

/* multiplier: bits of a float32. */
static inline uint32_t aurora_requantise(int32_t sum, uint32_t multiplier, int32_t zero_point) {
  union {
    uint32_t bits;
    float value;
  } scale;
  scale.bits = multiplier;
  const float product = (float)sum * scale.value;
#if defined(__ARM_FP) && defined(__ARM_FEATURE_DSP) && !defined(__aarch64__)
  /* Rounds by the mode of the FPU, half to even after reset, and saturates to int32. */
  int32_t rounded;
  float moved = product;
  __asm__("vcvtr.s32.f32 %0, %0\n\tvmov %1, %0" : "+t"(moved), "=r"(rounded));
  /* |rounded| may be close to 2^31: a saturating addition. */
  int32_t moved_up;
  __asm__("qadd %0, %1, %2" : "=r"(moved_up) : "r"(rounded), "r"(zero_point));
  return aurora_clamp_u8(moved_up);
#else
  /* Clamped to where adding 1.5 * 2^23 rounds to whole numbers, half to even. */
  const float bounded = (product > 512.0f) ? 512.0f : ((product < -512.0f) ? -512.0f : product);
  const volatile float shifted = bounded + 12582912.0f;
  return aurora_clamp_u8((int32_t)(shifted - 12582912.0f) + zero_point);
#endif
}

#else

/* `whole` and `rest` / 2^32, to the nearest whole number, half to even. */
static inline uint32_t aurora_round(uint32_t whole, uint32_t rest) {
  const uint32_t rounded = whole + (rest >> 31);
  return (rest == 0x80000000u) ? (rounded & ~1u) : rounded;
}

/* Zeros above the highest bit that is set; value > 0. */
static inline uint32_t aurora_leading_zeros(uint32_t value) {
#if defined(__ARM_FEATURE_CLZ) || defined(__riscv_zbb) || defined(__SSE_MATH__)
  return (uint32_t)__builtin_clz(value);
#else
  /* The smallest cores do not count them. */
  uint32_t zeros = 0;
  if (value < 0x10000u) {
    value <<= 16;
    zeros += 16u;
  }
  if (value < 0x1000000u) {
    value <<= 8;
    zeros += 8u;
  }
  if (value < 0x10000000u) {
    value <<= 4;
    zeros += 4u;
  }
  while (value < 0x80000000u) {
    value <<= 1;
    zeros++;
  }
  return zeros;
#endif
}

/* The high word of a * b, and the low one; a <= 2^24, and the low 8 bits of b are zero. */
static inline uint32_t aurora_multiply(uint32_t a, uint32_t b, uint32_t *low) {
#if defined(__ARM_ARCH) && (__ARM_ARCH_ISA_THUMB == 1)
  /* No long multiplication: four short ones. */
  const uint32_t a0 = a & 0xffffu;
  const uint32_t a1 = a >> 16;
  const uint32_t b0 = (b >> 8) & 0xffffu;
  const uint32_t b1 = b >> 24;
  const uint32_t p00 = a0 * b0;
  const uint32_t middle = (a0 * b1) + (a1 * b0) + (p00 >> 16); /* below 2^24 * 2 + 2^16 */
  *low = (middle << 24) | ((p00 & 0xffffu) << 8);
  return ((a1 * b1) << 8) + (middle >> 8);
#else
  const uint64_t product = (uint64_t)a * b;
  *low = (uint32_t)product;
  return (uint32_t)(product >> 32);
#endif
}

/* multiplier: bits of a normal, positive float32. */
static inline uint32_t aurora_requantise(int32_t sum, uint32_t multiplier, int32_t zero_point) {
  if ((sum < 0) && (zero_point == 0)) {
    return 0;
  }
  const uint32_t magnitude = (sum < 0) ? (0u - (uint32_t)sum) : (uint32_t)sum;
  const uint32_t zeros = aurora_leading_zeros(magnitude | 1u);
  /* First rounding: the sum to the 24 bits of a float32. */
  const uint32_t moved = magnitude << zeros;
  const uint32_t factor = aurora_round(moved >> 8, moved << 24);
  /* Second rounding: the product to 24 bits, which begin at bit 55 or, if that is zero, at bit 54. */
  uint32_t low;
  uint32_t high = aurora_multiply(factor, (multiplier | 0x800000u) << 8, &low);
  int32_t shift = (int32_t)(118u + zeros) - (int32_t)(multiplier >> 23);
  if (high < 0x800000u) {
    high = (high << 1) | (low >> 31);
    low <<= 1;
    shift++;
  }
  const uint32_t product = aurora_round(high, low);
  /* Third rounding: product / 2^shift to a whole number; at least 512 by a shift of 14, nothing by one of 31. */
  shift = (shift < 14) ? 14 : ((shift > 31) ? 31 : shift);
  const int32_t whole = (int32_t)aurora_round(product >> (uint32_t)shift, product << (32u - (uint32_t)shift));
  return aurora_clamp_u8(((sum < 0) ? -whole : whole) + zero_point);
}

#endif
#endif
