/* SHA-256 (FIPS 180-4) of bytes that lie in one piece. No tables in RAM, no heap. */
#ifndef AURORA_SHA256_H
#define AURORA_SHA256_H

#include <stdbool.h>
#include <stdint.h>

#define AURORA_SHA256_BYTES 32u

/* Writes the 32 bytes of the digest; they may overlap the message. Messages of up to 2^29 - 1 bytes. */
void aurora_sha256(const uint8_t *bytes, uint32_t length, uint8_t *digest);

/* Is `digest` that of the bytes? */
bool aurora_sha256_fits(const uint8_t *bytes, uint32_t length, const uint8_t *digest);

#endif
