/* Runs the layers of an opened model, four outputs at a time. Checks nothing: aurora_model_open did. */
#include "student.h"

#include "requantise.h"

#if defined(__ARM_FEATURE_SIMD32) && !defined(AURORA_EXACT_INTEGERS)
#include <arm_acle.h>
#define AURORA_HAS_SIMD 1
#else
#define AURORA_HAS_SIMD 0
#endif

#define HEADER_BYTES 88u
#define LAYER_BYTES 8u

static uint32_t read_u16(const uint8_t *at) { return (uint32_t)at[0] | ((uint32_t)at[1] << 8); }

static const uint32_t *words_at(const uint8_t *at) { return (const uint32_t *)(const void *)at; }

#if AURORA_HAS_SIMD
/* Bytes 1 and 3 as pairs of 16 bits; the compiler would rotate by an instruction of its own. */
static inline int32_t signed_odd(uint32_t word) {
  int32_t pair;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(word));
  return pair;
}

static inline int32_t unsigned_odd(uint32_t word) {
  int32_t pair;
  __asm__("uxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(word));
  return pair;
}
#else
/* Product of byte `lane` of both words: weights signed, activations not. */
#define LANE(weights, values, lane) \
  ((int32_t)(int8_t)(uint8_t)((weights) >> (8u * (lane))) * (int32_t)(uint8_t)((values) >> (8u * (lane))))

static inline int32_t dot_4(int32_t sum, uint32_t weights, uint32_t values) {
  return sum + LANE(weights, values, 0u) + LANE(weights, values, 1u) + LANE(weights, values, 2u) +
         LANE(weights, values, 3u);
}
#endif

/* One layer; `to` may hold up to three bytes of padding behind the outputs, which meet zero weights in the next layer. */
static const uint8_t *run_layer(const uint8_t *layer, uint32_t zero_point, uint32_t in_words, uint32_t out_words,
                                const uint32_t *from, uint32_t *to) {
  const uint32_t *bias = words_at(layer);
  const uint32_t *multiplier = &bias[4u * out_words];
  const uint32_t *weight = &multiplier[4u * out_words];
  for (uint32_t block = 0; block < out_words; block++) {
    int32_t sum0 = (int32_t)bias[0];
    int32_t sum1 = (int32_t)bias[1];
    int32_t sum2 = (int32_t)bias[2];
    int32_t sum3 = (int32_t)bias[3];
    for (uint32_t i = 0; i < in_words; i++) {
      const uint32_t values = from[i];
#if AURORA_HAS_SIMD
      /* Bytes 0 and 2, then 1 and 3, as pairs of 16 bits: two products an instruction. */
      const int32_t even = (int32_t)__uxtb16(values);
      const int32_t odd = unsigned_odd(values);
      const uint32_t w0 = weight[0];
      const uint32_t w1 = weight[1];
      const uint32_t w2 = weight[2];
      const uint32_t w3 = weight[3];
      sum0 = __smlad(__sxtb16((int32_t)w0), even, sum0);
      sum1 = __smlad(__sxtb16((int32_t)w1), even, sum1);
      sum2 = __smlad(__sxtb16((int32_t)w2), even, sum2);
      sum3 = __smlad(__sxtb16((int32_t)w3), even, sum3);
      sum0 = __smlad(signed_odd(w0), odd, sum0);
      sum1 = __smlad(signed_odd(w1), odd, sum1);
      sum2 = __smlad(signed_odd(w2), odd, sum2);
      sum3 = __smlad(signed_odd(w3), odd, sum3);
#else
      sum0 = dot_4(sum0, weight[0], values);
      sum1 = dot_4(sum1, weight[1], values);
      sum2 = dot_4(sum2, weight[2], values);
      sum3 = dot_4(sum3, weight[3], values);
#endif
      weight = &weight[4];
    }
    const int32_t zero = (int32_t)zero_point;
    to[block] = aurora_requantise(sum0, multiplier[0], zero) | (aurora_requantise(sum1, multiplier[1], zero) << 8) |
                (aurora_requantise(sum2, multiplier[2], zero) << 16) |
                (aurora_requantise(sum3, multiplier[3], zero) << 24);
    bias = &bias[4];
    multiplier = &multiplier[4];
  }
  return (const uint8_t *)weight;
}

void aurora_student_run(const aurora_model *model, const uint8_t *quantised, uint8_t *logits,
                        aurora_student_scratch *scratch) {
  const uint8_t *table = &model->bytes[HEADER_BYTES];
  const uint8_t *layer = &table[LAYER_BYTES * model->layers];
  uint32_t *from = scratch->words[0];
  uint32_t *to = scratch->words[1];
  uint8_t *bytes = (uint8_t *)from;
  const uint32_t inputs = model->inputs;
  const uint32_t layers = model->layers;
  const uint32_t outputs = model->outputs;
  from[(inputs - 1u) >> 2] = 0;
  uint32_t copied = 0;
  if (((uintptr_t)quantised & 3u) == 0u) {
    const uint32_t *words = words_at(quantised);
    for (; (copied + 4u) <= inputs; copied += 4u) {
      from[copied >> 2] = words[copied >> 2];
    }
  }
  for (; copied < inputs; copied++) {
    bytes[copied] = quantised[copied];
  }
  for (uint32_t i = 0; i < layers; i++) {
    const uint8_t *entry = &table[LAYER_BYTES * i];
    layer = run_layer(layer, entry[4], (read_u16(entry) + 3u) >> 2, (read_u16(&entry[2]) + 3u) >> 2, from, to);
    uint32_t *swap = from;
    from = to;
    to = swap;
  }
  bytes = (uint8_t *)from;
  for (uint32_t i = 0; i < outputs; i++) {
    logits[i] = bytes[i];
  }
}
