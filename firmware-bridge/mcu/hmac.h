/* HMAC-SHA-256 (RFC 2104) with a key of 32 bytes, of messages of 44: what a slot's record says of its image. */
#ifndef AURORA_HMAC_H
#define AURORA_HMAC_H

#include "sha256.h"

#define HMAC_KEY_BYTES 32U
#define HMAC_MESSAGE_BYTES 44U

/** Are the 32 bytes at `code` the code of the message? */
bool hmac_sha256_fits(const uint8_t *key, const uint8_t *message, const uint8_t *code);

#endif
