/*
 * As much of protobuf as the device's messages need. The reader takes fields in any order, skips what it does not
 * know, and refuses what is not protobuf; the writers know no bounds: their caller adds up the largest message.
 */
#ifndef AURORA_CODEC_H
#define AURORA_CODEC_H

#include "bytes.h"

/** Fields of a message have the numbers 1 to 8 as far as the device reads them. */
#define CODEC_FIELDS 9U

typedef struct {
  uint32_t number;      /* of a varint (its low 32 bits) or fixed32; 0 if absent */
  const uint8_t *bytes; /* of a string, bytes, message; NULL if absent */
  uint32_t length;      /* of what `bytes` points to */
} codec_field;

/** Reads a message into `fields[number]`; of a repeated field the last counts. False if it is not valid protobuf. */
bool codec_read(const uint8_t *at, uint32_t length, codec_field fields[CODEC_FIELDS]);

/* Each writes one field (number 1 to 15) and returns where the next one goes. */
uint8_t *codec_number(uint8_t *at, uint32_t field, uint32_t value);
uint8_t *codec_number64(uint8_t *at, uint32_t field, uint64_t value);
uint8_t *codec_fixed32(uint8_t *at, uint32_t field, uint32_t value);
uint8_t *codec_bytes(uint8_t *at, uint32_t field, const void *bytes, uint32_t length);
uint8_t *codec_text(uint8_t *at, uint32_t field, const char *text);
uint8_t *codec_double(uint8_t *at, uint32_t field, const double *value);

#endif
