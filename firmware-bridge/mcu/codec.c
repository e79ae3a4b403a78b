#include "codec.h"

#define WIRE_VARINT 0U
#define WIRE_FIXED64 1U
#define WIRE_BYTES 2U
#define WIRE_FIXED32 5U

/* Reads a varint of at most 10 bytes; keeps its low 32 bits. NULL if it does not end. */
static const uint8_t *read_varint(const uint8_t *at, const uint8_t *end, uint32_t *value) {
  uint32_t number = 0;
  for (uint32_t shift = 0; (shift < 70U) && (at != end); shift += 7U) {
    const uint32_t byte = *at++;
    number |= (shift < 32U) ? ((byte & 0x7FU) << shift) : 0U;
    if (byte < 0x80U) {
      *value = number;
      return at;
    }
  }
  return NULL;
}

bool codec_read(const uint8_t *at, uint32_t length, codec_field fields[CODEC_FIELDS]) {
  const uint8_t *end = at + length;
  (void)memset(fields, 0, CODEC_FIELDS * sizeof(codec_field));
  while (at != end) {
    codec_field field = {0, NULL, 0};
    uint32_t tag = 0;
    at = read_varint(at, end, &tag);
    if ((at == NULL) || (tag < 8U)) {
      return false;
    }
    const uint32_t wire = tag & 7U;
    uint32_t skip = 0;
    if ((wire == WIRE_VARINT) || (wire == WIRE_BYTES)) {
      at = read_varint(at, end, &field.number);
      if (at == NULL) {
        return false;
      }
      if (wire == WIRE_BYTES) {
        skip = field.number;
        field.number = 0;
        field.bytes = at;
        field.length = skip;
      }
    } else if (wire == WIRE_FIXED32) {
      skip = 4;
    } else if (wire == WIRE_FIXED64) {
      skip = 8;
    } else {
      return false;
    }
    if ((uint32_t)(end - at) < skip) {
      return false;
    }
    if (wire == WIRE_FIXED32) {
      field.number = load_u32(at);
    }
    at += skip;
    if ((tag >> 3) < CODEC_FIELDS) {
      fields[tag >> 3] = field;
    }
  }
  return true;
}

static uint8_t *put_varint(uint8_t *at, uint32_t value) {
  while (value >= 0x80U) {
    *at++ = (uint8_t)(value | 0x80U);
    value >>= 7;
  }
  *at++ = (uint8_t)value;
  return at;
}

uint8_t *codec_number(uint8_t *at, uint32_t field, uint32_t value) {
  *at = (uint8_t)(field << 3);
  return put_varint(at + 1, value);
}

uint8_t *codec_number64(uint8_t *at, uint32_t field, uint64_t value) {
  *at++ = (uint8_t)(field << 3);
  while ((value >> 28) != 0U) {
    *at++ = (uint8_t)(value | 0x80U);
    value >>= 7;
  }
  return put_varint(at, (uint32_t)value);
}

uint8_t *codec_fixed32(uint8_t *at, uint32_t field, uint32_t value) {
  *at = (uint8_t)((field << 3) | WIRE_FIXED32);
  store_u32(at + 1, value);
  return at + 5;
}

uint8_t *codec_bytes(uint8_t *at, uint32_t field, const void *bytes, uint32_t length) {
  uint8_t *end = codec_number(at, field, length);
  *at |= WIRE_BYTES;
  (void)memcpy(end, bytes, length);
  return end + length;
}

uint8_t *codec_text(uint8_t *at, uint32_t field, const char *text) {
  uint32_t length = 0;
  while (text[length] != '\0') {
    length++;
  }
  return codec_bytes(at, field, text, length);
}

uint8_t *codec_double(uint8_t *at, uint32_t field, double value) {
  *at = (uint8_t)((field << 3) | WIRE_FIXED64);
  (void)memcpy(at + 1, &value, sizeof value); /* every target here is little-endian */
  return at + 1 + sizeof value;
}
