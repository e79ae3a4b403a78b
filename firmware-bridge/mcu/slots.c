#include "slots.h"

#include "hmac.h"
#include "link.h"
#include "sha256.h"
#include "student.h"

#define MAGIC 0x31535541U /* AUS1 */
#define NONE 0xFFFFFFFFU
#define UNIT_BYTES 16U

/* The record in flash and, while a transfer begins, on the stack. The MAC is over the first 44 bytes. */
#define RECORD_SIZE_AT 4U
#define RECORD_COUNTER_AT 8U
#define RECORD_DIGEST_AT 12U
#define RECORD_MAC_AT 44U
#define RECORD_NUMBER_AT 76U
#define RECORD_COMPLEMENT_AT 78U

/* A slot is named by its offset in the flash. */
static const uint8_t *bytes_of(const model_slots *slots, uint32_t slot) { return slots->board->slots + slot; }

/* The slot that does not run: free for the next model. */
static uint32_t other(const model_slots *slots) { return (slots->running == 0U) ? slots->board->slot_bytes : 0U; }

/* Are `count` bytes all `value`? */
static bool all(const uint8_t *bytes, uint32_t count, uint8_t value) {
  for (uint32_t i = 0; i < count; i++) {
    if (bytes[i] != value) {
      return false;
    }
  }
  return true;
}

static bool is_blank(const uint8_t *unit) { return all(unit, UNIT_BYTES, 0xFF); }
static bool is_set(const uint8_t *unit) { return all(unit, UNIT_BYTES, 0); }

static bool set(const model_slots *slots, uint32_t slot, uint32_t at) {
  static const uint8_t zeros[UNIT_BYTES] = {0};
  return board_flash(slot + at, zeros, UNIT_BYTES) && is_set(bytes_of(slots, slot) + at);
}

/* Is the record one that the gateway made for this device, and whole? */
static bool record_is_good(const model_slots *slots, const uint8_t *record) {
  uint8_t mac[AURORA_SHA256_BYTES];
  const uint32_t size = load_u32(record + RECORD_SIZE_AT);
  if ((slots->board->key == NULL) || (load_u32(record) != MAGIC) ||
      (size > slots->board->slot_bytes - SLOT_IMAGE_AT) ||
      ((load_u16(record + RECORD_NUMBER_AT) ^ load_u16(record + RECORD_COMPLEMENT_AT)) != 0xFFFFU)) {
    return false;
  }
  hmac_sha256(slots->board->key, record, RECORD_MAC_AT, mac);
  return bytes_equal(mac, record + RECORD_MAC_AT, sizeof mac);
}

/* Opens the slot's model if its record and every byte of its image are good; says why not otherwise. */
static uint32_t open(const model_slots *slots, uint32_t slot, aurora_model *model) {
  const uint8_t *record = bytes_of(slots, slot);
  const uint32_t size = load_u32(record + RECORD_SIZE_AT);
  uint8_t digest[AURORA_SHA256_BYTES];
  aurora_sha256 hash;
  if (!record_is_good(slots, record)) {
    return REASON_WRONG_MAC;
  }
  aurora_sha256_begin(&hash);
  aurora_sha256_update(&hash, record + SLOT_IMAGE_AT, size);
  aurora_sha256_end(&hash, digest);
  if (!bytes_equal(digest, record + RECORD_DIGEST_AT, sizeof digest)) {
    return REASON_DIGEST;
  }
  return (aurora_model_open(record + SLOT_IMAGE_AT, size, model) == AURORA_MODEL_OK) ? 0U : (uint32_t)REASON_NOT_A_MODEL;
}

static void erase(const model_slots *slots, uint32_t slot, uint32_t from) {
  for (uint32_t at = from; at < slots->board->slot_bytes; at += slots->board->sector_bytes) {
    (void)board_flash(slot + at, NULL, 0);
  }
}

/* Runs `slot`, or nothing if it cannot be opened. */
static void run(model_slots *slots, uint32_t slot) {
  slots->running = slot;
  if ((slot == NONE) || (open(slots, slot, &slots->model) != 0U)) {
    slots->running = NONE;
    slots->model.bytes = NULL;
  }
}

/* Marks the slot as tried and runs it. */
static void begin_trial(model_slots *slots, uint32_t slot, uint32_t now_ms) {
  if (!set(slots, slot, SLOT_TRIAL_AT)) {
    slots->state = (uint32_t)MODEL_REFUSED;
    slots->reason = (uint32_t)REASON_FLASH;
    return;
  }
  slots->fallback = slots->running;
  run(slots, slot);
  slots->state = (uint32_t)MODEL_TRIAL;
  slots->trial_since_ms = now_ms;
}

static void revert(model_slots *slots, uint32_t reason) {
  run(slots, slots->fallback);
  slots->state = (uint32_t)MODEL_REVERTED;
  slots->reason = reason;
}

void slots_start(model_slots *slots, const board_info *board, uint32_t now_ms) {
  uint32_t waiting = NONE;
  uint32_t number = 0;
  (void)memset(slots, 0, sizeof *slots);
  slots->board = board;
  slots->running = NONE;
  for (uint32_t slot = 0; slot <= board->slot_bytes; slot += board->slot_bytes) {
    const uint8_t *at = bytes_of(slots, slot);
    aurora_model model;
    if (open(slots, slot, &model) != 0U) {
      continue;
    }
    const uint32_t this_number = load_u16(at + RECORD_NUMBER_AT);
    if (is_set(at + SLOT_CONFIRMED_AT)) {
      if ((slots->running == NONE) || (((this_number - number) & 0xFFFFU) < 0x8000U)) {
        slots->running = slot;
        number = this_number;
      }
    } else if (is_blank(at + SLOT_TRIAL_AT) && is_blank(at + SLOT_CONFIRMED_AT)) {
      waiting = slot;
    } else if (!is_blank(at + SLOT_CONFIRMED_AT)) {
      /* Cut off while it was confirmed: cells that were half programmed may read differently next time. */
      (void)board_flash(slot, NULL, 0);
    } else {
      /* Tried and not confirmed. */
    }
  }
  run(slots, slots->running);
  if (waiting != NONE) {
    begin_trial(slots, waiting, now_ms);
  }
}

bool slots_poll(model_slots *slots, uint32_t now_ms) {
  if ((slots->state == (uint32_t)MODEL_TRIAL) && ((now_ms - slots->trial_since_ms) >= MODEL_TRIAL_MS)) {
    revert(slots, REASON_NOT_DECIDED);
    return true;
  }
  return false;
}

const uint8_t *slots_digest(const model_slots *slots) { return bytes_of(slots, slots->running) + RECORD_DIGEST_AT; }

uint32_t slots_counter(const model_slots *slots) {
  const uint32_t slot = (slots->state == (uint32_t)MODEL_TRIAL) ? slots->fallback : slots->running;
  return (slot == NONE) ? 0U : load_u32(bytes_of(slots, slot) + RECORD_COUNTER_AT);
}

/*
 * Where an image that was left can go on. After a reset the last chunk may be half programmed, its first bytes missing:
 * from the sector on in which it may have begun all is erased. 0 if nothing can be kept: the first sector has the record.
 */
static uint32_t find_kept(const model_slots *slots, uint32_t slot) {
  const uint8_t *at = bytes_of(slots, slot);
  uint32_t end = slots->board->slot_bytes;
  while ((end > SLOT_IMAGE_AT) && (at[end - 1U] == 0xFFU)) {
    end--;
  }
  end -= MODEL_CHUNK_BYTES;
  const uint32_t sector = end - (end % slots->board->sector_bytes);
  if (sector == 0U) {
    return 0;
  }
  erase(slots, slot, sector);
  return sector - SLOT_IMAGE_AT;
}

/* Returns the reason of a refusal or 0. */
static uint32_t begin(model_slots *slots, const codec_field *fields) {
  uint8_t record[SLOT_RECORD_BYTES];
  const uint32_t size = fields[4].number;
  if (slots->board->key == NULL) {
    return REASON_NO_KEY;
  }
  if ((fields[5].length != AURORA_SHA256_BYTES) || (fields[7].length != AURORA_SHA256_BYTES)) {
    return REASON_WRONG_MAC;
  }
  if ((size == 0U) || (size > slots->board->slot_bytes - SLOT_IMAGE_AT)) {
    return REASON_TOO_LARGE;
  }
  const uint32_t target = other(slots);
  const uint32_t number = (slots->running == NONE) ? 1U : (load_u16(bytes_of(slots, slots->running) + RECORD_NUMBER_AT) + 1U);
  store_u32(record, MAGIC);
  store_u32(record + RECORD_SIZE_AT, size);
  store_u32(record + RECORD_COUNTER_AT, fields[6].number);
  (void)memcpy(record + RECORD_DIGEST_AT, fields[5].bytes, AURORA_SHA256_BYTES);
  (void)memcpy(record + RECORD_MAC_AT, fields[7].bytes, AURORA_SHA256_BYTES);
  store_u16(record + RECORD_NUMBER_AT, number);
  store_u16(record + RECORD_COMPLEMENT_AT, ~number);
  if (!record_is_good(slots, record)) {
    return REASON_WRONG_MAC;
  }
  if ((slots->running != NONE) && bytes_equal(record, bytes_of(slots, slots->running), RECORD_NUMBER_AT)) {
    /* It runs already: on trial since a reset, or confirmed. */
    if (slots->state != (uint32_t)MODEL_TRIAL) {
      slots->state = (uint32_t)MODEL_CONFIRMED;
    }
    return 0;
  }
  if (slots->state == (uint32_t)MODEL_TRIAL) {
    return REASON_BUSY;
  }
  if (fields[6].number < slots_counter(slots)) {
    return REASON_DOWNGRADE;
  }
  const uint8_t *held = bytes_of(slots, target);
  const bool same = bytes_equal(record, held, SLOT_RECORD_BYTES) && is_blank(held + SLOT_TRIAL_AT) &&
                    is_blank(held + SLOT_CONFIRMED_AT);
  if (!(same && (slots->state == (uint32_t)MODEL_RECEIVING))) {
    slots->next_offset = same ? find_kept(slots, target) : 0U;
    if (slots->next_offset == 0U) {
      erase(slots, target, 0);
      if (!board_flash(target, record, SLOT_RECORD_BYTES) ||
          !bytes_equal(record, held, SLOT_RECORD_BYTES)) {
        return REASON_FLASH;
      }
    }
  }
  slots->state = (uint32_t)MODEL_RECEIVING;
  return 0;
}

/* The chunk at the offset that is due, and nothing else. */
static uint32_t take_chunk(model_slots *slots, uint32_t offset, const uint8_t *data, uint32_t length) {
  const uint32_t target = other(slots);
  const uint32_t size = load_u32(bytes_of(slots, target) + RECORD_SIZE_AT);
  if ((offset != slots->next_offset) || (length == 0U) || (length > MODEL_CHUNK_BYTES) || (length > size - offset) ||
      (((length % UNIT_BYTES) != 0U) && (length != size - offset))) {
    return 0;
  }
  uint8_t padded[MODEL_CHUNK_BYTES];
  const uint32_t units = (length + UNIT_BYTES - 1U) / UNIT_BYTES;
  (void)memset(padded, 0xFF, sizeof padded);
  (void)memcpy(padded, data, length);
  if (!board_flash(target + SLOT_IMAGE_AT + offset, padded, units * UNIT_BYTES)) {
    return REASON_FLASH;
  }
  slots->next_offset = offset + length;
  return 0;
}

static uint32_t commit(model_slots *slots, uint32_t now_ms) {
  const uint32_t target = other(slots);
  aurora_model model;
  if (slots->next_offset != load_u32(bytes_of(slots, target) + RECORD_SIZE_AT)) {
    return 0; /* the answer says what is missing */
  }
  const uint32_t reason = open(slots, target, &model);
  if (reason != 0U) {
    (void)board_flash(target, NULL, 0); /* nothing to go on with */
    return reason;
  }
  begin_trial(slots, target, now_ms);
  return slots->reason;
}

static void decide(model_slots *slots, uint32_t outcome) {
  if (slots->state != (uint32_t)MODEL_TRIAL) {
    return;
  }
  if (outcome != 1U) {
    revert(slots, REASON_GATEWAY_SAID_NO);
  } else if (set(slots, slots->running, SLOT_CONFIRMED_AT)) {
    slots->state = (uint32_t)MODEL_CONFIRMED;
  } else {
    revert(slots, REASON_FLASH);
  }
}

/* Runs the model on the inputs of a probe and writes what it made of them. */
static uint8_t *probe(const model_slots *slots, const codec_field *fields, uint8_t *at) {
  aurora_student_scratch scratch;
  uint8_t outputs[AURORA_MODEL_MAX_WIDTH];
  if ((slots->model.bytes == NULL) || (fields[3].length != slots->model.inputs)) {
    return at;
  }
  aurora_student_run(&slots->model, fields[3].bytes, outputs, &scratch);
  at = codec_number(at, 4, fields[2].number);
  return codec_bytes(at, 5, outputs, slots->model.outputs);
}

uint8_t *slots_take(model_slots *slots, uint32_t type, const codec_field *fields, uint8_t *at, uint32_t now_ms,
                    bool *changed) {
  const uint32_t transfer_id = fields[1].number;
  const uint32_t before = slots->running;
  uint32_t state = MODEL_REFUSED;
  uint32_t reason = 0;
  if (type == (uint32_t)PACKET_MODEL_BEGIN) {
    reason = begin(slots, fields);
    if (reason == 0U) {
      slots->transfer_id = transfer_id;
      slots->reason = 0;
    }
  } else if (transfer_id != slots->transfer_id) {
    reason = REASON_UNKNOWN_TRANSFER;
  } else if (slots->state == (uint32_t)MODEL_RECEIVING) {
    if (type == (uint32_t)PACKET_MODEL_CHUNK) {
      reason = take_chunk(slots, fields[2].number, fields[3].bytes, fields[3].length);
    } else if (type == (uint32_t)PACKET_MODEL_COMMIT) {
      reason = commit(slots, now_ms);
    } else {
      /* Too early: the answer says what is missing. */
    }
    if (reason != 0U) {
      slots->state = (uint32_t)MODEL_REFUSED;
      slots->reason = reason;
    }
  } else if (type == (uint32_t)PACKET_MODEL_CONFIRM) {
    decide(slots, fields[2].number);
  } else {
    /* Done already. */
  }
  if (reason == 0U) {
    state = slots->state;
    reason = slots->reason;
  }
  *changed = slots->running != before;
  at = codec_fixed32(at, 1, transfer_id);
  at = codec_number(at, 2, state);
  at = codec_number(at, 3, slots->next_offset);
  at = codec_number(at, 6, reason);
  if ((type == (uint32_t)PACKET_MODEL_PROBE) && ((state == (uint32_t)MODEL_TRIAL) || (state == (uint32_t)MODEL_CONFIRMED))) {
    at = probe(slots, fields, at);
  }
  return at;
}
