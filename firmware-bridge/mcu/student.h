/*
 * The int8 student: the integers of ONNX Runtime and of the TypeScript engine, bit for bit (src/core/contract/bundle/quantised-mlp.ts).
 * Uses float32 where the core has it, exact integer arithmetic where not; both give the same.
 */
#ifndef AURORA_STUDENT_H
#define AURORA_STUDENT_H

#include "arithmetic.h"
#include "model.h"

/* Cores with Thumb-2, two products of 16 bits an instruction and a float32 unit, for which the assembly of student.c is. */
#if defined(__ARM_FEATURE_SIMD32) && defined(__ARM_FEATURE_DSP) && defined(__thumb2__) && AURORA_HAS_FLOAT
#define AURORA_HAS_SIMD 1
#else
#define AURORA_HAS_SIMD 0
#endif

/* Words that four activations take: one, a byte each; or two, the first and third in one and the others in the other. */
#define AURORA_STUDENT_SPREAD (1u + (uint32_t)AURORA_HAS_SIMD)

/* Activations of two neighbouring layers. Lives where the caller puts it; holds nothing between runs. */
typedef struct {
  uint32_t words[2][AURORA_STUDENT_SPREAD * AURORA_MODEL_MAX_WIDTH / 4u];
} aurora_student_scratch;

/* quantised[model->head->inputs] -> logits[model->head->outputs], all uint8. */
void aurora_student_run(const aurora_model *model, const uint8_t *quantised, uint8_t *logits,
                        aurora_student_scratch *scratch);

#endif
