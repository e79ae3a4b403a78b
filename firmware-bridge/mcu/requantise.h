/*
 * clamp(roundHalfEven(fround(fround(sum) * multiplier)) + zero_point, 0, 255): the one float32 requantisation.
 * Cores with a float32 unit compute it as written; the others exactly in integers, both roundings included.
 */
#ifndef AURORA_REQUANTISE_H
#define AURORA_REQUANTISE_H

#include <stdint.h>

#if defined(AURORA_EXACT_INTEGERS)
#define AURORA_HAS_FLOAT 0
#elif defined(__ARM_ARCH)
/* __ARM_FP has bit 2 set where float32 is computed in hardware. */
#if defined(__ARM_FP) && ((__ARM_FP & 4) != 0)
#define AURORA_HAS_FLOAT 1
#else
#define AURORA_HAS_FLOAT 0
#endif
#else
#define AURORA_HAS_FLOAT 1
#endif

static inline uint32_t aurora_clamp_u8(int32_t value) {
#if defined(__ARM_FEATURE_SAT) && !defined(AURORA_EXACT_INTEGERS)
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
#if defined(__ARM_FP)
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

/* value / 2^shift, half to even; 0 < shift < 32. */
static inline uint32_t aurora_round_shift(uint32_t value, uint32_t shift) {
  const uint32_t half = 1u << (shift - 1u);
  return (value + (half - 1u) + ((value >> shift) & 1u)) >> shift;
}

/* Bits up to the highest that is set; value > 0. */
static inline uint32_t aurora_bit_length(uint32_t value) {
#if defined(__ARM_FEATURE_CLZ) || !defined(__ARM_ARCH)
  return 32u - (uint32_t)__builtin_clz(value);
#else
  /* The smallest cores count no leading zeros. */
  uint32_t length = 1u;
  if (value >= 0x10000u) {
    value >>= 16;
    length += 16u;
  }
  if (value >= 0x100u) {
    value >>= 8;
    length += 8u;
  }
  if (value >= 0x10u) {
    value >>= 4;
    length += 4u;
  }
  while (value > 1u) {
    value >>= 1;
    length++;
  }
  return length;
#endif
}

/* multiplier: bits of a normal, positive float32. */
static inline uint32_t aurora_requantise(int32_t sum, uint32_t multiplier, int32_t zero_point) {
  uint32_t magnitude = (sum < 0) ? (0u - (uint32_t)sum) : (uint32_t)sum;
  if ((magnitude == 0u) || ((sum < 0) && (zero_point == 0))) {
    return (uint32_t)zero_point;
  }
  /* value = magnitude * mantissa * 2^exponent */
  int32_t exponent = (int32_t)(multiplier >> 23) - 150;
  const uint32_t mantissa = (multiplier & 0x7fffffu) | 0x800000u;
  if (magnitude >= 0x1000000u) {
    /* First rounding: an int32 beyond 24 bits to float32. */
    const uint32_t excess = aurora_bit_length(magnitude) - 24u;
    magnitude = aurora_round_shift(magnitude, excess);
    exponent += (int32_t)excess;
  }
  /* 24 by 24 bits. */
#if defined(__ARM_ARCH) && (__ARM_ARCH_ISA_THUMB == 1)
  /* No long multiplication: four short ones. */
  const uint32_t a0 = magnitude & 0xffffu;
  const uint32_t a1 = magnitude >> 16;
  const uint32_t b0 = mantissa & 0xffffu;
  const uint32_t b1 = mantissa >> 16;
  const uint32_t p00 = a0 * b0;
  const uint32_t middle = (a0 * b1) + (a1 * b0) + (p00 >> 16); /* below 2^24 * 2 + 2^16 */
  const uint32_t low = (middle << 16) | (p00 & 0xffffu);
  const uint32_t high = (a1 * b1) + (middle >> 16);
#else
  const uint64_t product = (uint64_t)magnitude * mantissa;
  const uint32_t low = (uint32_t)product;
  const uint32_t high = (uint32_t)(product >> 32);
#endif
  uint32_t rounded = low;
  const uint32_t length = (high != 0u) ? (32u + aurora_bit_length(high)) : aurora_bit_length(low);
  if (length > 24u) {
    /* Second rounding: the product to float32. */
    const uint32_t excess = length - 24u; /* 1 … 24 */
    const uint32_t kept = (high << (32u - excess)) | (low >> excess);
    const uint32_t dropped = low << (32u - excess);
    const uint32_t up = (dropped > 0x80000000u) || ((dropped == 0x80000000u) && ((kept & 1u) != 0u)) ? 1u : 0u;
    rounded = kept + up;
    exponent += (int32_t)excess;
  }
  /* Third rounding: float32 to a whole number. */
  uint32_t whole = 0; /* below a quarter, unless … */
  if (exponent >= 0) {
    whole = ((exponent > 9) || (rounded > 511u)) ? 512u : (rounded << (uint32_t)exponent);
  } else if (exponent > -26) {
    whole = aurora_round_shift(rounded, (uint32_t)-exponent);
  } else {
    /* nothing */
  }
  if (whole > 512u) {
    whole = 512u;
  }
  return aurora_clamp_u8(((sum < 0) ? -(int32_t)whole : (int32_t)whole) + zero_point);
}

#endif
#endif
