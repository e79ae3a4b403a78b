/*
 * Two slots for models in NOR flash: one runs, the other is free for the next. Knows the conversation of PROTOCOL.md,
 * "Pushing a model"; refuses what is not authenticated, older than what runs, damaged, or not a model. Never erases or
 * programs the slot that it would fall back to.
 *
 * State at boot, from the bytes of the slots alone (slot.h):
 *   record and image verified, confirmed            -> runs, the higher number of installation first
 *   record and image verified, trial never begun    -> trial: marked, runs until it is confirmed, reset, or too late
 *   anything else                                   -> free
 */
#ifndef AURORA_SLOTS_H
#define AURORA_SLOTS_H

#include "codec.h"
#include "slot.h"

#define MODEL_CHUNK_BYTES 192U
/** A trial that the gateway has not decided by then is over. */
#define MODEL_TRIAL_MS 60000U

enum model_state {
  MODEL_NONE = 0,
  MODEL_RECEIVING = 1,
  MODEL_TRIAL = 2,
  MODEL_CONFIRMED = 3,
  MODEL_REVERTED = 4,
  MODEL_REFUSED = 5
};

typedef struct {
  const board_info *board;
  const uint8_t *running;   /* slot, by where it begins; NULL: none */
  const uint8_t *fallback;  /* the confirmed slot beside a trial; NULL: none */
  uint32_t state;           /* of the transfer */
  uint32_t reason;
  uint32_t transfer_id;
  uint32_t next_offset;
  uint32_t now_ms;          /* of the last poll */
  uint32_t trial_since_ms;
  aurora_model model;       /* what runs; its bytes are NULL without one */
} model_slots;

/** Boots: chooses what runs, and begins a trial if a slot waits for one. */
void slots_start(model_slots *slots, const board_info *board, uint32_t now_ms);

/** Ends a trial that was not decided in time. Returns whether the model has changed. */
bool slots_poll(model_slots *slots, uint32_t now_ms);

/**
 * Takes a Model packet and writes the payload of the ModelStatus that answers it at `at`; returns its end, at most
 * 25 bytes and the outputs of a probe further. Another slot may run afterwards.
 */
uint8_t *slots_take(model_slots *slots, uint32_t type, const codec_field *fields, uint8_t *at);

/** The image's digest; the model that runs must not be NULL. */
const uint8_t *slots_digest(const model_slots *slots);
/** The counter that an update must at least have. */
uint32_t slots_counter(const model_slots *slots);

#endif
