/* CRC-32 of IEEE 802.3, as in zlib. */
#ifndef AURORA_CRC32_H
#define AURORA_CRC32_H

#include "bytes.h"

/** The check value of the ASCII text 123456789 is 0xCBF43926. */
uint32_t crc32(const uint8_t *bytes, uint32_t count);

#endif
