/* SPDX-License-Identifier: MIT */
/* Input of the machine's console. */
#pragma once

/* One byte has arrived. Interrupts off. */
void serial_input(char c);
