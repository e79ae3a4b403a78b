/*
 * Frames on a byte stream: 00 | COBS(packet, CRC-32) | 00 (PROTOCOL.md, section 2).
 * The parser collects what lies between two delimiters in one buffer, decodes it there, and throws away what is not a frame.
 */
#ifndef AURORA_FRAME_H
#define AURORA_FRAME_H

#include "bytes.h"

#define PACKET_HEADER_BYTES 4U
#define FRAME_CRC_BYTES 4U
/** The packet is bound to the session: its check is the CRC XOR the session id. */
#define FRAME_FLAG_SESSION 4U
/** Largest payload that the device takes; it says so in its Hello. A ModelChunk of 192 bytes has 205. */
#ifndef FRAME_MAX_PAYLOAD
#define FRAME_MAX_PAYLOAD 256U
#endif
_Static_assert((FRAME_MAX_PAYLOAD >= 256U) && (FRAME_MAX_PAYLOAD <= 1024U),
               "FRAME_MAX_PAYLOAD: from 256 to 1024, as the protocol has it");
/** Largest payload that the device sends: with header and CRC 254 bytes, for which COBS adds exactly one. */
#define FRAME_MAX_SENT_PAYLOAD 246U
/** Delimiter, code byte, packet, CRC, delimiter. */
#define FRAME_MAX_SENT (FRAME_MAX_SENT_PAYLOAD + PACKET_HEADER_BYTES + FRAME_CRC_BYTES + 3U)
/** Where a packet has to be put for frame_close. */
#define FRAME_PACKET_AT 2U

/** Packet and CRC. */
#define FRAME_MAX_DECODED (PACKET_HEADER_BYTES + FRAME_MAX_PAYLOAD + FRAME_CRC_BYTES)

typedef struct {
  uint32_t stretch;    /* bytes since the last delimiter; those that have no room are counted alone */
  uint32_t session_id; /* 0: none, and every frame that is bound to one is bad */
  uint32_t bad_frames;
  uint32_t discarded_bytes;
  uint8_t bytes[FRAME_MAX_DECODED + (FRAME_MAX_DECODED / 254U) + 1U]; /* COBS adds a byte for every block */
} frame_parser;

/**
 * Takes the next byte. Returns the length of a good packet that is complete now, header included and CRC not, in
 * `parser->bytes` until the next call; 0 otherwise.
 */
uint32_t frame_push(frame_parser *parser, uint8_t byte);

/**
 * Makes, for the session `session_id`, the packet of `length` bytes (4 to 250) at `wire + FRAME_PACKET_AT` a frame. Returns the frame's length; it begins
 * at `wire`, which has FRAME_MAX_SENT bytes.
 */
uint32_t frame_close(uint8_t *wire, uint32_t length, uint32_t session_id);

#endif
