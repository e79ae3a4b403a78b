/*
 * A board to begin with: copy it, and fill in what is marked TODO. It compiles and links as it is, so that the build can be
 * tried first; it then has no line and no samples. Contracts: board.h. Whole examples: board_mps2.c (Cortex-M), board_virt.c
 * with cfi_flash.c (RISC-V). Start-up code (stack, .data, .bss, floating point unit) is the chip vendor's, or as at the end of those two.
 */
#include "board.h"
#include "firmware.h"
#include "ring.h"

#define SECTOR_BYTES 4096U /* TODO what one erasure clears */
#define SLOT_BYTES 16384U  /* TODO a multiple of it; a model and 256 bytes have to fit */
#define WRITE_WORD_BYTES 8U /* TODO what the flash programs at once */
#define SAMPLES_BUFFERED 512U /* TODO a power of two, for longer than an erasure or the end of a window takes */
#define STANDSTILL_MS 3000U /* TODO a shaft without a pulse for so long stands: longer than a pulse takes at its slowest */
_Static_assert((SECTOR_BYTES >= 512U) && ((SLOT_BYTES % SECTOR_BYTES) == 0U), "a slot has whole sectors of at least 512 bytes");
_Static_assert((16U % WRITE_WORD_BYTES) == 0U, "the marks of a slot are 16 bytes: a flash that programs more at once cannot hold it");
_Static_assert((SAMPLES_BUFFERED & (SAMPLES_BUFFERED - 1U)) == 0U, "a power of two");

#define UNKNOWN_SPEED (0.0F / 0.0F) /* NAN, which without a C library has no header */

/* TODO Where the two slots lie in memory-mapped flash, best in a bank that no code runs from: a symbol of the linker's script
 * instead of this array, which is but a place that links. `aurora device image` writes what to program there. */
static const uint32_t slots[2U * SLOT_BYTES / 4U];

/* TODO Written once at enrolment, in flash that the firmware never erases. The key is in the gateway's file of keys too. */
static const char device_id[] = "bench-1";
static const uint8_t key[32];
static const bool has_key = false;

static byte_ring sent;
static byte_ring received;
static uint32_t milliseconds; /* moved by clock_interrupt alone */

/* Samples on their way from the converter: one side is moved by the interrupt alone, the other by board_samples. */
static int16_t samples[SAMPLES_BUFFERED];
static uint32_t samples_in;
static uint32_t samples_lost; /* counted by the interrupt when there is no room, */
static uint32_t lost_told;    /* and of them those that board_samples has told */
static uint32_t samples_out;

/* Moved by the tachometer's interrupt alone; there is no pulse, ever, where there is no tachometer. */
static uint32_t pulses;
static uint32_t pulse_rpm; /* the bits of a float */

void clock_interrupt(void);
void receive_interrupt(void);
void transmit_interrupt(void);
void converter_interrupt(int16_t count);
void tachometer_interrupt(float rpm);

/* TODO every millisecond: SysTick, a timer, or (RISC-V) mtime read in board_milliseconds instead */
void clock_interrupt(void) { shared_write(&milliseconds, milliseconds + 1U); }

/*
 * TODO Clear the interrupt before reading the data register: the other way round a byte is lost for good. With message.c nothing of
 * this: what a client of MQTT has received is put in whole, its length before it, by ring_put_all; a message without room is dropped.
 */
void receive_interrupt(void) {
  const uint8_t byte = 0; /* TODO read it from the UART; in a loop while there is one */
  (void)ring_put(&received, byte); /* a full ring loses the byte: the frame is bad and counted */
}

/* TODO "transmitter empty"; switch it off here when the ring is, and on in board_send */
void transmit_interrupt(void) {
  uint8_t byte;
  if (ring_get(&sent, &byte)) {
    /* TODO write it to the UART */
  }
}

/* TODO a sample has come; with a DMA's half-full interrupt, a block of them */
void converter_interrupt(int16_t count) {
  const uint32_t in = samples_in;
  if (((in - shared_read(&samples_out)) == SAMPLES_BUFFERED) || (samples_lost != shared_read(&lost_told))) {
    shared_write(&samples_lost, samples_lost + 1U); /* until it is told: a gap in the middle of the buffer has no place there */
    return;
  }
  samples[in % SAMPLES_BUFFERED] = count;
  shared_write(&samples_in, in + 1U);
}

/* TODO a pulse of the tachometer, and the speed by the time since the one before; without a tachometer nothing is to be done */
void tachometer_interrupt(float rpm) {
  uint32_t bits;
  (void)memcpy(&bits, &rpm, sizeof bits);
  shared_write(&pulse_rpm, bits);
  shared_write(&pulses, pulses + 1U);
}

/*
 * The speed during the samples that wait: unknown until two pulses have come, what the last one says while they come, 0 when
 * there was none for STANDSTILL_MS. The first pulse after that says nothing: the time before it is that of the standstill.
 * Another value ends a raw window: it is kept until the speed has moved by a thousandth.
 */
static float shaft_speed(void) {
  static float held = UNKNOWN_SPEED;
  static uint32_t counted; /* pulses until the last one that was seen, */
  static uint32_t seen_at; /* and when that was */
  static bool turns;
  const uint32_t now = board_milliseconds();
  const uint32_t came = shared_read(&pulses) - counted;
  if (came > 0U) {
    const uint32_t bits = shared_read(&pulse_rpm);
    float rpm;
    (void)memcpy(&rpm, &bits, sizeof rpm);
    const float change = rpm - held;
    const bool is_kept = (change <= (0.001F * held)) && (change >= (-0.001F * held)); /* false for NAN */
    if ((turns || (came > 1U)) && !is_kept) {
      held = rpm;
    }
    turns = true;
    counted += came;
    seen_at = now;
  } else if (turns && ((now - seen_at) >= STANDSTILL_MS)) {
    turns = false; /* for as long as the clock may run around */
    held = 0.0F;
  }
  return held;
}

void board_start(board_info *info) {
  /* TODO start clock, UART (8 bits, no parity, no echo), converter and their interrupts, last */
  info->device_id = device_id;
  info->key = has_key ? key : NULL;
  info->session_id = 1U; /* TODO another one at every reset: random, or a counter in a register that survives it */
  info->channel = "accel-de"; /* a name of yours: `channel` of the measuring point in the gateway's configuration */
  info->unit = "g";            /* or "m/s2", which the gateway converts */
  info->scale = 16.0 / 32768.0;  /* TODO physical value of a count, here of a converter for ±16 g */
  info->sample_rate_hz = 12000.0; /* TODO the measured one, not that of the data sheet; 12 kHz or more for the shipped model */
  info->slots = (const uint8_t *)slots;
  info->slot_bytes = SLOT_BYTES;
  info->sector_bytes = SECTOR_BYTES;
}

uint32_t board_milliseconds(void) { return shared_read(&milliseconds); }

uint32_t board_receive(uint8_t *to, uint32_t room) {
  const uint32_t count = ring_get_all(&received, to, room);
  if (count == 0U) {
    /* TODO sleep until the next interrupt (`wfi`): at least the clock's comes within 1 ms */
  }
  return count;
}

bool board_send(const uint8_t *bytes, uint32_t count) {
  if (!ring_put_all(&sent, bytes, count)) {
    return false; /* asked again: never wait here */
  }
  /* TODO switch the transmitter's interrupt on; if it only comes when a byte has gone, write the first one here, with
   * interrupts off meanwhile */
  return true;
}

bool board_flash(uint32_t offset, const uint8_t *bytes, uint32_t count) {
  /* TODO the vendor's driver: with bytes NULL erase the sector at `offset` from the first slot, otherwise program `count`
   * bytes there, each unit of 16 once after an erasure. True only if the flash says that it is done. Afterwards throw away
   * what a data cache holds of the place. TODO where flash with error correction answers a torn word by NMI or BusFault: a handler
   * that clears the flag and returns if the address lies in the slots. */
  (void)offset;
  (void)bytes;
  (void)count;
  return false;
}

uint32_t board_samples(int16_t *to, uint32_t room, float *shaft_rpm, uint32_t *lost) {
  const uint32_t all = shared_read(&samples_lost); /* before samples_in: where there are new ones, no sample comes after them */
  const uint32_t waiting = shared_read(&samples_in) - samples_out;
  const uint32_t count = (waiting < room) ? waiting : room;
  for (uint32_t i = 0; i < count; i++) {
    to[i] = samples[(samples_out + i) % SAMPLES_BUFFERED];
  }
  *shaft_rpm = shaft_speed(); /* NAN where there is no tachometer: such a device sends raw windows and infers nothing */
  *lost = 0;
  if (waiting == 0U) { /* what was lost came behind all that was held, and is told when that has been given away */
    *lost = all - lost_told;
    shared_write(&lost_told, all);
  }
  shared_write(&samples_out, samples_out + count);
  return count;
}

int main(void);

int main(void) {
  firmware_start();
  for (;;) {
    firmware_step();
  }
}
