/*
 * The feature chain `envelope-order` on the device: decimate, whiten, rectify, integrate over shaft angle, one spectrum
 * over orders. Streams; the raw window is never held. float32 throughout and no library function, so that every core
 * and the host give the same bits.
 */
#ifndef AURORA_FEATURES_H
#define AURORA_FEATURES_H

#include <stdbool.h>
#include <stdint.h>

#include "arithmetic.h"
#include "comb.h"
#include "decimator.h"
#include "envelope.h"
#include "model.h"
#include "spectrum.h"

#define AURORA_FEATURES_MAX_COUNT 64u
/* Largest spectrum of a model that is taken, a power of two; sets the size of the state. */
#ifndef AURORA_FEATURES_MAX_FFT
#define AURORA_FEATURES_MAX_FFT 4096u
#endif
_Static_assert((AURORA_FEATURES_MAX_FFT >= 64u) && (AURORA_FEATURES_MAX_FFT <= 4096u) &&
                   ((AURORA_FEATURES_MAX_FFT & (AURORA_FEATURES_MAX_FFT - 1u)) == 0u),
               "AURORA_FEATURES_MAX_FFT: a power of two from 64 to 4096");

/* Orders of the shaft speed at which the watched bearing's faults show. */
typedef struct {
  float bpfo;
  float bpfi;
  float bsf;
  float ftf;
} aurora_bearing;

/* How the stream is cut, as the model says. */
typedef struct {
  bool revolutions; /* otherwise seconds */
  float length;
} aurora_window_spec;

/* State of one window. About 18 kB, four bytes of it for each of AURORA_FEATURES_MAX_FFT; all of it owned by the caller. */
typedef struct {
  const aurora_model *model;
  aurora_bearing bearing;
  float analysis_hz;
  aurora_decimator decimator; /* to the analysis rate; unused at factor 1 */
  uint32_t factor;
  bool spoiled; /* an impossible speed came */
  aurora_envelope envelope;
  aurora_spectrum spectrum;
  aurora_comb_fit comb;
  float buffer[AURORA_FEATURES_MAX_FFT + 2u]; /* the envelope, then its spectrum in place */
} aurora_features;

/* Whether the feature section is sound, fits the student and the sizes above, and this program computes as the features
 * were trained (arithmetic.h). aurora_model_open calls it. */
bool aurora_features_check(const aurora_model *model);

/* The window that the model wants; false when the model has no features. */
bool aurora_features_window(const aurora_model *model, aurora_window_spec *out);

/* Starts a window. False when the model has no features, its filters do not cover the sampling rate, or the bearing's
 * orders lie above what the envelope is sampled for: such a device sends raw windows. */
bool aurora_features_begin(aurora_features *state, const aurora_model *model, float sample_rate_hz,
                           const aurora_bearing *bearing);

/* Takes `length` counts, physical value = count * scale, at a constant speed > 0. */
void aurora_features_push(aurora_features *state, const int16_t *counts, uint32_t length, float scale, float shaft_rpm);

/* Ends the window: writes model->head->inputs features. False when one is no number (a dead signal) or the window was longer
 * than the buffer: such a window must not be scored. */
bool aurora_features_finish(aurora_features *state, float *features);

/* Standardises and quantises features[model->head->inputs] to the student's input. */
void aurora_features_quantise(const aurora_model *model, const float *features, uint8_t *quantised);

#endif
