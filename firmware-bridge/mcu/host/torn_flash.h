/*
 * A NOR flash with two slots that loses its power: cuts off one operation, in every way that it can be left half done, and
 * goes back to where flash_power was set. Counts what is done against the rules of such a flash.
 */
#ifndef AURORA_TORN_FLASH_H
#define AURORA_TORN_FLASH_H

#include <setjmp.h>

#include "bytes.h"

#define FLASH_SLOT_BYTES 0x4000U
#define FLASH_SECTOR_BYTES 0x1000U
#define FLASH_BYTES (2U * FLASH_SLOT_BYTES)
/** Ways in which an operation is torn. */
#define FLASH_TEARS 8U

typedef struct {
  _Alignas(16) uint8_t bytes[FLASH_BYTES];
  uint8_t programmed[FLASH_BYTES / 16U]; /* units that were programmed since their erasure */
} flash_cells;

extern flash_cells flash;
/** Where a cut goes; set it before. */
extern jmp_buf flash_power;
/** Operations so far; the one with the number flash_cut_at is torn (0: none), in the way flash_tear. */
extern uint32_t flash_operation;
extern uint32_t flash_cut_at;
extern uint32_t flash_tear;
extern uint32_t flash_rule_breaks;
/** Erasures so far. */
extern uint32_t flash_erasures;

/** Counts and prints something that is not allowed. */
void flash_break_rule(const char *what, uint32_t offset);

#endif
