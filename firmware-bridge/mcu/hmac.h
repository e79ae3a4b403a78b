/* HMAC-SHA-256 (RFC 2104) with a key of 32 bytes, of short messages. */
#ifndef AURORA_HMAC_H
#define AURORA_HMAC_H

#include "sha256.h"

#define HMAC_KEY_BYTES 32U
#define HMAC_MAX_MESSAGE_BYTES 44U

/** Writes the 32 bytes of the code of `length` bytes, at most HMAC_MAX_MESSAGE_BYTES. */
void hmac_sha256(const uint8_t *key, const uint8_t *message, uint32_t length, uint8_t *code);

#endif
