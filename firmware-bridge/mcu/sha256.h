/* SHA-256 (FIPS 180-4), streaming, 104 bytes of state. No tables in RAM, no heap. */
#ifndef AURORA_SHA256_H
#define AURORA_SHA256_H

#include <stdint.h>

#define AURORA_SHA256_BYTES 32u

/* One digest in the making. */
typedef struct {
  uint32_t state[8];
  uint32_t block[16];    /* filled byte by byte from the top of each word */
  uint32_t length_bytes; /* messages of up to 2^29 - 1 bytes */
} aurora_sha256;

void aurora_sha256_begin(aurora_sha256 *hash);
void aurora_sha256_update(aurora_sha256 *hash, const uint8_t *bytes, uint32_t length);
/* Writes 32 bytes; `hash` must begin anew before it is used again. */
void aurora_sha256_end(aurora_sha256 *hash, uint8_t *digest);

#endif
