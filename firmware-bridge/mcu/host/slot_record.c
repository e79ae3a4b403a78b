#include "slot_record.h"

#include "sha256.h"

#define BLOCK_BYTES 64U

/* The digest of the padded key and of up to 44 bytes behind it. */
static void digest_keyed(const uint8_t *key, uint8_t pad, const uint8_t *message, uint32_t length, uint8_t *digest) {
  uint8_t text[BLOCK_BYTES + SLOT_RECORD_MAC_AT];
  (void)memset(text, pad, BLOCK_BYTES);
  for (uint32_t i = 0; i < 32U; i++) {
    text[i] = (uint8_t)(key[i] ^ pad);
  }
  (void)memcpy(text + BLOCK_BYTES, message, length);
  aurora_sha256(text, BLOCK_BYTES + length, digest);
}

void slot_record(uint8_t *record, const uint8_t *key, const uint8_t *digest, uint32_t size, uint32_t counter) {
  uint8_t inner[AURORA_SHA256_BYTES];
  store_u32(record, 0x31535541U);
  store_u32(record + 4, size);
  store_u32(record + 8, counter);
  (void)memcpy(record + SLOT_RECORD_DIGEST_AT, digest, AURORA_SHA256_BYTES);
  digest_keyed(key, 0x36U, record, SLOT_RECORD_MAC_AT, inner);
  digest_keyed(key, 0x5CU, inner, sizeof inner, record + SLOT_RECORD_MAC_AT);
}
