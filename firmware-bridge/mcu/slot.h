/*
 * One slot for a model in NOR flash: what stands where, and whether it can be trusted. Knows nothing of the slot beside it.
 *
 *   slot     0 +------------------+
 *              | record, 80 bytes | magic, size, counter, digest, MAC, number of the installation and its complement
 *           80 | trial, 16 bytes  | 0xFF: never tried; anything else: tried once
 *           96 | confirmed, 16    | 0x00: the gateway confirmed it
 *          256 | image            | model.mcu.bin, run in place
 *              +------------------+
 */
#ifndef AURORA_SLOT_H
#define AURORA_SLOT_H

#include "board.h"
#include "model.h"
#include "sha256.h"

#define SLOT_RECORD_BYTES 80U
#define SLOT_TRIAL_AT 80U
#define SLOT_CONFIRMED_AT 96U
#define SLOT_IMAGE_AT 256U
/** What the flash programs at once. */
#define SLOT_UNIT_BYTES 16U
#define SLOT_MAGIC 0x31535541U /* AUS1 */

/** What a mark says. Every erased byte is SLOT_BLANK. */
#define SLOT_BLANK 0xFFU
#define SLOT_CLEARED 0U
#define SLOT_TORN 1U

/** Why a model is refused, by its slot or by who takes it (PROTOCOL.md, "Pushing a model"). */
enum model_reason {
  REASON_NO_KEY = 1,
  REASON_WRONG_MAC = 2,
  REASON_DOWNGRADE = 3,
  REASON_TOO_LARGE = 4,
  REASON_BUSY = 5,
  REASON_DIGEST = 6,
  REASON_NOT_A_MODEL = 7,
  REASON_GATEWAY_SAID_NO = 8,
  REASON_NOT_DECIDED = 9,
  REASON_UNKNOWN_TRANSFER = 10,
  REASON_FLASH = 11
};

/** What stands before the image, in flash and, while a transfer begins, on the stack. The MAC is over the first 44 bytes. */
typedef struct {
  uint32_t magic;
  uint32_t size;
  uint32_t counter;
  uint8_t digest[AURORA_SHA256_BYTES];
  uint8_t mac[AURORA_SHA256_BYTES];
  uint16_t number; /* of the installation */
  uint16_t complement;
  uint8_t trial[SLOT_UNIT_BYTES];
  uint8_t confirmed[SLOT_UNIT_BYTES];
} slot_head;

static inline const slot_head *slot_head_of(const uint8_t *slot) { return (const slot_head *)(const void *)slot; }

/** board_flash at a place of the slots. */
static inline bool slot_flash(const board_info *board, const uint8_t *place, const void *bytes, uint32_t count) {
  return board_flash((uint32_t)(place - board->slots), bytes, count);
}

/** Erases the sector that begins there. */
void slot_erase(const board_info *board, const uint8_t *sector);

/** SLOT_BLANK, SLOT_CLEARED, or SLOT_TORN: what a unit that is only ever cleared as a whole says. */
uint32_t slot_read_mark(const uint8_t *mark);

/** Clears a mark. False if the flash refuses, or has not done it. */
bool slot_clear(const board_info *board, const uint8_t *mark);

/** Is the head one that the gateway made for this device, and whole? */
bool slot_is_good(const board_info *board, const slot_head *head);

/** Opens the slot's model if its head and every byte of its image are good: 0; says why not otherwise. */
uint32_t slot_open(const board_info *board, const uint8_t *slot, aurora_model *model);

#endif
