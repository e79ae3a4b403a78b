/* Runs the layers of an opened model, four outputs at a time. Checks nothing: aurora_model_open did. */
#include "student.h"

#include "bytes.h"
#include "requantise.h"

#if AURORA_HAS_SIMD
/* A layer, as run_outputs goes through it: what it keeps in the float32 unit, then what stays at hand. */
typedef struct {
  const uint32_t *from; /* so much before the inputs as there are blocks to skip */
  const uint32_t *bias;
  const uint32_t *multipliers;
  uint32_t *to;
  int32_t zero_point;
  const uint32_t *to_end;
  uint32_t skipped_weights; /* bytes of the blocks that are skipped */
  uint32_t skipped_code;
  const uint32_t *weight;
  const uint32_t *end; /* of the inputs */
} layer_walk;

/* Into four sums (r3 to r6) a word of inputs (r7, r8) with its block of weights (r9 to r12): 22 instructions of 32 bits. */
#define AURORA_BLOCK(input0, input1, weight0, weight1, weight2, weight3) \
  "ldr.w r7, [r1, #" input0 "]\n\t" \
  "ldr.w r8, [r1, #" input1 "]\n\t" \
  "ldr.w r9, [r0, #" weight0 "]\n\t" \
  "ldr.w r10, [r0, #" weight1 "]\n\t" \
  "ldr.w r11, [r0, #" weight2 "]\n\t" \
  "ldr.w r12, [r0, #" weight3 "]\n\t" \
  AURORA_ROW("r3", "r9") AURORA_ROW("r4", "r10") AURORA_ROW("r5", "r11") AURORA_ROW("r6", "r12")
#define AURORA_ROW(sum, weight) \
  "sxtb16 lr, " weight "\n\t" \
  "smlad " sum ", lr, r7, " sum "\n\t" \
  "sxtb16 " weight ", " weight ", ror #8\n\t" \
  "smlad " sum ", " weight ", r8, " sum "\n\t"
#define AURORA_BLOCK_CODE 88u

/*
 * All outputs of a layer, four at a time: their sums, two products an instruction and four blocks a round, of which the first
 * begins behind those that are skipped; then what aurora_requantise makes of them. Returns where the weights end. Compilers
 * spend an instruction on every rotation, load in an order that waits, and have no register left for what is needed once in
 * a while: here that is kept in the float32 unit.
 */
__attribute__((naked, noinline)) static const uint32_t *run_outputs(__attribute__((unused)) const layer_walk *walk) {
  __asm__("push {r4-r11, lr}\n\t"
          "vldm r0!, {s8-s15}\n\t" /* in the order of layer_walk */
          "ldm r0, {r0, r2}\n"
          "1:\n\t"
          "vmov r1, lr, s8, s9\n\t"
          "ldm lr!, {r3-r6}\n\t"
          "vmov s9, lr\n\t"
          "vmov r7, lr, s14, s15\n\t"
          "sub r0, r0, r7\n\t"
          "add pc, lr\n\t" /* is four bytes ahead */
          "nop\n"
          "2:\n\t" AURORA_BLOCK("0", "4", "0", "4", "8", "12") AURORA_BLOCK("8", "12", "16", "20", "24", "28")
              AURORA_BLOCK("16", "20", "32", "36", "40", "44") AURORA_BLOCK("24", "28", "48", "52", "56", "60")
          "add r1, #32\n\t"
          "add r0, #64\n\t"
          "cmp r1, r2\n\t"
          "bne 2b\n\t"
          "vmov s0, s1, r3, r4\n\t"
          "vmov s2, s3, r5, r6\n\t"
          "vmov r7, r8, s10, s11\n\t"
          "vmov r9, r10, s12, s13\n\t"
          "vcvt.f32.s32 s0, s0\n\t"
          "vcvt.f32.s32 s1, s1\n\t"
          "vcvt.f32.s32 s2, s2\n\t"
          "vcvt.f32.s32 s3, s3\n\t"
          "vldm r7!, {s4-s7}\n\t"
          "vmul.f32 s0, s0, s4\n\t"
          "vmul.f32 s1, s1, s5\n\t"
          "vmul.f32 s2, s2, s6\n\t"
          "vmul.f32 s3, s3, s7\n\t"
          "vcvtr.s32.f32 s0, s0\n\t"
          "vcvtr.s32.f32 s1, s1\n\t"
          "vcvtr.s32.f32 s2, s2\n\t"
          "vcvtr.s32.f32 s3, s3\n\t"
          "vmov r3, r4, s0, s1\n\t"
          "vmov r5, r6, s2, s3\n\t"
          "qadd r3, r3, r9\n\t"
          "qadd r4, r4, r9\n\t"
          "qadd r5, r5, r9\n\t"
          "qadd r6, r6, r9\n\t"
          "usat r3, #8, r3\n\t"
          "usat r4, #8, r4\n\t"
          "usat r5, #8, r5\n\t"
          "usat r6, #8, r6\n\t"
          "pkhbt r3, r3, r5, lsl #16\n\t"
          "pkhbt r4, r4, r6, lsl #16\n\t"
          "strd r3, r4, [r8], #8\n\t"
          "vmov s10, s11, r7, r8\n\t"
          "cmp r8, r10\n\t"
          "bne 1b\n\t"
          "pop {r4-r11, pc}");
}

/*
 * One layer from its numbers on; returns those of the next. `to` may hold up to three outputs of padding behind the last,
 * which meet zero weights in the next layer.
 */
static const uint32_t *run_layer(const aurora_model_layer *layer, const uint32_t *bias, const uint32_t *from, uint32_t *to) {
  const uint32_t in_words = (layer->inputs + 3u) >> 2;
  const uint32_t outputs = (layer->outputs + 3u) & ~3u;
  const uint32_t skipped = (0u - in_words) & 3u;
  const layer_walk walk = {
      .zero_point = layer->output_zero_point,
      /* Only reckoned with: what is skipped is not read. */
      .from = (const uint32_t *)((uintptr_t)from - (8u * skipped)),
      .to = to,
      .bias = bias,
      .to_end = &to[outputs / 2u],
      .multipliers = &bias[outputs],
      .skipped_weights = 16u * skipped,
      .weight = &bias[2u * outputs],
      .skipped_code = AURORA_BLOCK_CODE * skipped,
      .end = &from[2u * in_words],
  };
  return run_outputs(&walk);
}

/* The first and third of four bytes into one word, the others into another. */
static inline void spread(uint32_t four, uint32_t *to) {
  __asm__("uxtb16 %0, %1" : "=r"(to[0]) : "r"(four));
  __asm__("uxtb16 %0, %1, ror #8" : "=r"(to[1]) : "r"(four));
}

/* Padding meets zero weights; clean all the same. */
static void take_inputs(const uint8_t *bytes, uint32_t count, uint32_t *to) {
  if (count >= 8u) {
    const uint8_t *end = &bytes[count & ~7u];
    do {
      const uint32_t first = load_u32(bytes);
      const uint32_t second = load_u32(&bytes[4]);
      bytes = &bytes[8];
      spread(first, to);
      spread(second, &to[2]);
      to = &to[4];
    } while (bytes != end);
  }
  if ((count & 4u) != 0u) {
    spread(load_u32(bytes), to);
    bytes = &bytes[4];
    to = &to[2];
  }
  count &= 3u;
  if (count != 0u) {
    uint32_t four = 0;
    do {
      count--;
      four = (four << 8) | bytes[count];
    } while (count != 0u);
    spread(four, to);
  }
}

static void give_outputs(const uint32_t *from, uint32_t count, uint8_t *bytes) {
  for (;; from = &from[2]) {
    uint32_t four = from[0] | (from[1] << 8);
    if (count < 4u) {
      while (count != 0u) {
        *bytes++ = (uint8_t)four;
        four >>= 8;
        count--;
      }
      return;
    }
    store_u32(bytes, four);
    bytes = &bytes[4];
    count -= 4u;
    if (count == 0u) {
      return;
    }
  }
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

/*
 * One layer from its numbers on; returns those of the next. `to` may hold up to three outputs of padding behind the last,
 * which meet zero weights in the next layer.
 */
static AURORA_APART const uint32_t *run_layer(const aurora_model_layer *layer, const uint32_t *bias, const uint32_t *from, uint32_t *to) {
  const uint32_t in_words = (layer->inputs + 3u) >> 2;
  const uint32_t outputs = (layer->outputs + 3u) & ~3u;
  const int32_t zero_point = layer->output_zero_point;
  const uint32_t *weight = &bias[2u * outputs];
  uint8_t *byte = (uint8_t *)to;
  for (const uint8_t *end = &byte[outputs]; byte != end; byte = &byte[4]) {
    for (uint32_t row = 0; row < 4u; row++) {
      const int32_t sum = add_products((const int8_t *)&weight[row], (const uint8_t *)from, 4u * in_words, (int32_t)bias[row]);
      byte[row] = (uint8_t)aurora_requantise(sum, bias[outputs + row], zero_point);
    }
    weight = &weight[4u * in_words];
    bias = &bias[4];
  }
  return weight;
}

/* Padding meets zero weights; clean all the same. */
static void take_inputs(const uint8_t *bytes, uint32_t count, uint32_t *to) {
  to[(count - 1u) >> 2] = 0;
  (void)memcpy(to, bytes, count);
}

static void give_outputs(const uint32_t *from, uint32_t count, uint8_t *bytes) { (void)memcpy(bytes, from, count); }
#endif

void aurora_student_run(const aurora_model *model, const uint8_t *quantised, uint8_t *logits,
                        aurora_student_scratch *scratch) {
  const aurora_model_head *head = model->head;
  const aurora_model_layer *layer = (const aurora_model_layer *)(const void *)&head[1];
  const aurora_model_layer *end = &layer[head->layers];
  const uint32_t *numbers = (const uint32_t *)(const void *)end;
  uint32_t *from = scratch->words[0];
  uint32_t *to = scratch->words[1];
  take_inputs(quantised, head->inputs, from);
  do {
    numbers = run_layer(layer, numbers, from, to);
    uint32_t *swap = from;
    from = to;
    to = swap;
    layer++;
  } while (layer != end); /* there is one */
  give_outputs(from, head->outputs, logits);
}
