/* What a byte stream does to frames. */
#include "hostile_line.h"

const bool line_keeps_whole = false;
const uint32_t line_bytes_a_ms = 12U; /* 115,200 baud */

const line_profile line_profiles[] = {
    {.name = "clean"},
    {.name = "bit flips 1e-5", .flip = 1e-5},
    {.name = "bit flips 1e-4", .flip = 1e-4},
    {.name = "bit flips 1e-3", .flip = 1e-3},
    {.name = "dropped bytes", .drop = 2e-3},
    {.name = "duplicated bytes", .duplicate = 2e-3},
    {.name = "inserted bytes", .insert = 2e-3},
    {.name = "half frames", .cut = 0.2},
    {.name = "repeated frames", .repeat = 0.3},
    {.name = "wrong-baud noise", .noise = 0.02},
    {.name = "resets", .reset = 5e-4},
    {.name = "stuck reader", .stuck = 5e-4},
    {.name = "flood", .noise = 0.05, .flood = true},
    {.name = "everything", .flip = 1e-4, .drop = 5e-4, .duplicate = 5e-4, .insert = 5e-4, .cut = 0.02, .repeat = 0.02,
     .noise = 0.002, .reset = 2e-4, .stuck = 2e-4},
};
const uint32_t line_profile_count = sizeof line_profiles / sizeof line_profiles[0];
