/*
 * Fits a comb of lines to a spectrum: a fault's harmonics share one slip, and so do their side bands, so that they are looked
 * for together, where all of them stand highest (src/core/features/comb-fit.ts). Where lines are looked for is counted in
 * whole numbers, the same on the device and on the gateway.
 */
#ifndef AURORA_COMB_H
#define AURORA_COMB_H

#include <stdbool.h>
#include <stdint.h>

#include "arithmetic.h"
#include "spectrum.h"

#define AURORA_COMB_MOST_HARMONICS 4u

/* Lines at equal distances that share one deviation. */
typedef struct {
  float order;        /* of its first line */
  uint32_t harmonics; /* lines that it has */
  float tolerance;    /* largest deviation, as a share */
  float spacing;      /* of a side band on either side of each line, orders; 0: none */
} aurora_comb;

/* The fit of the last comb: two features ask for one, one behind the other. */
typedef struct {
  bool known;       /* of this spectrum */
  bool has_energy;  /* around all that the comb has; otherwise the heights say nothing */
  aurora_comb comb;
  float lines;      /* ln(amplitude / median around it), the mean over the lines, and over their side bands */
  float side_bands;
} aurora_comb_fit;

/* The spectrum is another one. */
void aurora_comb_forget(aurora_comb_fit *fit);

/* Heights of `comb` at the one deviation at which lines and side bands together stand highest. False without energy. The
 * comb's highest line and side band, deviation included, lie within the spectrum. */
bool aurora_comb_find(aurora_comb_fit *fit, aurora_spectrum *spectrum, const aurora_comb *comb);

#endif
