/* Runs the layers of an opened model, four outputs at a time. Checks nothing: aurora_model_open did. */
#include "student.h"

#include "bytes.h"
#include "requantise.h"

/* The assembly below is Thumb-2 code. */
#if defined(__ARM_FEATURE_SIMD32) && defined(__thumb2__) && !defined(AURORA_EXACT_INTEGERS)
#define AURORA_HAS_SIMD 1
#else
#define AURORA_HAS_SIMD 0
#endif

#if AURORA_HAS_SIMD
/*
 * Adds to four sums the products of `words` words of inputs with their blocks of weights: bytes 0 and 2, then 1 and 3, as
 * pairs of 16 bits, two products an instruction. By hand, because compilers spend an instruction on every rotation and
 * load the weights one by one. Takes twelve registers, which every compiler has, also one that keeps a frame pointer.
 * Returns the weights behind the blocks.
 */
static inline const uint32_t *add_products(const uint32_t *weight, const uint32_t *from, uint32_t words, int32_t sums[4]) {
  int32_t sum0 = sums[0];
  int32_t sum1 = sums[1];
  int32_t sum2 = sums[2];
  int32_t sum3 = sums[3];
  uint32_t even;
  uint32_t odd;
  uint32_t one;
  uint32_t other;
  uint32_t pair;
  __asm__("1: ldr %[odd], [%[from]], #4\n\t"
          "ldrd %[one], %[other], [%[weight]], #8\n\t"
          "uxtb16 %[even], %[odd]\n\t"
          "uxtb16 %[odd], %[odd], ror #8\n\t"
          "sxtb16 %[pair], %[one]\n\t"
          "smlad %[sum0], %[pair], %[even], %[sum0]\n\t"
          "sxtb16 %[one], %[one], ror #8\n\t"
          "smlad %[sum0], %[one], %[odd], %[sum0]\n\t"
          "sxtb16 %[pair], %[other]\n\t"
          "smlad %[sum1], %[pair], %[even], %[sum1]\n\t"
          "sxtb16 %[other], %[other], ror #8\n\t"
          "smlad %[sum1], %[other], %[odd], %[sum1]\n\t"
          "ldrd %[one], %[other], [%[weight]], #8\n\t"
          "sxtb16 %[pair], %[one]\n\t"
          "smlad %[sum2], %[pair], %[even], %[sum2]\n\t"
          "sxtb16 %[one], %[one], ror #8\n\t"
          "smlad %[sum2], %[one], %[odd], %[sum2]\n\t"
          "sxtb16 %[pair], %[other]\n\t"
          "smlad %[sum3], %[pair], %[even], %[sum3]\n\t"
          "sxtb16 %[other], %[other], ror #8\n\t"
          "smlad %[sum3], %[other], %[odd], %[sum3]\n\t"
          "subs %[words], %[words], #1\n\t"
          "bne 1b"
          : [weight] "+r"(weight), [from] "+r"(from), [words] "+r"(words), [sum0] "+r"(sum0), [sum1] "+r"(sum1),
            [sum2] "+r"(sum2), [sum3] "+r"(sum3), [even] "=&r"(even), [odd] "=&r"(odd), [one] "=&r"(one),
            [other] "=&r"(other), [pair] "=&r"(pair)
          :
          : "cc", "memory");
  sums[0] = sum0;
  sums[1] = sum1;
  sums[2] = sum2;
  sums[3] = sum3;
  return weight;
}
#else
/* Adds to a sum the products of `count` inputs with one output's weights: four of every block of sixteen. */
static AURORA_APART int32_t add_products(const int8_t *weight, const uint8_t *from, uint32_t count, int32_t sum) {
  for (const uint8_t *end = &from[count]; from != end; from = &from[4]) {
    sum += weight[0] * from[0];
    sum += weight[1] * from[1];
    sum += weight[2] * from[2];
    sum += weight[3] * from[3];
    weight = &weight[16];
  }
  return sum;
}
#endif

/*
 * One layer from its numbers on; returns those of the next. `to` may hold up to three bytes of padding behind the outputs,
 * which meet zero weights in the next layer.
 */
static AURORA_APART const uint32_t *run_layer(const aurora_model_layer *layer, const uint32_t *bias, const uint32_t *from, uint8_t *to) {
  const uint32_t in_words = (layer->inputs + 3u) >> 2;
  const uint32_t outputs = (layer->outputs + 3u) & ~3u;
  const int32_t zero_point = layer->output_zero_point;
  const uint32_t *weight = &bias[2u * outputs];
  for (const uint8_t *end = &to[outputs]; to != end; to = &to[4]) {
#if AURORA_HAS_SIMD
    int32_t sums[4] = {(int32_t)bias[0], (int32_t)bias[1], (int32_t)bias[2], (int32_t)bias[3]};
    weight = add_products(weight, from, in_words, sums);
#endif
    for (uint32_t row = 0; row < 4u; row++) {
#if AURORA_HAS_SIMD
      const int32_t sum = sums[row];
#else
      const int32_t sum = add_products((const int8_t *)&weight[row], (const uint8_t *)from, 4u * in_words, (int32_t)bias[row]);
#endif
      to[row] = (uint8_t)aurora_requantise(sum, bias[outputs + row], zero_point);
    }
#if !AURORA_HAS_SIMD
    weight = &weight[4u * in_words];
#endif
    bias = &bias[4];
  }
  return weight;
}

void aurora_student_run(const aurora_model *model, const uint8_t *quantised, uint8_t *logits,
                        aurora_student_scratch *scratch) {
  const aurora_model_head *head = model->head;
  const aurora_model_layer *layer = (const aurora_model_layer *)(const void *)&head[1];
  const aurora_model_layer *end = &layer[head->layers];
  const uint32_t *numbers = (const uint32_t *)(const void *)end;
  uint32_t *from = scratch->words[0];
  uint32_t *to = scratch->words[1];
  from[(head->inputs - 1u) >> 2] = 0; /* padding meets zero weights; clean all the same */
  (void)memcpy(from, quantised, head->inputs);
  for (; layer != end; layer++) {
    numbers = run_layer(layer, numbers, from, (uint8_t *)to);
    uint32_t *swap = from;
    from = to;
    to = swap;
  }
  (void)memcpy(logits, from, head->outputs);
}
