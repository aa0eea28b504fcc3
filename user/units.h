/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Figures as people read them. Pure, and the same in every locale. Each function writes into buf,
 * which has room for UNITS_MAX bytes, and returns buf.
 */
#ifndef PAGETIDE_UNITS_H
#define PAGETIDE_UNITS_H

#include <stdint.h>

#define UNITS_MAX 40

/* "0 B", "1023 B", "1.41 GiB", "14.1 GiB", "141 GiB", "1000 GiB": at most 8 characters; ABSENT: "-" */
char *units__bytes(char *buf, uint64_t bytes);

/* the same with its sign: "+64.0 MiB", "-4.00 KiB", "0 B" */
char *units__change(char *buf, int64_t bytes);

/* "+3.10 MiB/s", "0 B/s"; NaN: "-" */
char *units__rate(char *buf, double bytes_per_second);

/* "520 ms", "12.3 s", "3 min 20 s", "2 h 05 min", "3 d 04 h"; negative or NaN: "-" */
char *units__duration(char *buf, double seconds);

/* part of 1: "0 %", "0.4 %", "12 %", "100 %" only when it is all; NaN: "-" */
char *units__percent(char *buf, double ratio);

/* value with that many decimals (at most 6), "." before them; NaN: "-" */
char *units__decimal(char *buf, double value, int decimals);

/* RFC 3339 in UTC from nanoseconds since the epoch: "2024-11-22T15:07:21.123Z" */
char *units__time(char *buf, uint64_t time_ns);

/* the same to 10 ms, as exact as a process's start is known */
char *units__start_time(char *buf, uint64_t time_ns);

/* the local time of day: "15:07:21.123" */
char *units__clock(char *buf, uint64_t time_ns);

/* local date, time and offset from UTC: "2024-11-22 15:07:21 +0100" */
char *units__local_time(char *buf, uint64_t time_ns);

#endif
