/* The check program on a bare Cortex-M or RISC-V core: semihosting (as QEMU and debug probes offer it), start-up code. */
#include <stddef.h>

#include "host_io.h"

#define SYS_OPEN 0x01u
#define SYS_WRITE 0x05u
#define SYS_READ 0x06u
#define SYS_EXIT_EXTENDED 0x20u
#define OPEN_READ_BINARY 1u
#define OPEN_WRITE_BINARY 5u
#define APPLICATION_EXIT 0x20026u

#define STACK_PATTERN 0xa5c3a5c3u
#define OWN_STACK_BYTES 64u

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xe000e010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xe000e014u)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xe000e018u)
#define COPROCESSOR_ACCESS (*(volatile uint32_t *)0xe000ed88u)

extern uint32_t image_stack_top;
extern uint32_t image_data_from;
extern uint32_t image_data_start;
extern uint32_t image_data_end;
extern uint32_t image_zero_end;

int main(void);
_Noreturn void reset_handler(void);
void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memset(void *to, int value, size_t length);

static uint32_t input;
static uint32_t output;

#if defined(__riscv)
static uint32_t semihost(uint32_t operation, const void *arguments) {
  register uint32_t a0 __asm__("a0") = operation;
  register const void *a1 __asm__("a1") = arguments;
  /* The three instructions that an emulator or a probe knows the call by, none of them compressed, on one page. */
  __asm__ volatile(".balign 16\n\t.option push\n\t.option norvc\n\tslli x0, x0, 0x1f\n\tebreak\n\tsrai x0, x0, 7\n\t.option pop"
                   : "+r"(a0)
                   : "r"(a1)
                   : "memory");
  return a0;
}
#else
static uint32_t semihost(uint32_t operation, const void *arguments) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt #0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
#endif

static uint32_t open_file(const char *name, uint32_t length, uint32_t mode) {
  const uint32_t arguments[3] = {(uint32_t)name, mode, length};
  return semihost(SYS_OPEN, arguments);
}

void host_open(void) {
  input = open_file("in.bin", 6u, OPEN_READ_BINARY);
  output = open_file("out.bin", 7u, OPEN_WRITE_BINARY);
  if ((input == UINT32_MAX) || (output == UINT32_MAX)) {
    host_exit(2u);
  }
#if !defined(__riscv)
  SYSTICK_RELOAD = 0xffffffu;
  SYSTICK_VALUE = 0u;
  SYSTICK_CONTROL = 5u; /* processor clock, no interrupt */
#endif
}

void host_read(void *bytes, uint32_t length) {
  const uint32_t arguments[3] = {input, (uint32_t)bytes, length};
  if (semihost(SYS_READ, arguments) != 0u) {
    host_exit(3u);
  }
}

void host_write(const void *bytes, uint32_t length) {
  const uint32_t arguments[3] = {output, (uint32_t)bytes, length};
  if (semihost(SYS_WRITE, arguments) != 0u) {
    host_exit(4u);
  }
}

#if defined(__riscv)
uint32_t host_ticks(void) { return 0u; }
#else
uint32_t host_ticks(void) { return 0xffffffu - (SYSTICK_VALUE & 0xffffffu); }
#endif

uint32_t host_stack_bytes(void) {
  const uint32_t *lowest = &image_zero_end;
  while (*lowest == STACK_PATTERN) {
    lowest++;
  }
  return (uint32_t)((uintptr_t)&image_stack_top - (uintptr_t)lowest);
}

_Noreturn void host_exit(uint32_t status) {
  const uint32_t arguments[2] = {APPLICATION_EXIT, status};
  (void)semihost(SYS_EXIT_EXTENDED, arguments);
  for (;;) {
  }
}

_Noreturn void reset_handler(void) {
#if defined(__ARM_FP)
  /* Full access to the floating point unit. */
  COPROCESSOR_ACCESS |= 0xf00000u;
  __asm__ volatile("dsb\n\tisb");
#endif
  (void)memcpy(&image_data_start, &image_data_from, (size_t)((uintptr_t)&image_data_end - (uintptr_t)&image_data_start));
  (void)memset(&image_data_end, 0, (size_t)((uintptr_t)&image_zero_end - (uintptr_t)&image_data_end));
  /* What keeps the pattern has never been stack; some room is left for this function itself. */
  for (uint32_t *word = &image_zero_end; (uintptr_t)word < ((uintptr_t)&image_stack_top - OWN_STACK_BYTES); word++) {
    *word = STACK_PATTERN;
  }
  host_exit((uint32_t)main());
}

#if defined(__riscv)
/* The first instructions: a stack, the floating point unit, faults. */
void trap_handler(void);
__attribute__((aligned(4))) void trap_handler(void) { host_exit(100u); }

__asm__(".section .start, \"ax\"\n"
        ".global start\n"
        "start:\n"
        "  la sp, image_stack_top\n"
        "  la t0, trap_handler\n"
        "  csrw mtvec, t0\n"
        "  li t0, 0x2000\n" /* mstatus.FS */
        "  csrs mstatus, t0\n"
        "  j reset_handler\n"
        ".text\n");
#else
static _Noreturn void fault_handler(void) { host_exit(100u); }

typedef void (*handler)(void);

__attribute__((section(".vectors"), used)) static const struct {
  const uint32_t *stack;
  handler handlers[15];
} vectors = {&image_stack_top,
             {reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
              fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler,
              fault_handler}};
#endif
