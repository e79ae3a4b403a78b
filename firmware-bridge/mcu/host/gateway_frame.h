/*
 * Frames as a gateway sends them (PROTOCOL.md, section 2), for tools that stand in for one. The firmware's own frame_close
 * makes only what a device sends.
 */
#ifndef AURORA_GATEWAY_FRAME_H
#define AURORA_GATEWAY_FRAME_H

#include "bytes.h"

/** Largest payload here. */
#define GATEWAY_FRAME_PAYLOAD 384U
/** Payload, header, check, delimiters, a COBS code byte per 254 bytes and the first one. */
#define GATEWAY_FRAME_BYTES (GATEWAY_FRAME_PAYLOAD + 4U + 4U + 2U + 2U)

/**
 * Frames a packet of `length` payload bytes at `wire`, which has GATEWAY_FRAME_BYTES; `session_id` is part of the check
 * where `flags` say so. Returns the frame's length.
 */
uint32_t gateway_frame(uint8_t *wire, uint32_t type, uint32_t flags, uint32_t number, const uint8_t *payload,
                       uint32_t length, uint32_t session_id);

#endif
