/*
 * What the arithmetic of the device rests on, settled once for every compiler and core: float32 operations rounded one by
 * one, as they are written. Included before any function that computes with float32.
 *
 * A fused multiply-add rounds once where two operations round twice, and then features are others. Compilers fuse by
 * default (clang; GCC outside -std=c11), so it is switched off here whatever the flags say. A build with -ffp-contract=off
 * may define AURORA_NO_CONTRACTION: GCC's pragma costs 3 % of speed. What nothing shows while compiling (that define alone;
 * clang's -ffp-contract=fast, which goes over the pragma, and the parts of its -ffast-math, for which it has no macro),
 * aurora_rounds_as_written finds when a model is opened.
 */
#ifndef AURORA_ARITHMETIC_H
#define AURORA_ARITHMETIC_H

#include <stdbool.h>
#include <stdint.h>

#if !defined(AURORA_NO_CONTRACTION)
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif !defined(__GNUC__)
#error "Say how this compiler is kept from fusing a multiplication and an addition, and define AURORA_NO_CONTRACTION"
#elif defined(__FP_FAST_FMAF) /* the core can */
#pragma GCC optimize("fp-contract=off")
#endif
#endif

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && (__FINITE_MATH_ONLY__ != 0)) || \
    defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || defined(__NO_SIGNED_ZEROS__)
#error "Compile without -ffast-math, -Ofast and their parts: features would be others than the model was trained with"
#endif

/* 16 (ISO/IEC TS 18661-3) is 0 for a core that computes float16 too: what is wider than that as its own type says. */
#if defined(__FLT_EVAL_METHOD__) && (__FLT_EVAL_METHOD__ != 0) && (__FLT_EVAL_METHOD__ != 16)
#error "float32 must be computed as float32: this compiler's FLT_EVAL_METHOD is neither 0 nor 16 (on a 32-bit x86: -msse2 -mfpmath=sse)"
#endif

/*
 * The vector unit of a Cortex-M55 (MVE) takes subnormal numbers for zero where its scalar unit computes them (seen in QEMU), and
 * compilers go from one to the other unasked.
 */
#if defined(__ARM_FEATURE_MVE) && ((__ARM_FEATURE_MVE & 2) != 0)
#if defined(__clang__)
#error "Compile with +nomve.fp after the core's name (-mcpu=cortex-m55+nomve.fp): its vectors of float32 take subnormal numbers for zero"
#else
#pragma GCC optimize("no-tree-loop-vectorize", "no-tree-slp-vectorize")
#endif
#endif

/*
 * Whether float32 is computed in hardware; otherwise integers give the same bits sooner. Cores that are not known here are
 * taken as without: that is right on each of them. AURORA_FLOAT_UNIT says otherwise, AURORA_EXACT_INTEGERS forbids it.
 */
#if defined(AURORA_EXACT_INTEGERS)
#define AURORA_HAS_FLOAT 0
#elif defined(AURORA_FLOAT_UNIT) || defined(__aarch64__) || defined(__SSE_MATH__)
#define AURORA_HAS_FLOAT 1
#elif defined(__ARM_FP)
#define AURORA_HAS_FLOAT ((__ARM_FP & 4) != 0) /* bit 2: float32 */
#elif defined(__riscv_flen)
#define AURORA_HAS_FLOAT (__riscv_flen >= 32)
#else
#define AURORA_HAS_FLOAT 0
#endif

/*
 * How many of `count` are gone through four at a time, which keeps a float unit busy; the rest one by one. Without the unit
 * each operation is a call: all of them one by one, in a third of the code. The bits are the same.
 */
#define AURORA_BY_FOURS(count) (((AURORA_HAS_FLOAT) != 0) ? ((count) & ~3u) : 0u)

/* With -fmath-errno the compiler may call the library's sqrtf, which is not there; a unit of unknown kind may have no root. */
#if AURORA_HAS_FLOAT && defined(__NO_MATH_ERRNO__) && !defined(AURORA_FLOAT_UNIT)
#define AURORA_HAS_SQRT 1
#else
#define AURORA_HAS_SQRT 0
#endif

#if defined(__clang__)
/*
 * Does the program at hand add in the order that is written (1 is lost in 2^26), divide by 3 instead of multiplying by a
 * third (which gives 5 another last bit), and take the sum of -0 and 0 for 0? GCC has macros for what changes this.
 */
static inline bool aurora_computes_as_written(void) {
  const volatile float inputs[] = {1.0f, 67108864.0f, 5.0f, -0.0f};
  const volatile float fives_third = 1.66666662693023681640625f;
  const float one = inputs[0];
  const float large = inputs[1];
  const float five = inputs[2];
  const float zero = inputs[3] + 0.0f;
  return (((one + large) - large) == 0.0f) && ((five / 3.0f) == fives_third) && ((1.0f / zero) > 0.0f);
}
#else
static inline bool aurora_computes_as_written(void) { return true; }
#endif

/* Does it also round a product before it is added to? The product of 1 + 2^-12 with itself ends in 2^-24, which rounds off. */
static inline bool aurora_rounds_as_written(void) {
  const volatile float factor = 1.000244140625f;
  const volatile float rest = -1.00048828125f;
  return (((factor * factor) + rest) == 0.0f) && aurora_computes_as_written();
}

#endif
