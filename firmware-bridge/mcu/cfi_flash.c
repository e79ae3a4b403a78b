#include "cfi_flash.h"

/* Commands, for both chips at once. */
#define READ_ARRAY 0x00FF00FFU
#define PROGRAM 0x00400040U
#define ERASE 0x00200020U
#define CONFIRM 0x00D000D0U
#define CLEAR_STATE 0x00500050U
#define READY 0x00800080U
#define FAULTS 0x003A003AU /* erasure, program, voltage, locked */

static volatile uint32_t *word_at(uint32_t address) { return (volatile uint32_t *)(uintptr_t)address; }

/* Waits until both chips are done; they answer every read with their state until they are told to show their cells again. */
static bool finish(uint32_t address) {
  uint32_t state;
  do {
    state = *word_at(address);
  } while ((state & READY) != READY);
  *word_at(address) = CLEAR_STATE;
  *word_at(address) = READ_ARRAY;
  return (state & FAULTS) == 0U;
}

bool cfi_program(uint32_t address, const uint8_t *bytes, uint32_t count) {
  for (uint32_t at = 0; at < count; at += 4U) {
    /* Bits can be cleared and not be set: what is there already goes into the word, and is found by whoever reads it back. */
    const uint32_t word = load_u32(bytes + at) & *word_at(address + at);
    *word_at(address + at) = PROGRAM;
    *word_at(address + at) = word;
    if (!finish(address + at)) {
      return false;
    }
  }
  return true;
}

bool cfi_erase(uint32_t address) {
  *word_at(address) = ERASE;
  *word_at(address) = CONFIRM;
  return finish(address);
}
