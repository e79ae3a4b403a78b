#include "slots.h"

#include "link.h"
#include "student.h"

/* The slot that does not run: free for the next model. */
static const uint8_t *other(const model_slots *slots) {
  const uint8_t *first = slots->board->slots;
  return (slots->running == first) ? (first + slots->board->slot_bytes) : first;
}

/* Runs `slot`, or nothing if there is none or it cannot be opened. */
static void run(model_slots *slots, const uint8_t *slot) {
  slots->running = slot;
  if ((slot == NULL) || (slot_open(slots->board, slot, &slots->model) != 0U)) {
    slots->running = NULL;
    slots->model.head = NULL;
  }
}

/* Marks the slot as tried and runs it. Returns the reason of a refusal or 0. */
static AURORA_APART uint32_t begin_trial(model_slots *slots, const uint8_t *slot) {
  slots->state = (uint32_t)MODEL_REFUSED;
  if (!slot_clear(slots->board, slot_head_of(slot)->trial)) {
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
    const slot_head *head = slot_head_of(slot);
    if (slot_open(slots->board, slot, &slots->model) != 0U) {
      continue;
    }
    const uint32_t confirmed = slot_read_mark(head->confirmed);
    if (confirmed == SLOT_CLEARED) {
      /* The newest so far. */
      if ((slots->running == NULL) || (((head->number - slot_head_of(slots->running)->number) & 0x8000) == 0)) {
        slots->running = slot;
      }
    } else if (confirmed != SLOT_BLANK) {
      /* Cut off while it was confirmed: cells that were half programmed may read differently next time. */
      slot_erase(slots->board, slot);
    } else if (slot_read_mark(head->trial) == SLOT_BLANK) {
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

const uint8_t *slots_digest(const model_slots *slots) { return slot_head_of(slots->running)->digest; }

uint32_t slots_counter(const model_slots *slots) {
  const uint8_t *slot = (slots->state == (uint32_t)MODEL_TRIAL) ? slots->fallback : slots->running;
  return (slot == NULL) ? 0U : slot_head_of(slot)->counter;
}

/*
 * The sector in which an image that was left goes on. After a reset the last chunk may be half programmed, its first bytes
 * missing: the sector in which it may have begun is the first to be erased. 0 if nothing can be kept: it has the head.
 */
static uint32_t find_kept(const model_slots *slots, const uint8_t *slot) {
  uint32_t end = SLOT_IMAGE_AT + slot_head_of(slot)->size;
  while ((end > SLOT_IMAGE_AT) && (slot[end - 1U] == SLOT_BLANK)) {
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
  for (uint32_t at = from; at < SLOT_IMAGE_AT + head->size; at += slots->board->sector_bytes) {
    slot_erase(slots->board, target + at);
  }
  slots->next_offset = from - SLOT_IMAGE_AT;
  if (from == 0U) {
    slots->next_offset = 0;
    if (!slot_flash(slots->board, target, head, SLOT_RECORD_BYTES) ||
        !bytes_equal((const uint8_t *)head, target, sizeof *head)) {
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
  (void)memset(&head, (int)SLOT_BLANK, sizeof head);
  head.magic = SLOT_MAGIC;
  head.size = fields[4].number;
  head.counter = fields[6].number;
  (void)memcpy(head.digest, fields[5].bytes, AURORA_SHA256_BYTES);
  (void)memcpy(head.mac, fields[7].bytes, AURORA_SHA256_BYTES);
  head.number = (slots->running == NULL) ? 1U : (uint16_t)(slot_head_of(slots->running)->number + 1U);
  head.complement = (uint16_t)~head.number;
  if (!slot_is_good(slots->board, &head)) {
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
  const uint32_t left = slot_head_of(target)->size - offset;
  if ((fields[2].number != offset) || (length == 0U) || (length > MODEL_CHUNK_BYTES) || (length > left) ||
      (((length % SLOT_UNIT_BYTES) != 0U) && (length != left))) {
    return 0;
  }
  uint8_t padded[MODEL_CHUNK_BYTES];
  (void)memset(padded, (int)SLOT_BLANK, sizeof padded);
  (void)memcpy(padded, fields[3].bytes, length);
  const uint32_t whole = (length + SLOT_UNIT_BYTES - 1U) & ~(SLOT_UNIT_BYTES - 1U);
  if (!slot_flash(slots->board, target + SLOT_IMAGE_AT + offset, padded, whole)) {
    return REASON_FLASH;
  }
  slots->next_offset = offset + length;
  return 0;
}

static uint32_t commit(model_slots *slots, const uint8_t *target) {
  aurora_model model;
  if (slots->next_offset != slot_head_of(target)->size) {
    return 0; /* the answer says what is missing */
  }
  const uint32_t reason = slot_open(slots->board, target, &model);
  if (reason != 0U) {
    slot_erase(slots->board, target); /* nothing to go on with */
    return reason;
  }
  return begin_trial(slots, target);
}

/* The gateway's word on a trial. */
static void decide(model_slots *slots, uint32_t outcome) {
  uint32_t reason = REASON_GATEWAY_SAID_NO;
  if (outcome == 1U) {
    if (slot_clear(slots->board, slot_head_of(slots->running)->confirmed)) {
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
