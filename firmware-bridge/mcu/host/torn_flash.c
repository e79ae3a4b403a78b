#include "torn_flash.h"

#include <stdio.h>

#include "board.h"

flash_cells flash;
jmp_buf flash_power;
uint32_t flash_operation;
uint32_t flash_cut_at;
uint32_t flash_tear;
uint32_t flash_rule_breaks;
uint32_t flash_erasures;
static uint32_t dice = 1;

static uint32_t roll(void) {
  dice ^= dice << 13;
  dice ^= dice >> 17;
  dice ^= dice << 5;
  return dice;
}

void flash_break_rule(const char *what, uint32_t offset) {
  flash_rule_breaks++;
  (void)fprintf(stderr, "%s at %x, operation %u, tear %u\n", what, (unsigned)offset, (unsigned)flash_operation, (unsigned)flash_tear);
}

/*
 * How an operation is left: 0 not begun, 1 complete but not reported, 2 and 3 the first or last half, 4 the first
 * byte, 5 all but the last byte, 6 and 7 any subset of the bits.
 */
static bool happens(uint32_t at, uint32_t length) {
  switch (flash_tear) {
    case 0: return false;
    case 1: return true;
    case 2: return at < length / 2U;
    case 3: return at >= length / 2U;
    case 4: return at == 0U;
    case 5: return at + 1U < length;
    default: return true;
  }
}

bool board_flash(uint32_t offset, const uint8_t *bytes, uint32_t count) {
  const uint32_t length = (bytes == NULL) ? FLASH_SECTOR_BYTES : count;
  flash_operation++;
  flash_erasures += (bytes == NULL) ? 1U : 0U;
  const bool cut = flash_operation == flash_cut_at;
  if ((offset + length > FLASH_BYTES) || (offset % ((bytes == NULL) ? FLASH_SECTOR_BYTES : 16U) != 0U) || (length % 16U != 0U)) {
    flash_break_rule("an operation outside of its unit", offset);
    return false;
  }
  for (uint32_t i = 0; i < length; i++) {
    const uint8_t target = (bytes == NULL) ? 0xFFU : bytes[i];
    uint8_t changes = (uint8_t)(flash.bytes[offset + i] ^ target);
    if ((bytes != NULL) && (target & (uint8_t)~flash.bytes[offset + i]) != 0U) {
      flash_break_rule("a bit that only an erasure sets", offset + i);
    }
    if (cut) {
      changes = happens(i, length) ? changes : 0U;
      changes = (flash_tear >= 6U) ? (uint8_t)(changes & roll()) : changes;
    }
    flash.bytes[offset + i] ^= changes;
  }
  for (uint32_t unit = offset / 16U; unit < (offset + length) / 16U; unit++) {
    if ((bytes != NULL) && (flash.programmed[unit] != 0U)) {
      flash_break_rule("a unit programmed twice", unit * 16U); /* flash with error correction refuses it */
    }
    flash.programmed[unit] = (bytes != NULL) ? 1U : 0U;
    if (cut) { /* what is left blank was not touched */
      flash.programmed[unit] = 0;
      for (uint32_t i = 0; i < 16U; i++) {
        flash.programmed[unit] = (flash.bytes[unit * 16U + i] != 0xFFU) ? 1U : flash.programmed[unit];
      }
    }
  }
  if (cut) {
    longjmp(flash_power, 1);
  }
  return true;
}
