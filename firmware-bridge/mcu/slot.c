#include "slot.h"

#include "hmac.h"

_Static_assert(offsetof(slot_head, mac) == HMAC_MESSAGE_BYTES, "all before the MAC");
_Static_assert(offsetof(slot_head, trial) == SLOT_TRIAL_AT, "as in slot.h");
_Static_assert(offsetof(slot_head, confirmed) == SLOT_CONFIRMED_AT, "as in slot.h");

void slot_erase(const board_info *board, const uint8_t *sector) { (void)slot_flash(board, sector, NULL, 0); }

uint32_t slot_read_mark(const uint8_t *mark) {
  for (uint32_t i = 1; i < SLOT_UNIT_BYTES; i++) {
    if (mark[i] != mark[0]) {
      return SLOT_TORN;
    }
  }
  return mark[0];
}

bool slot_clear(const board_info *board, const uint8_t *mark) {
  static const uint8_t zeros[SLOT_UNIT_BYTES] = {0};
  return slot_flash(board, mark, zeros, SLOT_UNIT_BYTES) && (slot_read_mark(mark) == SLOT_CLEARED);
}

bool slot_is_good(const board_info *board, const slot_head *head) {
  if ((board->key == NULL) || (head->magic != SLOT_MAGIC) || (head->size > board->slot_bytes - SLOT_IMAGE_AT) ||
      ((head->number + head->complement) != 0xFFFF)) {
    return false;
  }
  return hmac_sha256_fits(board->key, (const uint8_t *)head, head->mac);
}

uint32_t slot_open(const board_info *board, const uint8_t *slot, aurora_model *model) {
  const slot_head *head = slot_head_of(slot);
  if (!slot_is_good(board, head)) {
    return REASON_WRONG_MAC;
  }
  if (!aurora_sha256_fits(slot + SLOT_IMAGE_AT, head->size, head->digest)) {
    return REASON_DIGEST;
  }
  return (aurora_model_open(slot + SLOT_IMAGE_AT, head->size, model) == AURORA_MODEL_OK) ? 0U : (uint32_t)REASON_NOT_A_MODEL;
}
