/*
 * What a board has to offer: these six functions, nothing else of the firmware touches hardware. One file a board.
 * None of them may block for longer than stated.
 */
#ifndef AURORA_BOARD_H
#define AURORA_BOARD_H

#include "bytes.h"

#define DEVICE_ID_BYTES 63U
#define CHANNEL_TEXT_BYTES 48U

/** What does not change between two resets. Strings are zero-terminated. */
typedef struct {
  const char *device_id;       /* [A-Za-z0-9][A-Za-z0-9._-]{0,62} */
  const uint8_t *key;          /* 32 bytes, shared with the gateway when the device was enrolled; NULL: takes no models */
  uint32_t session_id;         /* another one at every reset: random, or a counter that survives */
  const char *channel;         /* name and unit of the accelerometer's channel, at most 48 bytes together: the rest is cut off */
  const char *unit;
  double scale;                /* physical value = count * scale */
  double sample_rate_hz;
  const uint8_t *slots;        /* where the two slots lie in the address space, one behind the other, aligned by 4 */
  uint32_t slot_bytes;         /* a multiple of the sector */
  uint32_t sector_bytes;       /* what one erasure clears, at least 512 */
} board_info;

/** Starts clock, line, flash, sampling. Called once, first. */
void board_start(board_info *info);

/** Milliseconds since the start, modulo 2^32: a counter that wraps around earlier is made to go on by the board. */
uint32_t board_milliseconds(void);

/**
 * Takes over up to `room` received bytes; returns how many. Bytes wait in a buffer of at least 512 that an interrupt
 * fills; with message.c whole messages, and one that has no room is dropped whole. May sleep until the next interrupt when
 * there is nothing, for 1 ms at most.
 */
uint32_t board_receive(uint8_t *to, uint32_t room);

/** Queues all `count` bytes (at most FRAME_MAX_SENT) for an interrupt to send, or none of them and returns false. */
bool board_send(const uint8_t *bytes, uint32_t count);

/**
 * Programs `count` bytes (a multiple of 16, at an offset that is one) from the first slot's start on; with `bytes` NULL
 * erases the sector that begins at `offset` to 0xFF. Each unit of 16 bytes is programmed once after an erasure, so the flash
 * must program at most 16 bytes at once: one of 32 (STM32H7) cannot hold the slots. Returns false if the flash refuses.
 *
 * A unit that a power cut tore is read at the next start. Where the flash has error correction and its core answers that by an
 * exception (NMI, BusFault), the handler must clear the flash's flag and return if the address lies in the slots: whatever is
 * read then is held against digest and marks.
 */
bool board_flash(uint32_t offset, const uint8_t *bytes, uint32_t count);

/**
 * Takes over up to `room` samples, with the shaft's speed during them (NAN when unknown, 0 when it stands) and the
 * count of samples that were lost before them; returns how many. Another speed than before ends a raw window: change it only
 * when it has moved. A board that measures snapshots counts the pauses between them as lost: they are in `dropped_samples` of Health.
 */
uint32_t board_samples(int16_t *to, uint32_t room, float *shaft_rpm, uint32_t *lost);

#endif
