/*
 * NOR flash with the Intel command set (CFI primary 1): two chips of 16 bits side by side, as 32-bit words. Code must not run from the bank
 * that is written. For board files.
 */
#ifndef AURORA_CFI_FLASH_H
#define AURORA_CFI_FLASH_H

#include "bytes.h"

/** Programs `count` bytes (a multiple of 4) at `address` (one too). False if a chip refuses. */
bool cfi_program(uint32_t address, const uint8_t *bytes, uint32_t count);

/** Erases the sector at `address` to 0xFF. False if a chip refuses. */
bool cfi_erase(uint32_t address);

#endif
