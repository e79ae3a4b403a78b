/*
 * Arm's MPS2 boards as QEMU has them: an385 (Cortex-M3), an386 (M4), an500 (M7). The line is UART 0; the flash and the
 * accelerometer's recording are the file behind the PSRAM (image.h), to which this file applies the rules of NOR. Start-up
 * code included. Ends the emulator by semihosting where the image asks for a power cut.
 */
#include "board.h"
#include "firmware.h"
#include "playback.h"
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
#define BAUD 115200U /* a gateway opens 921,600 unless `baud` of the device says this; QEMU heeds neither */


static volatile uint32_t milliseconds;
static byte_ring sent;
static byte_ring received;

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
  playback_start(info, image_at(IMAGE_IDENTITY), workbench());
  info->slots = image_at(IMAGE_SLOTS);
  info->slot_bytes = IMAGE_SLOT_BYTES;
  info->sector_bytes = IMAGE_SECTOR_BYTES;
  milliseconds = workbench()->clock_ms;
  UART_DIVIDER = CLOCK_HZ / BAUD;
  UART_CONTROL = 0xFU; /* transmitter, receiver, and their interrupts */
  NVIC_ENABLE = 3U;
  SYSTICK_RELOAD = (CLOCK_HZ / 1000U) - 1U;
  SYSTICK_CONTROL = 7U;
}

uint32_t board_milliseconds(void) { return milliseconds; }

uint32_t board_receive(uint8_t *to, uint32_t room) {
  const uint32_t count = ring_get_all(&received, to, room);
  if ((count == 0U) && (workbench()->unpaced == 0U)) {
    __asm volatile("wfi");
  }
  return count;
}

bool board_send(const uint8_t *bytes, uint32_t count) {
  if (!ring_put_all(&sent, bytes, count)) {
    return false;
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
  if (playback_flash(workbench(), image_at(IMAGE_SLOTS + offset), bytes, count)) {
    cut_power();
  }
  return true;
}

uint32_t board_samples(int16_t *to, uint32_t room, float *shaft_rpm, uint32_t *lost) {
  *shaft_rpm = workbench()->shaft_rpm;
  return playback_samples(workbench(), to, room, lost);
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
