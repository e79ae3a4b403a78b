/*
 * Arm's MPS2 boards as QEMU has them: an385 (Cortex-M3), an386 (M4), an500 (M7). The line is UART 0; the flash and the
 * accelerometer's recording are the file behind the PSRAM (image.h), to which this file applies the rules of NOR. Start-up
 * code included. Ends the emulator by semihosting where the image asks for a power cut.
 */
#include "board.h"
#include "firmware.h"
#include "image.h"
#include "ring.h"

#ifndef IMAGE_BASE
#define IMAGE_BASE 0x21000000U
#endif

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define UART_DATA REGISTER(0x40004000U)
#define UART_STATE REGISTER(0x40004004U) /* bit 0: transmitter full, bit 1: receiver full */
#define UART_CONTROL REGISTER(0x40004008U)
#define UART_INTERRUPT REGISTER(0x4000400CU)
#define UART_DIVIDER REGISTER(0x40004010U)
#define UART_TX 1U
#define UART_RX 2U
#define SYSTICK_CONTROL REGISTER(0xE000E010U)
#define SYSTICK_RELOAD REGISTER(0xE000E014U)
#define NVIC_ENABLE REGISTER(0xE000E100U)
#define COPROCESSORS REGISTER(0xE000ED88U)
#define CLOCK_HZ 25000000U
#define BAUD 115200U

#define SAMPLES_BUFFERED 2048U /* what a DMA buffer would hold */

static volatile uint32_t milliseconds;
static byte_ring sent;
static byte_ring received;
static uint32_t sample_rate_hz;
static uint64_t samples_taken;
static uint32_t samples_due;       /* and not taken */
static uint32_t due_thousandths;   /* of a sample more */
static uint32_t paced_at_ms;

static uint8_t *image_at(uint32_t offset) { return (uint8_t *)(IMAGE_BASE + offset); }
static image_workbench *workbench(void) { return (image_workbench *)(IMAGE_BASE + IMAGE_WORKBENCH); }

void systick_handler(void);
void uart_rx_handler(void);
void uart_tx_handler(void);
void reset_handler(void);

void systick_handler(void) { milliseconds++; }

void uart_rx_handler(void) {
  /* Cleared before draining: a byte that comes in between asks again. The other way round it would be lost for ever. */
  UART_INTERRUPT = UART_RX;
  while ((UART_STATE & UART_RX) != 0U) {
    (void)ring_put(&received, (uint8_t)UART_DATA); /* a full ring loses the byte: the frame is bad and counted */
  }
}

void uart_tx_handler(void) {
  uint8_t byte;
  UART_INTERRUPT = UART_TX;
  while (((UART_STATE & UART_TX) == 0U) && ring_get(&sent, &byte)) {
    UART_DATA = byte;
  }
}

void board_start(board_info *info) {
  const uint8_t *identity = image_at(IMAGE_IDENTITY);
  image_workbench *bench = workbench();
  bench->boots++;
  bench->operations = 0;
  sample_rate_hz = (uint32_t)bench->sample_rate_hz;
  info->device_id = (const char *)(identity + 40);
  info->key = ((identity[4] & 1U) != 0U) ? (identity + 8) : NULL;
  info->session_id = (bench->boots * 2654435761U) ^ 0x5A17C0DEU;
  info->channel = "vibration";
  info->unit = "g";
  info->scale = bench->scale;
  info->sample_rate_hz = bench->sample_rate_hz;
  info->slots = image_at(IMAGE_SLOTS);
  info->slot_bytes = IMAGE_SLOT_BYTES;
  info->sector_bytes = IMAGE_SECTOR_BYTES;
  milliseconds = workbench()->clock_ms;
  paced_at_ms = milliseconds;
  UART_DIVIDER = CLOCK_HZ / BAUD;
  UART_CONTROL = 0xFU; /* transmitter, receiver, and their interrupts */
  NVIC_ENABLE = 3U;
  SYSTICK_RELOAD = (CLOCK_HZ / 1000U) - 1U;
  SYSTICK_CONTROL = 7U;
}

uint32_t board_milliseconds(void) { return milliseconds; }

uint32_t board_receive(uint8_t *to, uint32_t room) {
  uint32_t count = 0;
  while ((count < room) && ring_get(&received, &to[count])) {
    count++;
  }
  if ((count == 0U) && (workbench()->unpaced == 0U)) {
    __asm volatile("wfi");
  }
  return count;
}

bool board_send(const uint8_t *bytes, uint32_t count) {
  if (RING_BYTES - ring_count(&sent) < count) {
    return false;
  }
  for (uint32_t i = 0; i < count; i++) {
    (void)ring_put(&sent, bytes[i]);
  }
  /* If the transmitter rests, nothing will interrupt: begin by hand, undisturbed. */
  __asm volatile("cpsid i" ::: "memory");
  uart_tx_handler();
  __asm volatile("cpsie i" ::: "memory");
  return true;
}

/* The end of the emulator, status 3. */
static void cut_power(void) {
  static const uint32_t block[2] = {0x20026U, 3U};
  register uint32_t operation __asm("r0") = 0x20U; /* SYS_EXIT_EXTENDED */
  register const uint32_t *argument __asm("r1") = block;
  __asm volatile("bkpt 0xAB" : "+r"(operation) : "r"(argument) : "memory");
}

bool board_flash(uint32_t offset, const uint8_t *bytes, uint32_t count) {
  image_workbench *bench = workbench();
  uint8_t *at = image_at(IMAGE_SLOTS + offset);
  const uint32_t length = (bytes == NULL) ? IMAGE_SECTOR_BYTES : count;
  bench->operations++;
  const bool cut = bench->operations == bench->cut_at;
  const uint32_t happens = (cut && (bench->cut_bytes < length)) ? bench->cut_bytes : length;
  for (uint32_t i = 0; i < happens; i++) {
    at[i] = (bytes == NULL) ? 0xFFU : (uint8_t)(at[i] & bytes[i]);
  }
  if (cut) {
    cut_power();
  }
  return true;
}

uint32_t board_samples(int16_t *to, uint32_t room, float *shaft_rpm, uint32_t *lost) {
  const image_workbench *bench = workbench();
  *shaft_rpm = bench->shaft_rpm;
  *lost = 0;
  if (bench->sample_count == 0U) {
    return 0;
  }
  uint32_t waiting = room;
  if (bench->unpaced == 0U) {
    /* By what has passed since the last time: the clock wraps around. */
    const uint32_t now_ms = milliseconds;
    const uint64_t thousandths = ((uint64_t)(now_ms - paced_at_ms) * sample_rate_hz) + due_thousandths;
    paced_at_ms = now_ms;
    samples_due += (uint32_t)(thousandths / 1000U);
    due_thousandths = (uint32_t)(thousandths % 1000U);
    waiting = samples_due;
  }
  if (waiting > SAMPLES_BUFFERED) {
    *lost = waiting - SAMPLES_BUFFERED;
    samples_taken += *lost;
    waiting = SAMPLES_BUFFERED;
  }
  const uint32_t count = (waiting < room) ? waiting : room;
  uint32_t index = (uint32_t)(samples_taken % bench->sample_count);
  for (uint32_t i = 0; i < count; i++) {
    to[i] = (int16_t)load_u16(image_at(IMAGE_SAMPLES + 2U * index));
    index = (index + 1U == bench->sample_count) ? 0U : (index + 1U);
  }
  samples_taken += count;
  samples_due = waiting - count;
  return count;
}

extern uint32_t data_load[];
extern uint32_t data_start[];
extern uint32_t data_end[];
extern uint32_t bss_start[];
extern uint32_t bss_end[];
extern uint32_t stack_top[];

static void halt(void) {
  for (;;) {
    __asm volatile("bkpt 0"); /* a fault: a debugger stops here, without one the core locks up and is reset */
  }
}

void reset_handler(void) {
#if defined(__ARM_FP)
  COPROCESSORS |= 0xFU << 20;
#endif
  (void)memcpy(data_start, data_load, (size_t)((const uint8_t *)data_end - (const uint8_t *)data_start));
  (void)memset(bss_start, 0, (size_t)((const uint8_t *)bss_end - (const uint8_t *)bss_start));
  firmware_start();
  for (;;) {
    firmware_step();
  }
}

typedef struct {
  const uint32_t *stack;
  void (*handlers[17])(void);
} vector_table;

__attribute__((section(".vectors"), used)) static const vector_table vectors = {
    stack_top,
    {reset_handler, halt, halt, halt, halt, halt, NULL, NULL, NULL, NULL, halt, halt, NULL, halt, systick_handler,
     uart_rx_handler, uart_tx_handler},
};
