#include "slots.h"

#include "hmac.h"
#include "link.h"
#include "sha256.h"
#include "student.h"

#define MAGIC 0x31535541U /* AUS1 */
#define UNIT_BYTES 16U
#define BLANK 0xFFU
#define CLEARED 0U
#define TORN 1U

/* What stands before the image, in flash and, while a transfer begins, on the stack. The MAC is over the first 44 bytes. */
typedef struct {
  uint32_t magic;
  uint32_t size;
  uint32_t counter;
  uint8_t digest[AURORA_SHA256_BYTES];
  uint8_t mac[AURORA_SHA256_BYTES];
  uint16_t number; /* of the installation */
  uint16_t complement;
  uint8_t trial[UNIT_BYTES];
  uint8_t confirmed[UNIT_BYTES];
} slot_head;

_Static_assert(offsetof(slot_head, mac) == HMAC_MESSAGE_BYTES, "all before the MAC");
_Static_assert(offsetof(slot_head, trial) == SLOT_TRIAL_AT, "as in slots.h");
_Static_assert(offsetof(slot_head, confirmed) == SLOT_CONFIRMED_AT, "as in slots.h");

static const slot_head *head_of(const uint8_t *slot) { return (const slot_head *)(const void *)slot; }

/* The slot that does not run: free for the next model. */
static const uint8_t *other(const model_slots *slots) {
  const uint8_t *first = slots->board->slots;
  return (slots->running == first) ? (first + slots->board->slot_bytes) : first;
}

/* BLANK, CLEARED, or TORN: what a unit that is only ever cleared as a whole says. */
static uint32_t read_mark(const uint8_t *unit) {
  for (uint32_t i = 1; i < UNIT_BYTES; i++) {
    if (unit[i] != unit[0]) {
      return TORN;
    }
  }
  return unit[0];
}

/* Programs at a place of the flash. */
static bool flash(const model_slots *slots, const uint8_t *place, const void *bytes, uint32_t count) {
  return board_flash((uint32_t)(place - slots->board->slots), bytes, count);
}

static void erase(const model_slots *slots, const uint8_t *sector) { (void)flash(slots, sector, NULL, 0); }

static bool clear(const model_slots *slots, const uint8_t *mark) {
  static const uint8_t zeros[UNIT_BYTES] = {0};
  return flash(slots, mark, zeros, UNIT_BYTES) && (read_mark(mark) == CLEARED);
}

/* Is the head one that the gateway made for this device, and whole? */
static bool is_good(const model_slots *slots, const slot_head *head) {
  if ((slots->board->key == NULL) || (head->magic != MAGIC) || (head->size > slots->board->slot_bytes - SLOT_IMAGE_AT) ||
      ((head->number + head->complement) != 0xFFFF)) {
    return false;
  }
  return hmac_sha256_fits(slots->board->key, (const uint8_t *)head, head->mac);
}

/* Opens the slot's model if its head and every byte of its image are good; says why not otherwise. */
static uint32_t open(const model_slots *slots, const uint8_t *slot, aurora_model *model) {
  const slot_head *head = head_of(slot);
  if (!is_good(slots, head)) {
    return REASON_WRONG_MAC;
  }
  if (!aurora_sha256_fits(slot + SLOT_IMAGE_AT, head->size, head->digest)) {
    return REASON_DIGEST;
  }
  return (aurora_model_open(slot + SLOT_IMAGE_AT, head->size, model) == AURORA_MODEL_OK) ? 0U : (uint32_t)REASON_NOT_A_MODEL;
}

/* Runs `slot`, or nothing if there is none or it cannot be opened. */
static void run(model_slots *slots, const uint8_t *slot) {
  slots->running = slot;
  if ((slot == NULL) || (open(slots, slot, &slots->model) != 0U)) {
    slots->running = NULL;
    slots->model.head = NULL;
  }
}

/* Marks the slot as tried and runs it. Returns the reason of a refusal or 0. */
static AURORA_APART uint32_t begin_trial(model_slots *slots, const uint8_t *slot) {
  slots->state = (uint32_t)MODEL_REFUSED;
  if (!clear(slots, head_of(slot)->trial)) {
    return REASON_FLASH;
  }
  slots->fallback = slots->running;
  run(slots, slot);
  slots->state = (uint32_t)MODEL_TRIAL;
  slots->trial_since_ms = slots->now_ms;
  return 0;
}

static void revert(model_slots *slots, uint32_t reason) {
  run(slots, slots->fallback);
  slots->state = (uint32_t)MODEL_REVERTED;
  slots->reason = reason;
}

void slots_start(model_slots *slots, const board_info *board, uint32_t now_ms) {
  const uint8_t *waiting = NULL;
  (void)memset(slots, 0, sizeof *slots);
  slots->board = board;
  slots->now_ms = now_ms;
  const uint8_t *end = board->slots + (2U * board->slot_bytes);
  for (const uint8_t *slot = board->slots; slot != end; slot += board->slot_bytes) {
    const slot_head *head = head_of(slot);
    if (open(slots, slot, &slots->model) != 0U) {
      continue;
    }
    const uint32_t confirmed = read_mark(head->confirmed);
    if (confirmed == CLEARED) {
      /* The newest so far. */
      if ((slots->running == NULL) || (((head->number - head_of(slots->running)->number) & 0x8000) == 0)) {
        slots->running = slot;
      }
    } else if (confirmed != BLANK) {
      /* Cut off while it was confirmed: cells that were half programmed may read differently next time. */
      erase(slots, slot);
    } else if (read_mark(head->trial) == BLANK) {
      waiting = slot;
    } else {
      /* Tried and not confirmed. */
    }
  }
  run(slots, slots->running);
  if (waiting != NULL) {
    slots->reason = begin_trial(slots, waiting);
  }
}

bool slots_poll(model_slots *slots, uint32_t now_ms) {
  slots->now_ms = now_ms;
  if ((slots->state == (uint32_t)MODEL_TRIAL) && ((now_ms - slots->trial_since_ms) >= MODEL_TRIAL_MS)) {
    revert(slots, REASON_NOT_DECIDED);
    return true;
  }
  return false;
}

const uint8_t *slots_digest(const model_slots *slots) { return head_of(slots->running)->digest; }

uint32_t slots_counter(const model_slots *slots) {
  const uint8_t *slot = (slots->state == (uint32_t)MODEL_TRIAL) ? slots->fallback : slots->running;
  return (slot == NULL) ? 0U : head_of(slot)->counter;
}

/*
 * The sector in which an image that was left goes on. After a reset the last chunk may be half programmed, its first bytes
 * missing: the sector in which it may have begun is the first to be erased. 0 if nothing can be kept: it has the head.
 */
static uint32_t find_kept(const model_slots *slots, const uint8_t *slot) {
  uint32_t end = slots->board->slot_bytes;
  while ((end > SLOT_IMAGE_AT) && (slot[end - 1U] == BLANK)) {
    end--;
  }
  end -= MODEL_CHUNK_BYTES;
  return end - (end % slots->board->sector_bytes);
}

/* Makes `target` ready for an image from slots->next_offset on, keeping what it has of this one. Returns a reason or 0. */
static uint32_t prepare(model_slots *slots, const uint8_t *target, const slot_head *head) {
  const bool same = bytes_equal((const uint8_t *)head, target, sizeof *head);
  if (same && (slots->state == (uint32_t)MODEL_RECEIVING)) {
    return 0;
  }
  const uint32_t from = same ? find_kept(slots, target) : 0U;
  for (uint32_t at = from; at < slots->board->slot_bytes; at += slots->board->sector_bytes) {
    erase(slots, target + at);
  }
  slots->next_offset = from - SLOT_IMAGE_AT;
  if (from == 0U) {
    slots->next_offset = 0;
    if (!flash(slots, target, head, SLOT_RECORD_BYTES) || !bytes_equal((const uint8_t *)head, target, sizeof *head)) {
      return REASON_FLASH;
    }
  }
  slots->state = (uint32_t)MODEL_RECEIVING;
  return 0;
}

/* Returns the reason of a refusal or 0. */
static uint32_t begin(model_slots *slots, const uint8_t *target, const codec_field *fields) {
  slot_head head;
  if (slots->board->key == NULL) {
    return REASON_NO_KEY;
  }
  if ((fields[5].length != AURORA_SHA256_BYTES) || (fields[7].length != AURORA_SHA256_BYTES)) {
    return REASON_WRONG_MAC;
  }
  if ((fields[4].number - 1U) >= (slots->board->slot_bytes - SLOT_IMAGE_AT)) {
    return REASON_TOO_LARGE;
  }
  (void)memset(&head, (int)BLANK, sizeof head);
  head.magic = MAGIC;
  head.size = fields[4].number;
  head.counter = fields[6].number;
  (void)memcpy(head.digest, fields[5].bytes, AURORA_SHA256_BYTES);
  (void)memcpy(head.mac, fields[7].bytes, AURORA_SHA256_BYTES);
  head.number = (slots->running == NULL) ? 1U : (uint16_t)(head_of(slots->running)->number + 1U);
  head.complement = (uint16_t)~head.number;
  if (!is_good(slots, &head)) {
    return REASON_WRONG_MAC;
  }
  if ((slots->running != NULL) && bytes_equal((const uint8_t *)&head, slots->running, offsetof(slot_head, number))) {
    /* It runs already: on trial since a reset, or confirmed. */
    if (slots->state != (uint32_t)MODEL_TRIAL) {
      slots->state = (uint32_t)MODEL_CONFIRMED;
    }
    return 0;
  }
  if (slots->state == (uint32_t)MODEL_TRIAL) {
    return REASON_BUSY;
  }
  return (head.counter < slots_counter(slots)) ? (uint32_t)REASON_DOWNGRADE : prepare(slots, target, &head);
}

/* The chunk at the offset that is due, and nothing else. */
static uint32_t take_chunk(model_slots *slots, const uint8_t *target, const codec_field *fields) {
  const uint32_t offset = slots->next_offset;
  const uint32_t length = fields[3].length;
  const uint32_t left = head_of(target)->size - offset;
  if ((fields[2].number != offset) || (length == 0U) || (length > MODEL_CHUNK_BYTES) || (length > left) ||
      (((length % UNIT_BYTES) != 0U) && (length != left))) {
    return 0;
  }
  uint8_t padded[MODEL_CHUNK_BYTES];
  (void)memset(padded, (int)BLANK, sizeof padded);
  (void)memcpy(padded, fields[3].bytes, length);
  if (!flash(slots, target + SLOT_IMAGE_AT + offset, padded, (length + UNIT_BYTES - 1U) & ~(UNIT_BYTES - 1U))) {
    return REASON_FLASH;
  }
  slots->next_offset = offset + length;
  return 0;
}

static uint32_t commit(model_slots *slots, const uint8_t *target) {
  aurora_model model;
  if (slots->next_offset != head_of(target)->size) {
    return 0; /* the answer says what is missing */
  }
  const uint32_t reason = open(slots, target, &model);
  if (reason != 0U) {
    erase(slots, target); /* nothing to go on with */
    return reason;
  }
  return begin_trial(slots, target);
}

/* The gateway's word on a trial. */
static void decide(model_slots *slots, uint32_t outcome) {
  uint32_t reason = REASON_GATEWAY_SAID_NO;
  if (outcome == 1U) {
    if (clear(slots, head_of(slots->running)->confirmed)) {
      slots->state = (uint32_t)MODEL_CONFIRMED;
      return;
    }
    reason = REASON_FLASH;
  }
  revert(slots, reason);
}

/* Runs the model on the inputs of a probe and writes what it made of them. */
static uint8_t *probe(const model_slots *slots, const codec_field *fields, uint8_t *at) {
  aurora_student_scratch scratch;
  uint8_t outputs[AURORA_MODEL_MAX_WIDTH];
  const aurora_model_head *head = slots->model.head;
  if ((head == NULL) || (fields[3].length != head->inputs)) {
    return at;
  }
  aurora_student_run(&slots->model, fields[3].bytes, outputs, &scratch);
  at = codec_number(at, 4, fields[2].number);
  return codec_bytes(at, 5, outputs, head->outputs);
}

/* Does what a packet asks for. Returns the reason of a refusal or 0. */
static AURORA_APART uint32_t act(model_slots *slots, uint32_t type, const codec_field *fields) {
  const uint8_t *target = other(slots);
  uint32_t reason = 0;
  if (type == (uint32_t)PACKET_MODEL_BEGIN) {
    reason = begin(slots, target, fields);
    if (reason == 0U) {
      slots->transfer_id = fields[1].number;
      slots->reason = 0;
    }
    return reason;
  }
  if (fields[1].number != slots->transfer_id) {
    return REASON_UNKNOWN_TRANSFER;
  }
  if (slots->state == (uint32_t)MODEL_RECEIVING) {
    if (type == (uint32_t)PACKET_MODEL_CHUNK) {
      reason = take_chunk(slots, target, fields);
    } else if (type == (uint32_t)PACKET_MODEL_COMMIT) {
      reason = commit(slots, target);
    } else {
      /* Too early: the answer says what is missing. */
    }
    if (reason != 0U) {
      slots->state = (uint32_t)MODEL_REFUSED;
      slots->reason = reason;
    }
  } else if ((type == (uint32_t)PACKET_MODEL_CONFIRM) && (slots->state == (uint32_t)MODEL_TRIAL)) {
    decide(slots, fields[2].number);
  } else {
    /* Done already. */
  }
  return reason;
}

uint8_t *slots_take(model_slots *slots, uint32_t type, const codec_field *fields, uint8_t *at) {
  uint32_t reason = act(slots, type, fields);
  uint32_t state = MODEL_REFUSED;
  if (reason == 0U) {
    state = slots->state;
    reason = slots->reason;
  }
  at = codec_fixed32(at, 1, fields[1].number);
  at = codec_number(at, 2, state);
  at = codec_number(at, 3, slots->next_offset);
  at = codec_number(at, 6, reason);
  if ((type == (uint32_t)PACKET_MODEL_PROBE) && ((state == (uint32_t)MODEL_TRIAL) || (state == (uint32_t)MODEL_CONFIRMED))) {
    at = probe(slots, fields, at);
  }
  return at;
}
