/*
 * QEMU's RISC-V board `virt` (rv32imac, rv32imafc): the line is its UART (a 16550), the clock the CLINT, the flash the second
 * bank of its NOR chips behind a driver for the Intel command set. Code and data lie in RAM above the first 16 MB, which are
 * the workbench (image.h): the accelerometer's recording, and when the power goes. Start-up code included.
 */
#include "board.h"
#include "cfi_flash.h"
#include "firmware.h"
#include "playback.h"
#include "ring.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define BYTE_REGISTER(address) (*(volatile uint8_t *)(address))

#define UART_DATA BYTE_REGISTER(0x10000000U)
#define UART_INTERRUPTS BYTE_REGISTER(0x10000001U) /* bit 0: received, bit 1: transmitter empty */
#define UART_FIFO BYTE_REGISTER(0x10000002U)
#define UART_FORMAT BYTE_REGISTER(0x10000003U)
#define UART_STATE BYTE_REGISTER(0x10000005U) /* bit 0: received, bit 5: transmitter empty */
#define UART_RECEIVED 1U
#define UART_SENDS 2U
#define UART_EMPTY 0x20U
#define UART_SOURCE 10U
#define PLIC_PRIORITY(source) REGISTER(0x0C000000U + (4U * (source)))
#define PLIC_ENABLE REGISTER(0x0C002000U)
#define PLIC_THRESHOLD REGISTER(0x0C200000U)
#define PLIC_CLAIM REGISTER(0x0C200004U)
#define CLINT_TIME_LOW REGISTER(0x0200BFF8U)
#define CLINT_TIME_HIGH REGISTER(0x0200BFFCU)
#define CLINT_COMPARE_LOW REGISTER(0x02004000U)
#define CLINT_COMPARE_HIGH REGISTER(0x02004004U)
#define TICKS_A_MILLISECOND 10000U
#define POWER REGISTER(0x00100000U) /* the emulator's: status << 16 | 0x3333 ends it with that status */
#define POWER_CUT ((3U << 16) | 0x3333U)

#define FLASH_BASE 0x22000000U /* the second bank */
#define FLASH_SECTOR_BYTES 0x40000U
#define FLASH_SLOTS FLASH_SECTOR_BYTES /* the first sector is the identity's */
#define WORKBENCH_BASE 0x80000000U

#define MACHINE_INTERRUPTS 8U
#define TIMER_INTERRUPT 0x80U
#define LINE_INTERRUPT 0x800U
#define CAUSE_TIMER 0x80000007U
#define CAUSE_LINE 0x8000000BU

static byte_ring sent;
static byte_ring received;
static uint32_t clock_start_ms;

void run(void);
void interrupt_handler(void);

static image_workbench *workbench(void) { return (image_workbench *)(WORKBENCH_BASE + IMAGE_WORKBENCH); }

static uint64_t read_ticks(void) {
  uint32_t high;
  uint32_t low;
  do {
    high = CLINT_TIME_HIGH;
    low = CLINT_TIME_LOW;
  } while (high != CLINT_TIME_HIGH);
  return ((uint64_t)high << 32) | low;
}

/* The next interrupt of the clock; never at all ones. */
static void wake_at(uint64_t ticks) {
  CLINT_COMPARE_HIGH = 0xFFFFFFFFU;
  CLINT_COMPARE_LOW = (uint32_t)ticks;
  CLINT_COMPARE_HIGH = (uint32_t)(ticks >> 32);
}

/* With interrupts off, or from the interrupt. */
static void feed_transmitter(void) {
  uint8_t byte;
  while (((UART_STATE & UART_EMPTY) != 0U) && ring_get(&sent, &byte)) {
    UART_DATA = byte;
  }
  UART_INTERRUPTS = (ring_count(&sent) > 0U) ? (UART_RECEIVED | UART_SENDS) : UART_RECEIVED;
}

__attribute__((interrupt("machine"), aligned(4))) void interrupt_handler(void) {
  uint32_t cause;
  __asm volatile("csrr %0, mcause" : "=r"(cause));
  if (cause == CAUSE_TIMER) {
    wake_at(UINT64_MAX);
  } else if (cause == CAUSE_LINE) {
    const uint32_t source = PLIC_CLAIM;
    while ((UART_STATE & UART_RECEIVED) != 0U) {
      (void)ring_put(&received, UART_DATA); /* a full ring loses the byte: the frame is bad and counted */
    }
    feed_transmitter();
    PLIC_CLAIM = source;
  } else {
    for (;;) { /* a fault: a debugger finds it here */
    }
  }
}

void board_start(board_info *info) {
  const uint8_t *identity = (const uint8_t *)FLASH_BASE;
  image_workbench *bench = workbench();
  playback_start(info, identity, bench);
  clock_start_ms = bench->clock_ms - (uint32_t)(read_ticks() / TICKS_A_MILLISECOND);
  info->slots = identity + FLASH_SLOTS;
  info->slot_bytes = FLASH_SECTOR_BYTES;
  info->sector_bytes = FLASH_SECTOR_BYTES;
  wake_at(UINT64_MAX);
  UART_FORMAT = 3U; /* 8 bits, no parity; the emulated line has no rate */
  UART_FIFO = 7U;
  UART_INTERRUPTS = UART_RECEIVED;
  PLIC_PRIORITY(UART_SOURCE) = 1U;
  PLIC_THRESHOLD = 0;
  PLIC_ENABLE = 1U << UART_SOURCE;
  __asm volatile("csrw mtvec, %0" ::"r"(interrupt_handler));
  __asm volatile("csrs mie, %0" ::"r"(TIMER_INTERRUPT | LINE_INTERRUPT));
  __asm volatile("csrs mstatus, %0" ::"r"(MACHINE_INTERRUPTS) : "memory");
}

uint32_t board_milliseconds(void) { return clock_start_ms + (uint32_t)(read_ticks() / TICKS_A_MILLISECOND); }

uint32_t board_receive(uint8_t *to, uint32_t room) {
  const uint32_t count = ring_get_all(&received, to, room);
  if ((count == 0U) && (workbench()->unpaced == 0U)) {
    wake_at(read_ticks() + TICKS_A_MILLISECOND);
    __asm volatile("wfi");
  }
  return count;
}

bool board_send(const uint8_t *bytes, uint32_t count) {
  if (!ring_put_all(&sent, bytes, count)) {
    return false;
  }
  /* If the transmitter rests, nothing will interrupt: begin by hand, undisturbed. */
  __asm volatile("csrc mstatus, %0" ::"r"(MACHINE_INTERRUPTS) : "memory");
  feed_transmitter();
  __asm volatile("csrs mstatus, %0" ::"r"(MACHINE_INTERRUPTS) : "memory");
  return true;
}

/* What flash of which the power goes may look like: of a program a part, of an erasure cells that say anything. */
static void cut_power(uint32_t place, const uint8_t *bytes, uint32_t length) {
  static const uint8_t anything[16] = {0xA5U, 0x5AU, 0U, 0xFFU, 1U, 0x80U, 0x33U, 0xCCU};
  for (uint32_t at = 0; at < length; at += (uint32_t)sizeof anything) {
    (void)cfi_program(FLASH_BASE + place + at, (bytes == NULL) ? anything : (bytes + at), (uint32_t)sizeof anything);
  }
  POWER = POWER_CUT;
  for (;;) {
  }
}

bool board_flash(uint32_t offset, const uint8_t *bytes, uint32_t count) {
  image_workbench *bench = workbench();
  const uint32_t place = FLASH_SLOTS + offset;
  bench->operations++;
  const bool cut = bench->operations == bench->cut_at;
  if (cut && ((bytes == NULL) || (bench->cut_bytes < count))) {
    cut_power(place, bytes, bench->cut_bytes & ~15U);
  }
  const bool done = (bytes == NULL) ? cfi_erase(FLASH_BASE + place) : cfi_program(FLASH_BASE + place, bytes, count);
  if (cut) {
    cut_power(place, NULL, 0);
  }
  return done;
}

uint32_t board_samples(int16_t *to, uint32_t room, float *shaft_rpm, uint32_t *lost) {
  *shaft_rpm = workbench()->shaft_rpm;
  return playback_samples(workbench(), to, room, lost);
}

extern uint8_t bss_start[];
extern uint8_t bss_end[];

/* Behind the first instructions, with a stack. */
void run(void) {
  (void)memset(bss_start, 0, (size_t)(bss_end - bss_start));
  firmware_start();
  for (;;) {
    firmware_step();
  }
}

/* The first instructions: the floating point unit is off after a reset, and its first use would be a fault. */
__asm(".section .start, \"ax\"\n"
      ".global start\n"
      "start:\n"
      "  la sp, stack_top\n"
      "  li t0, 0x2000\n" /* mstatus.FS */
      "  csrs mstatus, t0\n"
#if defined(__riscv_flen)
      "  csrwi fcsr, 0\n" /* round to the nearest, half to even */
#endif
      "  j run\n"
      ".text\n");
