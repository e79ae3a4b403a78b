/* See comb.h. Heights are powers here, the squares of amplitudes: a root is taken of their products alone. */
#include "comb.h"

#include "bytes.h"
#include "float_math.h"

/* No amplitude is taken for more than 1000 times its median, or less than a thousandth: all of a comb stays within float32. */
#define HIGHEST_POWER 1.0e6f
#define LOWEST_POWER 1.0e-6f

/* Of one line and its side bands, 1 / the median amplitude around each. */
typedef struct {
  float line;
  float upper;
  float lower;
} inverse_floors;

/* What is tried: deviations in steps of a bin of the highest line, from the lowest on. */
typedef struct {
  uint32_t count;
  int32_t lowest; /* bin of the highest line */
  float *lines;   /* product of the heights so far, at each deviation */
  float *sides;   /* of the roots of both side bands' */
} deviations;

static float least(float one, float other) { return (one < other) ? one : other; }

static float most(float one, float other) { return (one > other) ? one : other; }

static int32_t divide_down(int32_t value, int32_t by) { return (value >= 0) ? (value / by) : -((by - 1 - value) / by); }

/* Bin of line number `line` where the highest of so many lies in `highest`. */
static int32_t place_of(int32_t line, int32_t highest, int32_t harmonics) {
  return divide_down((2 * highest * line) + harmonics, 2 * harmonics);
}

static AURORA_APART bool invert_floor(aurora_spectrum *spectrum, float order, float *out) {
  const float floor = aurora_spectrum_floor(spectrum, order);
  *out = 1.0f / floor;
  return floor > 0.0f;
}

/* Medians around all that the comb has; false where one of them is 0. */
static bool find_floors(aurora_spectrum *spectrum, const aurora_comb *comb, inverse_floors *floors) {
  const float top = (float)spectrum->highest_bin * spectrum->bin_orders;
  const float bottom = (float)spectrum->lowest_bin * spectrum->bin_orders;
  bool found = true;
  for (uint32_t i = 0; i < comb->harmonics; i++) {
    const float centre = (float)(i + 1u) * comb->order;
    found = invert_floor(spectrum, centre, &floors[i].line) && found;
    if (comb->spacing > 0.0f) {
      found = invert_floor(spectrum, least(centre + comb->spacing, top), &floors[i].upper) && found;
      found = invert_floor(spectrum, most(centre - comb->spacing, bottom), &floors[i].lower) && found;
    }
  }
  return found;
}

/* A bin that moves upwards, and what its neighbours and it hold: powers, 0 where a harmonic of the shaft fills one. */
typedef struct {
  int32_t bin;
  float at;
  float above;
  float inverse_floor;
} ridge;

static float heard_at(const aurora_spectrum *spectrum, int32_t bin) {
  if ((bin < 0) || (bin > (int32_t)spectrum->highest_bin + 1) ||
      aurora_spectrum_near_shaft(spectrum, (float)bin * spectrum->bin_orders)) {
    return 0.0f;
  }
  return spectrum->buffer[bin];
}

/* One bin up; returns the largest of the three over the median's power, 1 where there is none and outside the spectrum. */
static AURORA_APART float climb(const aurora_spectrum *spectrum, ridge *here) {
  const float below = here->at;
  here->bin++;
  here->at = here->above;
  here->above = heard_at(spectrum, here->bin + 1);
  const float peak = most(here->at, most(below, here->above));
  if ((peak == 0.0f) || (here->bin < (int32_t)spectrum->lowest_bin) || (here->bin > (int32_t)spectrum->highest_bin)) {
    return 1.0f;
  }
  return least(HIGHEST_POWER, most(LOWEST_POWER, (peak * here->inverse_floor) * here->inverse_floor));
}

/* `bin` is the first that it climbs to. */
static ridge start_ridge(const aurora_spectrum *spectrum, int32_t bin, float inverse_floor) {
  const ridge start = {bin - 1, heard_at(spectrum, bin - 1), heard_at(spectrum, bin), inverse_floor};
  return start;
}

/* Multiplies the heights of line number `line` and its side bands, `side` bins away (0: none), into those of all deviations. */
static void add_line(const aurora_spectrum *spectrum, const inverse_floors *floors, const deviations *all, int32_t line,
                     int32_t harmonics, int32_t side) {
  const int32_t bin = place_of(line, all->lowest, harmonics);
  /* What is left of the division: the next deviation's bin is this one or the one above it. */
  int32_t rest = ((2 * all->lowest * line) + harmonics) - (2 * harmonics * bin);
  ridge centre = start_ridge(spectrum, bin, floors->line);
  ridge upper = start_ridge(spectrum, bin + side, floors->upper);
  ridge lower = start_ridge(spectrum, bin - side, floors->lower);
  bool moved = true;
  float height = 1.0f;
  float sides = 1.0f;
  for (uint32_t i = 0; i < all->count; i++) {
    if (moved) {
      height = climb(spectrum, &centre);
      if (side > 0) {
        sides = aurora_sqrt(climb(spectrum, &upper) * climb(spectrum, &lower));
      }
    }
    all->lines[i] *= height;
    all->sides[i] *= sides;
    rest += 2 * line;
    moved = rest >= (2 * harmonics);
    rest -= moved ? (2 * harmonics) : 0;
  }
}

static void search(aurora_spectrum *spectrum, const aurora_comb *comb, const inverse_floors *floors, aurora_comb_fit *fit) {
  const int32_t harmonics = (int32_t)comb->harmonics;
  const int32_t top = (int32_t)round_of((comb->order * (float)comb->harmonics) / spectrum->bin_orders);
  const int32_t share = (int32_t)round_of(comb->tolerance * (float)top);
  const int32_t reach = (share > 1) ? share : 1;
  const int32_t side = (comb->spacing > 0.0f) ? (int32_t)round_of(comb->spacing / spectrum->bin_orders) : 0;
  /* The room behind the spectrum: twice a tenth of it at most for each of the two, and a few. */
  float *room = &spectrum->buffer[(spectrum->size / 2u) + 1u];
  deviations all = {.count = (2u * (uint32_t)reach) + 1u, .lowest = top - reach, .lines = room};
  all.sides = &room[all.count];
  for (uint32_t i = 0; i < (2u * all.count); i++) {
    room[i] = 1.0f;
  }
  uint32_t side_bands = 0;
  for (int32_t line = 1; line <= harmonics; line++) {
    add_line(spectrum, &floors[line - 1], &all, line, harmonics, side);
    if (side > 0) {
      side_bands += ((place_of(line, top, harmonics) - side) < (int32_t)spectrum->lowest_bin) ? 1u : 2u;
    }
  }
  float best = -1.0f;
  float lines = 1.0f;
  float sides = 1.0f;
  for (uint32_t i = 0; i < all.count; i++) {
    const float height = aurora_sqrt(all.lines[i]) * all.sides[i];
    if (height > best) {
      best = height;
      lines = all.lines[i];
      sides = all.sides[i];
    }
  }
  fit->lines = (0.5f * aurora_log(lines)) / (float)comb->harmonics;
  fit->side_bands = (side_bands == 0u) ? 0.0f : (aurora_log(sides) / (float)side_bands);
}

void aurora_comb_forget(aurora_comb_fit *fit) { fit->known = false; }

bool aurora_comb_find(aurora_comb_fit *fit, aurora_spectrum *spectrum, const aurora_comb *comb) {
  const aurora_comb *last = &fit->comb;
  if (fit->known && (last->order == comb->order) && (last->harmonics == comb->harmonics) &&
      (last->tolerance == comb->tolerance) && (last->spacing == comb->spacing)) {
    return fit->has_energy;
  }
  inverse_floors floors[AURORA_COMB_MOST_HARMONICS];
  fit->known = true;
  fit->comb = *comb;
  fit->has_energy = (comb->order > 0.0f) && (comb->spacing >= 0.0f) && find_floors(spectrum, comb, floors);
  if (fit->has_energy) {
    search(spectrum, comb, floors, fit);
  }
  return fit->has_energy;
}
