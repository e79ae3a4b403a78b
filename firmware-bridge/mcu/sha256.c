/* SHA-256 as in FIPS 180-4; small rather than fast: a 16 kB model takes a few milliseconds on a Cortex-M4. */
#include "sha256.h"

#include "bytes.h"

#define ROUNDS 64u

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

static uint32_t rotate(uint32_t value, uint32_t bits) { return (value >> bits) | (value << (32u - bits)); }

/*
 * Takes in a block. `words` has it in its first sixteen; the schedule grows behind it. The working variables a to h are
 * eight words of a stack: a round puts a new one on top and changes one below, so that none is moved.
 */
static void absorb(uint32_t *state, uint32_t *words) {
  uint32_t chain[ROUNDS + 8u];
  uint32_t *s = &chain[ROUNDS];
  (void)memcpy(s, state, 32u);
  for (const uint32_t *k = constants; s != chain; k++) {
    s--;
    const uint32_t one = s[8] + (rotate(s[5], 6u) ^ rotate(s[5], 11u) ^ rotate(s[5], 25u)) +
                         (s[7] ^ (s[5] & (s[6] ^ s[7]))) + *k + words[0];
    s[0] = one + (rotate(s[1], 2u) ^ rotate(s[1], 13u) ^ rotate(s[1], 22u)) + ((s[1] & s[2]) ^ (s[3] & (s[1] ^ s[2])));
    s[4] += one;
    words[16] = words[0] + (rotate(words[1], 7u) ^ rotate(words[1], 18u) ^ (words[1] >> 3)) + words[9] +
                (rotate(words[14], 17u) ^ rotate(words[14], 19u) ^ (words[14] >> 10));
    words++;
  }
  for (uint32_t i = 0; i < 8u; i++) {
    state[i] += s[i];
  }
}

void aurora_sha256(const uint8_t *bytes, uint32_t length, uint8_t *digest) {
  uint32_t state[8];
  uint32_t block[16u + ROUNDS];
  /* With the bit behind the message and its length, in whole blocks. */
  const uint32_t padded = (length + 72u) & ~63u;
  (void)memcpy(state, &constants[64], sizeof state);
  for (uint32_t at = 0; at < padded; at++) {
    const uint32_t in_block = at & 63u;
    const uint8_t behind = (at == length) ? 0x80u : 0u;
    ((uint8_t *)block)[in_block ^ 3u] = (at < length) ? bytes[at] : behind; /* words are big-endian here */
    if (in_block == 63u) {
      if (at == (padded - 1u)) {
        block[15] = length << 3;
      }
      absorb(state, block);
    }
  }
  for (uint32_t i = 0; i < 8u; i++) {
    store_u32(&digest[4u * i], __builtin_bswap32(state[i]));
  }
}

bool aurora_sha256_fits(const uint8_t *bytes, uint32_t length, const uint8_t *digest) {
  uint8_t actual[AURORA_SHA256_BYTES];
  aurora_sha256(bytes, length, actual);
  return bytes_equal(actual, digest, sizeof actual);
}
