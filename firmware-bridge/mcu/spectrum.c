/* Radix 2, decimation in time, of size / 2 complex values that are the even and odd samples (Numerical Recipes 12.3); two stages at once. */
#include "spectrum.h"

#include "float_math.h"

#define FLOOR_GRID_ORDERS 0.25f

static uint32_t floor_of(float value) { return (uint32_t)value; }

static uint32_t ceil_of(float value) {
  const uint32_t below = (uint32_t)value;
  return ((float)below < value) ? (below + 1u) : below;
}

static uint32_t larger(uint32_t one, uint32_t other) { return (one > other) ? one : other; }

void aurora_spectrum_set(aurora_spectrum *spectrum, float *buffer, uint32_t size, float samples_per_revolution,
                         float floor_orders, float shaft_guard_orders, float limit) {
  spectrum->buffer = buffer;
  spectrum->size = size;
  spectrum->bin_orders = samples_per_revolution / (float)size;
  spectrum->highest_order = 0.4f * samples_per_revolution;
  spectrum->floor_orders = floor_orders;
  spectrum->shaft_guard_orders = shaft_guard_orders;
  spectrum->limit = limit;
  spectrum->lowest_bin = ceil_of(AURORA_SPECTRUM_LOWEST_ORDER / spectrum->bin_orders);
  spectrum->highest_bin = smaller(size / 2u, floor_of(spectrum->highest_order / spectrum->bin_orders));
}

/* A knock is heard as loud as `most`. */
static void hold_to(float *samples, uint32_t count, float most) {
  for (uint32_t i = 0; i < count; i++) {
    samples[i] = (samples[i] > most) ? most : samples[i];
  }
}

static void apply_window(float *samples, uint32_t size, uint32_t count, float limit) {
  if (limit > 0.0f) {
    hold_to(samples, count, limit * (aurora_sum(samples, count) / (float)count));
  }
  const float mean = aurora_sum(samples, count) / (float)count;
  const uint32_t last = (count > 1u) ? (count - 1u) : 1u;
  /* Symmetric: both ends at once. */
  for (uint32_t i = 0; i < ((count + 1u) / 2u); i++) {
    const float weight = 0.5f - (0.5f * aurora_cos(i, last));
    const uint32_t mirror = count - 1u - i;
    const float right = (samples[mirror] - mean) * weight;
    samples[i] = (samples[i] - mean) * weight;
    samples[mirror] = (mirror == i) ? samples[i] : right;
  }
  for (uint32_t i = count; i < size; i++) {
    samples[i] = 0.0f;
  }
}

static void swap_bit_reversed(float *pairs, uint32_t length) {
  uint32_t reversed = 0;
  for (uint32_t i = 1u; i < length; i++) {
    uint32_t bit = length >> 1;
    while ((reversed & bit) != 0u) {
      reversed ^= bit;
      bit >>= 1;
    }
    reversed |= bit;
    if (i < reversed) {
      for (uint32_t part = 0; part < 2u; part++) {
        const float held = pairs[(2u * i) + part];
        pairs[(2u * i) + part] = pairs[(2u * reversed) + part];
        pairs[(2u * reversed) + part] = held;
      }
    }
  }
}

/* Butterflies whose twiddle is 1: the first stage, where the number of stages is odd. */
static void add_neighbours(float *pairs, uint32_t length) {
  for (uint32_t i = 0; i < length; i += 2u) {
    float *a = &pairs[2u * i];
    const float br = a[2];
    const float bi = a[3];
    a[2] = a[0] - br;
    a[3] = a[1] - bi;
    a[0] += br;
    a[1] += bi;
  }
}

/*
 * Two stages at once, of spans `span` and 2 * `span`: four values are loaded and stored once for four butterflies. The second
 * stage's other twiddle is a quarter of a turn behind its first, its bits exchanged and a sign. Each twiddle is computed once:
 * no table.
 */
static void add_quarters(float *pairs, uint32_t length, uint32_t span) {
  const float eighth = 0.125f / (float)(4u * span);
  for (uint32_t offset = 0; offset < span; offset++) {
    float wr;
    float ws;
    float vr;
    float vs;
    aurora_cos_sin_binary(2u * offset, 4u * span, eighth, &wr, &ws);
    aurora_cos_sin_binary(offset, 4u * span, eighth, &vr, &vs);
    for (uint32_t at = offset; at < length; at += 4u * span) {
      float *a = &pairs[2u * at];
      float *b = &a[2u * span];
      float *c = &b[2u * span];
      float *d = &c[2u * span];
      const float br = (b[0] * wr) + (b[1] * ws);
      const float bi = (b[1] * wr) - (b[0] * ws);
      const float dr = (d[0] * wr) + (d[1] * ws);
      const float di = (d[1] * wr) - (d[0] * ws);
      const float low_re = a[0] + br;
      const float low_im = a[1] + bi;
      const float high_re = a[0] - br;
      const float high_im = a[1] - bi;
      const float cr = c[0] + dr;
      const float ci = c[1] + di;
      const float er = c[0] - dr;
      const float ei = c[1] - di;
      const float turned_re = (cr * vr) + (ci * vs);
      const float turned_im = (ci * vr) - (cr * vs);
      const float quarter_re = (ei * vr) - (er * vs);
      const float quarter_im = (er * vr) + (ei * vs);
      a[0] = low_re + turned_re;
      a[1] = low_im + turned_im;
      c[0] = low_re - turned_re;
      c[1] = low_im - turned_im;
      b[0] = high_re + quarter_re;
      b[1] = high_im - quarter_im;
      d[0] = high_re - quarter_re;
      d[1] = high_im + quarter_im;
    }
  }
}

static void transform(float *pairs, uint32_t length) {
  swap_bit_reversed(pairs, length);
  uint32_t span = 1u;
  /* Bits at even places: powers of four. */
  if ((length & 0x55555555u) == 0u) {
    add_neighbours(pairs, length);
    span = 2u;
  }
  for (; span < length; span <<= 2) {
    add_quarters(pairs, length, span);
  }
}

/* Power of bins k and length - k from the transform of even and odd samples; each into the first value of its pair. */
static void unpack_powers(float *pairs, uint32_t length) {
  const float zero = pairs[0] + pairs[1];
  const float last = pairs[0] - pairs[1];
  pairs[0] = zero * zero;
  pairs[2u * length] = last * last;
  const float eighth = 0.125f / (float)(2u * length);
  for (uint32_t k = 1u; k <= (length / 2u); k++) {
    float *z = &pairs[2u * k];
    float *y = &pairs[2u * (length - k)];
    const float even_re = 0.5f * (z[0] + y[0]);
    const float even_im = 0.5f * (z[1] - y[1]);
    const float odd_re = 0.5f * (z[1] + y[1]);
    const float odd_im = 0.5f * (y[0] - z[0]);
    float wr;
    float sine;
    aurora_cos_sin_binary(k, 2u * length, eighth, &wr, &sine);
    const float turned_re = (odd_re * wr) + (odd_im * sine);
    const float turned_im = (odd_im * wr) - (odd_re * sine);
    const float re = even_re + turned_re;
    const float im = even_im + turned_im;
    /* Of bin length - k: the conjugate's difference. */
    const float mirror_re = even_re - turned_re;
    const float mirror_im = even_im - turned_im;
    z[0] = (re * re) + (im * im);
    y[0] = (mirror_re * mirror_re) + (mirror_im * mirror_im);
  }
}

void aurora_spectrum_compute(aurora_spectrum *spectrum, uint32_t count) {
  float *buffer = spectrum->buffer;
  const uint32_t bins = spectrum->size / 2u;
  apply_window(buffer, spectrum->size, count, spectrum->limit);
  transform(buffer, bins);
  unpack_powers(buffer, bins);
  for (uint32_t bin = 1u; bin <= bins; bin++) {
    buffer[bin] = buffer[2u * bin];
  }
  for (uint32_t slot = 0; slot < AURORA_SPECTRUM_MAX_FLOORS; slot++) {
    spectrum->floors[slot] = -1.0f;
  }
}

/* Powers as their bits, which stand in the same order as they: comparing these is sooner. The attribute allows it. */
typedef uint32_t __attribute__((may_alias)) power_bits;

static power_bits *bits_at(float *powers) { return (power_bits *)(void *)powers; }

static uint32_t middle_of(uint32_t first, uint32_t second, uint32_t third) {
  const uint32_t low = smaller(first, second);
  const uint32_t high = larger(first, second);
  return (third < low) ? low : smaller(third, high);
}

/* Orders values so that values[rank] is the rank-th smallest and nothing before it is larger (Hoare 1961), by the middle one of
 * three (Singleton 1969). */
static void select_rank(power_bits *values, int32_t count, int32_t rank) {
  int32_t low = 0;
  int32_t high = count - 1;
  while (low < high) {
    const uint32_t pivot = middle_of(values[low], values[(low + high) / 2], values[high]);
    int32_t left = low;
    int32_t right = high;
    while (left <= right) {
      while (values[left] < pivot) {
        left++;
      }
      while (values[right] > pivot) {
        right--;
      }
      if (left <= right) {
        const uint32_t held = values[left];
        values[left] = values[right];
        values[right] = held;
        left++;
        right--;
      }
    }
    if (rank <= right) {
      high = right;
    } else if (rank >= left) {
      low = left;
    } else {
      return;
    }
  }
}

/* Median amplitude of `count` bins, one at least, from their powers: the root of the middle one, or the mean of two. */
static float median_of(const aurora_spectrum *spectrum, uint32_t from, uint32_t count) {
  float *scratch = &spectrum->buffer[(spectrum->size / 2u) + 1u];
  power_bits *bits = bits_at(scratch);
  const power_bits *powers = bits_at(&spectrum->buffer[from]);
  for (uint32_t i = 0; i < count; i++) {
    bits[i] = powers[i];
  }
  const uint32_t middle = count / 2u;
  select_rank(bits, (int32_t)count, (int32_t)middle);
  const float upper = aurora_sqrt(scratch[middle]);
  if ((count & 1u) != 0u) {
    return upper;
  }
  for (uint32_t i = 1u; i < middle; i++) {
    bits[0] = larger(bits[0], bits[i]);
  }
  return (upper + aurora_sqrt(scratch[0])) * 0.5f;
}

/* The median within reach of a point of the grid. */
float aurora_spectrum_floor(aurora_spectrum *spectrum, float order) {
  const uint32_t slot = round_of(order / FLOOR_GRID_ORDERS);
  if (spectrum->floors[slot] >= 0.0f) {
    return spectrum->floors[slot];
  }
  const float centre = (float)slot * FLOOR_GRID_ORDERS;
  const float lower = (centre - spectrum->floor_orders) / spectrum->bin_orders;
  const uint32_t from = larger(spectrum->lowest_bin, (lower > 0.0f) ? round_of(lower) : 0u);
  const uint32_t to =
      smaller(spectrum->highest_bin, round_of((centre + spectrum->floor_orders) / spectrum->bin_orders));
  /* 0: a median narrower than a bin. */
  const float floor = (from > to) ? 0.0f : median_of(spectrum, from, (to - from) + 1u);
  spectrum->floors[slot] = floor;
  return floor;
}

bool aurora_spectrum_log_snr(aurora_spectrum *spectrum, float order, float tolerance, bool of_shaft, float *out) {
  if (!((order >= AURORA_SPECTRUM_LOWEST_ORDER) && (order <= spectrum->highest_order))) {
    return false;
  }
  const float reach = order * tolerance;
  const uint32_t from = larger(spectrum->lowest_bin, floor_of((order - reach) / spectrum->bin_orders));
  const uint32_t to = smaller(spectrum->highest_bin, ceil_of((order + reach) / spectrum->bin_orders));
  const float floor = aurora_spectrum_floor(spectrum, order);
  if (!(floor > 0.0f)) {
    return false;
  }
  float peak = (!of_shaft && aurora_spectrum_near_shaft(spectrum, order)) ? 0.0f : spectrum->buffer[round_of(order / spectrum->bin_orders)];
  for (uint32_t bin = from; bin <= to; bin++) {
    if ((spectrum->buffer[bin] > peak) && (of_shaft || !aurora_spectrum_near_shaft(spectrum, (float)bin * spectrum->bin_orders))) {
      peak = spectrum->buffer[bin];
    }
  }
  *out = (peak > 0.0f) ? aurora_log(aurora_sqrt(peak) / floor) : 0.0f;
  return true;
}
