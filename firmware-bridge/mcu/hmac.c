#include "hmac.h"

#define BLOCK_BYTES 64U
#define INNER 0x36U
#define OUTER 0x5CU

static void begin(aurora_sha256 *hash, const uint8_t *key, uint8_t pad) {
  aurora_sha256_begin(hash);
  for (uint32_t i = 0; i < BLOCK_BYTES; i++) {
    const uint8_t byte = (i < HMAC_KEY_BYTES) ? (uint8_t)(key[i] ^ pad) : pad;
    aurora_sha256_update(hash, &byte, 1);
  }
}

void hmac_sha256(const uint8_t *key, const uint8_t *message, uint32_t length, uint8_t *code) {
  aurora_sha256 hash;
  begin(&hash, key, INNER);
  aurora_sha256_update(&hash, message, length);
  aurora_sha256_end(&hash, code);
  begin(&hash, key, OUTER);
  aurora_sha256_update(&hash, code, AURORA_SHA256_BYTES);
  aurora_sha256_end(&hash, code);
}
