/*
 * The device: samples, windows, features, student, scores; raw windows; health; models by the link. A main program calls
 * firmware_start once and firmware_step for ever.
 */
#ifndef AURORA_FIRMWARE_H
#define AURORA_FIRMWARE_H

#include "bytes.h"

#define FIRMWARE_VERSION "aurora-mcu 1.0"

/** Starts the board, the slots and the link. */
void firmware_start(void);

/** One turn of the main loop. */
void firmware_step(void);

#endif
