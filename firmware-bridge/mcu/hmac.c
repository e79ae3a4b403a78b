#include "hmac.h"

#include "bytes.h"

#define BLOCK_BYTES 64U
#define INNER 0x36U
#define OUTER 0x5CU

void hmac_sha256(const uint8_t *key, const uint8_t *message, uint32_t length, uint8_t *code) {
  uint8_t text[BLOCK_BYTES + HMAC_MAX_MESSAGE_BYTES]; /* what is hashed: the padded key, then the message */
  uint8_t pad = INNER;
  for (;;) {
    (void)memset(text, pad, BLOCK_BYTES);
    for (uint32_t i = 0; i < HMAC_KEY_BYTES; i++) {
      text[i] ^= key[i];
    }
    (void)memcpy(&text[BLOCK_BYTES], message, length);
    aurora_sha256(text, BLOCK_BYTES + length, code);
    if (pad == OUTER) {
      return;
    }
    /* Once more, of the digest. */
    pad = OUTER;
    message = code;
    length = AURORA_SHA256_BYTES;
  }
}
