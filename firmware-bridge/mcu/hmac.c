#include "hmac.h"

#include "bytes.h"

#define BLOCK_BYTES 64U
#define INNER 0x36U
#define OUTER 0x5CU

bool hmac_sha256_fits(const uint8_t *key, const uint8_t *message, const uint8_t *code) {
  uint8_t text[BLOCK_BYTES + HMAC_MESSAGE_BYTES]; /* what is hashed: the padded key, then the message */
  uint8_t *behind = &text[BLOCK_BYTES];
  (void)memcpy(behind, message, HMAC_MESSAGE_BYTES);
  uint32_t length = HMAC_MESSAGE_BYTES;
  for (uint32_t pad = INNER;; pad = OUTER) {
    for (uint32_t i = 0; i < BLOCK_BYTES; i++) {
      text[i] = (uint8_t)(((i < HMAC_KEY_BYTES) ? key[i] : 0U) ^ pad);
    }
    aurora_sha256(text, BLOCK_BYTES + length, behind);
    if (pad == OUTER) {
      return bytes_equal(behind, code, AURORA_SHA256_BYTES);
    }
    length = AURORA_SHA256_BYTES; /* once more, of the digest */
  }
}
