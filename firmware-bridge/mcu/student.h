/*
 * The int8 student: the integers of ONNX Runtime and of the TypeScript engine, bit for bit (src/core/contract/bundle/quantised-mlp.ts).
 * Uses float32 where the core has it, exact integer arithmetic where not; both give the same.
 */
#ifndef AURORA_STUDENT_H
#define AURORA_STUDENT_H

#include "model.h"

/* Activations of two neighbouring layers. Lives where the caller puts it; holds nothing between runs. */
typedef struct {
  uint32_t words[2][AURORA_MODEL_MAX_WIDTH / 4u];
} aurora_student_scratch;

/* quantised[model->head->inputs] -> logits[model->head->outputs], all uint8. */
void aurora_student_run(const aurora_model *model, const uint8_t *quantised, uint8_t *logits,
                        aurora_student_scratch *scratch);

#endif
