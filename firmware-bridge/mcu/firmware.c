#include "firmware.h"

#include "board.h"
#include "codec.h"
#include "fifo.h"
#include "link.h"
#include "scorer.h"
#include "slots.h"

#define MODE_RAW 1U
#define MODE_EDGE 2U /* 3: both */

/* Samples in a raw window: 192 bytes and at most 26 of other fields. */
#define WINDOW_SAMPLES 96U
#define HEALTH_EVERY_MS 1900U
#define SAMPLES_A_STEP 64U

static struct {
  board_info board;
  device_link link;
  model_slots slots;
  sample_fifo fifo;
  window_scorer scorer;
  uint64_t next_sample;
  uint32_t mode;
  uint32_t raw_samples;       /* that the newest Config asks for */
  uint32_t raw_left;          /* mode edge: raw samples that are still to be sent */
  uint32_t alarm_raw_samples;
  uint32_t health_sent_ms;
} device;

static uint32_t bits_of(float value) {
  uint32_t bits;
  (void)memcpy(&bits, &value, sizeof bits);
  return bits;
}

static float float_of(uint32_t bits) {
  float value;
  (void)memcpy(&value, &bits, sizeof value);
  return value;
}

static void restart_scorer(void) {
  const bool infers = (device.mode != MODE_RAW) && (device.slots.model.head != NULL);
  scorer_start(&device.scorer, infers ? &device.slots.model : NULL);
}

/* A text of the board, cut off where it is longer than the board may make it. */
static uint8_t *write_text(uint8_t *at, uint32_t field, const char *text, uint32_t most) {
  uint32_t length = 0;
  while ((length < most) && (text[length] != '\0')) {
    length++;
  }
  return codec_bytes(at, field, text, length);
}

uint8_t *link_write_hello(uint8_t *at) {
  uint8_t channel[2U + CHANNEL_TEXT_BYTES + 2U + 18U]; /* two texts and two doubles */
  uint8_t *end = write_text(channel, 1, device.board.channel, CHANNEL_TEXT_BYTES);
  const uint32_t left = CHANNEL_TEXT_BYTES - ((uint32_t)(end - channel) - 2U);
  end = write_text(end, 2, device.board.unit, left);
  end = codec_double(end, 3, &device.board.sample_rate_hz);
  end = codec_double(end, 4, &device.board.scale);
  at = codec_number(at, 1, PROTOCOL_MAJOR);
  at = codec_number(at, 2, PROTOCOL_MINOR);
  at = write_text(at, 3, device.board.device_id, DEVICE_ID_BYTES);
  at = codec_text(at, 4, FIRMWARE_VERSION);
  at = codec_fixed32(at, 5, device.board.session_id);
  at = codec_bytes(at, 6, channel, (uint32_t)(end - channel));
  if (device.slots.model.head != NULL) {
    at = codec_text(at, 7, device.slots.model.head->version);
    at = codec_bytes(at, 8, slots_digest(&device.slots), 32);
    at = codec_number(at, 9, slots_counter(&device.slots));
  }
  return codec_number(at, 10, FRAME_MAX_PAYLOAD);
}

static void configure(const codec_field *fields) {
  aurora_bearing *bearing = &device.scorer.bearing;
  device.alarm_raw_samples = fields[4].number;
  if (fields[3].number != device.raw_samples) { /* said again after another Hello: asked for once all the same */
    device.raw_samples = fields[3].number;
    device.raw_left = fields[3].number;
  }
  if ((fields[1].number == device.mode) && (fields[5].number == bits_of(bearing->bpfo)) &&
      (fields[6].number == bits_of(bearing->bpfi)) && (fields[7].number == bits_of(bearing->bsf)) &&
      (fields[8].number == bits_of(bearing->ftf))) {
    return; /* nothing else: the open window goes on */
  }
  device.mode = fields[1].number;
  bearing->bpfo = float_of(fields[5].number);
  bearing->bpfi = float_of(fields[6].number);
  bearing->bsf = float_of(fields[7].number);
  bearing->ftf = float_of(fields[8].number);
  restart_scorer();
}

bool link_take(uint32_t type, const codec_field *fields) {
  if (type == (uint32_t)PACKET_CONFIG) {
    configure(fields);
    return true;
  }
  if ((type < (uint32_t)PACKET_MODEL_BEGIN) || (type > (uint32_t)PACKET_MODEL_PROBE) || (fields[1].number == 0U)) {
    return false; /* a transfer 0 is nobody's, although a model on trial since the start has that number */
  }
  const uint8_t *before = device.slots.running;
  const uint8_t *end = slots_take(&device.slots, type, fields, link_begin(&device.link));
  if (device.slots.running != before) {
    restart_scorer();
  }
  link_send(&device.link, PACKET_MODEL_STATUS, end);
  return true;
}

static void take_samples(void) {
  int16_t samples[SAMPLES_A_STEP];
  float shaft_rpm = 0.0F;
  uint32_t lost = 0;
  const uint32_t count = board_samples(samples, SAMPLES_A_STEP, &shaft_rpm, &lost);
  const uint64_t first = device.next_sample + lost;
  if (lost > 0U) {
    device.fifo.dropped += lost + device.fifo.count;
    fifo_restart(&device.fifo, first);
    scorer_break(&device.scorer);
  }
  device.next_sample = first + count;
  scorer_push(&device.scorer, samples, count, first, shaft_rpm);
  if ((device.link.state == (uint32_t)LINK_STREAMING) && ((device.mode != MODE_EDGE) || (device.raw_left > 0U))) {
    fifo_push(&device.fifo, samples, count, shaft_rpm);
  } else {
    fifo_restart(&device.fifo, device.next_sample);
  }
}

static void send_raw_window(void) {
  const uint32_t count = fifo_ready(&device.fifo, WINDOW_SAMPLES);
  if ((count == 0U) || ((count == device.fifo.count) && (count < WINDOW_SAMPLES))) {
    return; /* wait until it is full, unless the speed has changed */
  }
  uint8_t samples[2U * WINDOW_SAMPLES];
  const float shaft_rpm = fifo_speed(&device.fifo);
  uint8_t *at = codec_number64(link_begin(&device.link), 2, device.fifo.first);
  if (shaft_rpm >= 0.0F) { /* false for NAN, unknown */
    at = codec_fixed32(at, 4, bits_of(shaft_rpm));
  }
  fifo_take(&device.fifo, samples, count);
  device.raw_left = (device.raw_left > count) ? (device.raw_left - count) : 0U;
  link_send(&device.link, PACKET_RAW_WINDOW, codec_bytes(at, 5, samples, 2U * count));
}

static void send_score(void) {
  const window_score *score = &device.scorer.score;
  const aurora_model *model = &device.slots.model;
  uint8_t *at = codec_text(link_begin(&device.link), 3, model->head->version);
  at = codec_bytes(at, 4, score->outputs, model->head->outputs);
  at = codec_number64(at, 5, score->first_sample);
  at = codec_number(at, 6, score->sample_count);
  at = codec_fixed32(at, 7, bits_of(score->shaft_rpm));
  at = codec_bytes(at, 8, score->inputs, model->head->inputs);
  device.scorer.has_score = false;
  if (score->is_alarm && (device.raw_left < device.alarm_raw_samples)) {
    device.raw_left = device.alarm_raw_samples;
  }
  link_send(&device.link, PACKET_SCORE, at);
}

static void send_health(uint32_t now_ms) {
  device.health_sent_ms = now_ms;
  uint8_t *at = codec_number(link_begin(&device.link), 1, now_ms);
  at = codec_number(at, 2, device.fifo.dropped);
  at = codec_number(at, 3, device.link.parser.discarded_bytes);
  at = codec_number(at, 4, device.link.parser.bad_frames);
  at = codec_number(at, 5, device.link.refused_packets);
  at = codec_number(at, 6, device.link.lost_packets);
  at = codec_number(at, 7, device.scorer.scores);
  at = codec_number(at, 8, device.scorer.abandoned);
  link_send(&device.link, PACKET_HEALTH, at);
}

void firmware_start(void) {
  (void)memset(&device, 0, sizeof device);
  board_start(&device.board);
  device.scorer.sample_rate_hz = (float)device.board.sample_rate_hz;
  device.scorer.scale = (float)device.board.scale;
  device.mode = MODE_RAW;
  const uint32_t now_ms = board_milliseconds();
  device.health_sent_ms = now_ms - HEALTH_EVERY_MS; /* the first at once */
  slots_start(&device.slots, &device.board, now_ms);
  link_start(&device.link, device.board.session_id);
}

void firmware_step(void) {
  const uint32_t now_ms = board_milliseconds(); /* read once: all deadlines of a turn are held against the same moment */
  if (slots_poll(&device.slots, now_ms)) {
    restart_scorer();
  }
  link_poll(&device.link, now_ms);
  take_samples();
  /* A sign of life needs no room: it is answered, and so the gateway's word of room gets through once more. */
  if ((device.link.state == (uint32_t)LINK_STREAMING) && (link_begin(&device.link) != NULL) &&
      ((now_ms - device.health_sent_ms) >= HEALTH_EVERY_MS)) {
    send_health(now_ms);
  }
  if (device.scorer.has_score && link_has_room(&device.link)) {
    send_score();
  }
  if (link_has_room(&device.link)) {
    send_raw_window();
  }
}
