/*
 * What a gateway says of an image (PROTOCOL.md, "Pushing a model"), for tools that stand in for one. The firmware's own
 * hmac.c only compares.
 */
#ifndef AURORA_SLOT_RECORD_H
#define AURORA_SLOT_RECORD_H

#include "bytes.h"

#define SLOT_RECORD_DIGEST_AT 12U
#define SLOT_RECORD_MAC_AT 44U
/** Magic, size, counter, digest, and the MAC of these. */
#define SLOT_RECORD_SAID_BYTES 76U

/** Writes the first SLOT_RECORD_SAID_BYTES of a slot with the image of this digest, for a device with the 32 bytes of `key`. */
void slot_record(uint8_t *record, const uint8_t *key, const uint8_t *digest, uint32_t size, uint32_t counter);

#endif
