/* A board in memory for fuzzing: bytes and time as the input says, flash with the rules of NOR. */
#ifndef AURORA_FUZZ_BOARD_H
#define AURORA_FUZZ_BOARD_H

#include "board.h"

#define FUZZ_SLOT_BYTES 0x2000U
#define FUZZ_SECTOR_BYTES 0x1000U

extern const uint8_t fuzz_key[32];
extern uint8_t fuzz_flash[2U * FUZZ_SLOT_BYTES];

/** An empty flash, no bytes waiting. */
void fuzz_board_reset(void);
/** Bytes for the device. */
void fuzz_board_feed(const uint8_t *bytes, uint32_t count);
void fuzz_board_advance(uint32_t milliseconds);
/** Another session from the next start on. */
void fuzz_board_next_session(void);
uint32_t fuzz_board_session(void);

#endif
