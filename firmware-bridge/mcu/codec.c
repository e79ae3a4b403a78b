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
    if (shift < 32U) {
      number |= (byte & 0x7FU) << shift;
    }
    *value = number;
    if (byte < 0x80U) {
      return at;
    }
  }
  return NULL;
}

bool codec_read(const uint8_t *at, uint32_t length, codec_field fields[CODEC_FIELDS]) {
  const uint8_t *end = at + length;
  (void)memset(fields, 0, CODEC_FIELDS * sizeof(codec_field));
  while (at != end) {
    uint32_t tag;
    at = read_varint(at, end, &tag);
    if ((at == NULL) || (tag < 8U)) {
      return false;
    }
    /* No field has the number 0: what the device does not know goes there. */
    codec_field *field = &fields[(tag < (8U * CODEC_FIELDS)) ? (tag >> 3) : 0U];
    const uint32_t wire = tag & 7U;
    uint32_t skip = 0;
    if (wire == WIRE_VARINT) {
      at = read_varint(at, end, &field->number);
    } else if (wire == WIRE_BYTES) {
      at = read_varint(at, end, &field->length);
      field->bytes = at;
      skip = field->length;
    } else if (wire == WIRE_FIXED32) {
      skip = 4;
    } else if (wire == WIRE_FIXED64) {
      skip = 8;
    } else {
      return false;
    }
    if ((at == NULL) || ((uint32_t)(end - at) < skip)) {
      return false;
    }
    if (wire == WIRE_FIXED32) {
      field->number = load_u32(at);
    }
    at += skip;
  }
  return true;
}

uint8_t *codec_number64(uint8_t *at, uint32_t field, uint64_t value) {
  *at++ = (uint8_t)(field << 3);
  for (;;) {
    const uint32_t more = (value >= 0x80U) ? 0x80U : 0U;
    *at++ = (uint8_t)(((uint32_t)value & 0x7FU) | more);
    value >>= 7;
    if (more == 0U) {
      return at;
    }
  }
}

uint8_t *codec_number(uint8_t *at, uint32_t field, uint32_t value) { return codec_number64(at, field, value); }

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

uint8_t *codec_double(uint8_t *at, uint32_t field, const double *value) {
  const uint8_t *bytes = (const uint8_t *)value; /* little-endian on every target here */
  *at = (uint8_t)((field << 3) | WIRE_FIXED64);
  store_u32(at + 1, load_u32(bytes));
  store_u32(at + 5, load_u32(bytes + 4));
  return at + 9;
}
