/* A line that damages what passes, by chance and in the ways of a profile. */
#ifndef AURORA_HOSTILE_LINE_H
#define AURORA_HOSTILE_LINE_H

#include "bytes.h"

#define LINE_BYTES 65536U

/** How likely each kind of damage is, a bit, a byte, a frame or a millisecond. */
typedef struct {
  const char *name;
  double flip;       /* a bit */
  double drop;       /* a byte */
  double duplicate;  /* a byte */
  double insert;     /* before a byte */
  double lose;       /* a whole frame */
  double cut;        /* a frame, somewhere in its middle */
  double repeat;     /* a whole frame */
  double noise;      /* a burst of up to 200 random bytes, a millisecond */
  double reset;      /* of the device, a millisecond */
  double stuck;      /* the device's line takes nothing for up to 2 s, a millisecond */
  bool flood;        /* the gateway sends as fast as the line takes it, garbage between */
  uint32_t deaf_ms;  /* how long damage may keep the device from hearing anything */
} line_profile;

/** What the line does, by its kind: frame_line.c for a byte stream, message_line.c for a carrier of whole messages. */
extern const line_profile line_profiles[];
extern const uint32_t line_profile_count;
/** Does each message arrive whole, with its length before it? */
extern const bool line_keeps_whole;
/** Bytes that pass to the device in a millisecond. */
extern const uint32_t line_bytes_a_ms;

/** Bytes on their way. */
typedef struct {
  uint8_t bytes[LINE_BYTES];
  uint32_t head;
  uint32_t tail;
} line_queue;

/** A number from 0 on below 1; the same ones in every run. */
double line_roll(void);

/** Passes a frame, with the damage of the profile; what has no room is lost. */
void line_pass(line_queue *line, const line_profile *with, const uint8_t *bytes, uint32_t count);

#endif
