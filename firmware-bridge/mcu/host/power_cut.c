/*
 * Cuts the power at every flash operation of an update, in every way that the operation can be left half done, and once
 * more at every operation of what follows. After each: does the old or the new model run, whole, and can the update be finished?
 *
 *   power-cut OLD.bin NEW.bin [STRIDE [STRIDE OF SECOND CUTS]]
 *
 * Prints one JSON object; ends with 1 if anything was violated.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "sha256.h"
#include "slot_record.h"
#include "slots.h"
#include "torn_flash.h"

typedef struct {
  uint8_t bytes[FLASH_SLOT_BYTES];
  uint32_t size;
  uint32_t counter;
  uint8_t record[SLOT_RECORD_SAID_BYTES];
} image;

static const uint8_t key[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static board_info board;
static model_slots slots;

/* The gateway's part: digest and MAC; first the digest inside the image, so that it is a model. */
static void authenticate(image *what) {
  aurora_sha256(what->bytes, what->size - 32U, what->bytes + what->size - 32U);
  uint8_t digest[32];
  aurora_sha256(what->bytes, what->size, digest);
  slot_record(what->record, key, digest, what->size, what->counter);
}

static void read_image(const char *path, image *to) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    exit(2);
  }
  to->size = (uint32_t)fread(to->bytes, 1, FLASH_SLOT_BYTES, file);
  (void)fclose(file);
  to->counter = load_u32(to->bytes + 12);
  authenticate(to);
}

static struct {
  uint32_t state;
  uint32_t next_offset;
  uint32_t reason;
} status;

static void send(uint32_t type, const codec_field *fields) {
  uint8_t payload[300];
  codec_field answer[CODEC_FIELDS];
  const uint8_t *end = slots_take(&slots, type, fields, payload);
  if (!codec_read(payload, (uint32_t)(end - payload), answer)) {
    flash_break_rule("not a ModelStatus", 0);
  }
  status.state = answer[2].number;
  status.next_offset = answer[3].number;
  status.reason = answer[6].number;
}

static void send_begin(const image *what, uint32_t transfer) {
  codec_field fields[CODEC_FIELDS] = {{0, NULL, 0}};
  fields[1].number = transfer;
  fields[4].number = what->size;
  fields[5].bytes = what->record + SLOT_RECORD_DIGEST_AT;
  fields[5].length = 32;
  fields[6].number = what->counter;
  fields[7].bytes = what->record + SLOT_RECORD_MAC_AT;
  fields[7].length = 32;
  send(PACKET_MODEL_BEGIN, fields);
}

/* The gateway's part, from whatever the device says. */
static void push(const image *what, uint32_t transfer) {
  codec_field fields[CODEC_FIELDS] = {{0, NULL, 0}};
  send_begin(what, transfer);
  fields[1].number = transfer;
  while ((status.state == (uint32_t)MODEL_RECEIVING) && (status.next_offset < what->size)) {
    const uint32_t left = what->size - status.next_offset;
    fields[2].number = status.next_offset;
    fields[3].bytes = what->bytes + status.next_offset;
    fields[3].length = (left < MODEL_CHUNK_BYTES) ? left : MODEL_CHUNK_BYTES;
    send(PACKET_MODEL_CHUNK, fields);
  }
  if (status.state == (uint32_t)MODEL_RECEIVING) {
    send(PACKET_MODEL_COMMIT, fields);
  }
  if (status.state == (uint32_t)MODEL_TRIAL) {
    fields[2].number = 1;
    send(PACKET_MODEL_CONFIRM, fields);
  }
}

/* Which image runs, byte for byte: 0 none, 1 old, 2 new. */
static uint32_t runs(const image *old, const image *new) {
  if (slots.model.head == NULL) {
    return 0;
  }
  if ((slots.model.head->size_bytes == new->size) && (memcmp(slots.model.head, new->bytes, new->size) == 0)) {
    return 2;
  }
  return ((slots.model.head->size_bytes == old->size) && (memcmp(slots.model.head, old->bytes, old->size) == 0)) ? 1U : 0U;
}

static uint32_t cuts;
static uint32_t double_cuts;
static uint32_t boots[3];
static uint32_t resumed;
static uint32_t violations;

static void violate(const char *what, uint32_t at) {
  violations++;
  (void)fprintf(stderr, "%s after a cut at operation %u, tear %u (state %u, reason %u)\n", what, (unsigned)at, (unsigned)flash_tear, (unsigned)status.state, (unsigned)status.reason);
}

/* After a cut: boots, finishes the update, boots again. The second cut, if any, comes at `again` of what follows. */
static void recover(const image *old, const image *new, uint32_t at, uint32_t again) {
  volatile bool second = again > 0U;
  flash_operation = 0;
  flash_cut_at = again;
  if (setjmp(flash_power) == 1) {
    second = false;
    double_cuts++;
    flash_operation = 0;
    flash_cut_at = 0;
  }
  slots_start(&slots, &board, 0);
  const uint32_t running = runs(old, new);
  boots[running]++;
  if (running == 0U) {
    violate("neither model runs", at);
  }
  send_begin(new, 77);
  if ((status.state == (uint32_t)MODEL_RECEIVING) && (status.next_offset > 0U)) {
    resumed++;
  }
  push(new, 77);
  if ((status.state != (uint32_t)MODEL_CONFIRMED) || (runs(old, new) != 2U)) {
    violate("the update could not be finished", at);
  }
  slots_start(&slots, &board, 0);
  if ((runs(old, new) != 2U) || (slots.state == (uint8_t)MODEL_TRIAL)) {
    violate("the confirmed model does not run", at);
  }
  push(old, 78);
  if ((old->counter < new->counter) && ((status.state != (uint32_t)MODEL_REFUSED) || (status.reason != REASON_DOWNGRADE))) {
    violate("a downgrade was taken", at);
  }
  (void)second;
}

int main(int argc, char **argv) {
  static flash_cells before;
  static flash_cells after;
  static image old;
  static image new;
  static image older;
  if (argc < 3) {
    (void)fprintf(stderr, "usage: power-cut OLD.bin NEW.bin [STRIDE [STRIDE]]\n");
    return 2;
  }
  const uint32_t stride = (argc > 3) ? (uint32_t)atoi(argv[3]) : 1U;
  const uint32_t stride_again = (argc > 4) ? (uint32_t)atoi(argv[4]) : 1U;
  read_image(argv[1], &old);
  read_image(argv[2], &new);
  board.key = key;
  board.slots = flash.bytes;
  board.slot_bytes = FLASH_SLOT_BYTES;
  board.sector_bytes = FLASH_SECTOR_BYTES;
  (void)memset(flash.bytes, 0xFF, sizeof flash.bytes);
  slots_start(&slots, &board, 0);
  /* An older, confirmed model lies in the slot that the update takes. */
  older = old;
  older.counter = 0;
  older.bytes[older.size - 33U] ^= 1U;
  authenticate(&older);
  push(&older, 1);
  push(&old, 3);
  if ((status.state != (uint32_t)MODEL_CONFIRMED) || (slots.running != flash.bytes + FLASH_SLOT_BYTES)) {
    violate("an undisturbed update fails", 0);
  }
  before = flash;
  flash_operation = 0;
  flash_erasures = 0;
  push(&new, 4);
  const uint32_t operations = flash_operation;
  const uint32_t erasures = flash_erasures;
  if (status.state != (uint32_t)MODEL_CONFIRMED) {
    violate("an undisturbed update fails", 0);
  }
  for (uint32_t at = 1; at <= operations; at += stride) {
    for (flash_tear = 0; flash_tear < FLASH_TEARS; flash_tear++) {
      flash = before;
      slots_start(&slots, &board, 0);
      flash_operation = 0;
      flash_cut_at = at;
      if (setjmp(flash_power) == 0) {
        push(&new, 5);
        violate("no cut", at);
      }
      cuts++;
      after = flash;
      recover(&old, &new, at, 0);
      const uint32_t following = flash_operation;
      for (uint32_t again = 1; again <= following; again += stride_again) {
        flash = after;
        recover(&old, &new, at, again);
      }
    }
  }
  (void)printf("{\"operations\":%u,\"erasures\":%u,\"tears\":%u,\"cuts\":%u,\"doubleCuts\":%u,\"bootedOld\":%u,\"bootedNew\":%u,"
               "\"bootedNone\":%u,\"resumed\":%u,\"ruleBreaks\":%u,\"violations\":%u}\n",
               (unsigned)operations, (unsigned)erasures, (unsigned)FLASH_TEARS, (unsigned)cuts, (unsigned)double_cuts,
               (unsigned)boots[1], (unsigned)boots[2], (unsigned)boots[0], (unsigned)resumed, (unsigned)flash_rule_breaks, (unsigned)violations);
  return ((violations == 0U) && (flash_rule_breaks == 0U)) ? 0 : 1;
}
