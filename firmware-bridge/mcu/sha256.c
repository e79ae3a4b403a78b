/* SHA-256 as in FIPS 180-4; small rather than fast: a 16 kB model takes a few milliseconds on a Cortex-M4. */
#include "sha256.h"

#include "bytes.h"

/* Of the 64 rounds, then the state that every digest begins with. */
static const uint32_t constants[72] = {
    0x428a2f98u, 0x71374491u, 0xb5c0fbcfu, 0xe9b5dba5u, 0x3956c25bu, 0x59f111f1u, 0x923f82a4u, 0xab1c5ed5u,
    0xd807aa98u, 0x12835b01u, 0x243185beu, 0x550c7dc3u, 0x72be5d74u, 0x80deb1feu, 0x9bdc06a7u, 0xc19bf174u,
    0xe49b69c1u, 0xefbe4786u, 0x0fc19dc6u, 0x240ca1ccu, 0x2de92c6fu, 0x4a7484aau, 0x5cb0a9dcu, 0x76f988dau,
    0x983e5152u, 0xa831c66du, 0xb00327c8u, 0xbf597fc7u, 0xc6e00bf3u, 0xd5a79147u, 0x06ca6351u, 0x14292967u,
    0x27b70a85u, 0x2e1b2138u, 0x4d2c6dfcu, 0x53380d13u, 0x650a7354u, 0x766a0abbu, 0x81c2c92eu, 0x92722c85u,
    0xa2bfe8a1u, 0xa81a664bu, 0xc24b8b70u, 0xc76c51a3u, 0xd192e819u, 0xd6990624u, 0xf40e3585u, 0x106aa070u,
    0x19a4c116u, 0x1e376c08u, 0x2748774cu, 0x34b0bcb5u, 0x391c0cb3u, 0x4ed8aa4au, 0x5b9cca4fu, 0x682e6ff3u,
    0x748f82eeu, 0x78a5636fu, 0x84c87814u, 0x8cc70208u, 0x90befffau, 0xa4506cebu, 0xbef9a3f7u, 0xc67178f2u,
    0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au, 0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u};

static uint32_t rotate(uint32_t value, uint32_t bits) {
  return (value >> bits) | (value << (32u - bits));
}

static void absorb(aurora_sha256 *hash) {
  /* The schedule needs only its last sixteen words: it replaces the block. */
  uint32_t *w = hash->block;
  uint32_t s[8];
  (void)memcpy(s, hash->state, sizeof s);
  for (uint32_t t = 0; t < 64u; t++) {
    const uint32_t one = s[7] + (rotate(s[4], 6u) ^ rotate(s[4], 11u) ^ rotate(s[4], 25u)) +
                         ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[t] + w[t & 15u];
    const uint32_t two = (rotate(s[0], 2u) ^ rotate(s[0], 13u) ^ rotate(s[0], 22u)) +
                         ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    const uint32_t w15 = w[(t + 1u) & 15u];
    const uint32_t w2 = w[(t + 14u) & 15u];
    w[t & 15u] += (rotate(w15, 7u) ^ rotate(w15, 18u) ^ (w15 >> 3)) + w[(t + 9u) & 15u] +
                  (rotate(w2, 17u) ^ rotate(w2, 19u) ^ (w2 >> 10));
    for (uint32_t i = 7u; i > 0u; i--) {
      s[i] = s[i - 1u];
    }
    s[4] += one;
    s[0] = one + two;
  }
  for (uint32_t i = 0; i < 8u; i++) {
    hash->state[i] += s[i];
  }
}

void aurora_sha256_begin(aurora_sha256 *hash) {
  (void)memcpy(hash->state, &constants[64], sizeof hash->state);
  hash->length_bytes = 0;
}

void aurora_sha256_update(aurora_sha256 *hash, const uint8_t *bytes, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) {
    uint32_t *word = &hash->block[(hash->length_bytes >> 2) & 15u];
    *word = (*word << 8) | bytes[i];
    hash->length_bytes++;
    if ((hash->length_bytes & 63u) == 0u) {
      absorb(hash);
    }
  }
}

void aurora_sha256_end(aurora_sha256 *hash, uint8_t *digest) {
  const uint32_t bits = hash->length_bytes << 3;
  uint8_t padding = 0x80u;
  do {
    aurora_sha256_update(hash, &padding, 1u);
    padding = 0;
  } while ((hash->length_bytes & 63u) != 56u);
  hash->block[14] = 0;
  hash->block[15] = bits;
  absorb(hash);
  for (uint32_t i = 0; i < AURORA_SHA256_BYTES; i++) {
    digest[i] = (uint8_t)(hash->state[i >> 2] >> (24u - (8u * (i & 3u))));
  }
}
