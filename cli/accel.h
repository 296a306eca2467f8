/* SPDX-License-Identifier: MIT */
/* Decides between hardware virtualisation (KVM) and emulation (TCG). */
#pragma once

#include "options.h"

/* What @options' --accel auto means on this machine: ACCEL_KVM only if a guest with this kernel
 * gave a sign of life under it, which is tried once and remembered. Says on standard error when
 * emulation is used, and why, unless
 * --quiet. With --accel kvm or tcg, that. Ends the command if KVM is asked for and there is none.
 */
enum accel accel_choose(const struct options *options);
