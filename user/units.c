// SPDX-License-Identifier: GPL-2.0-only
/*
 * Figures for people. It must never say a rounded figure is more than it is sure of: "100 %" is
 * said only when it is all, and no locale changes what is written.
 */
#include "units.h"

#include "snapshot.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_SECOND 1000000000ull
#define NS_PER_MS 1000000ull

static char *write_bytes(char *buf, const char *sign, uint64_t bytes, const char *suffix)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double size = (double)bytes;
	size_t unit = 0;

	for (; bytes >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0]) && size >= 1023.5; unit++)
		size /= 1024; /* 1023.5 would be 1024 when rounded */
	units__decimal(buf, size, unit == 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
	memmove(buf + strlen(sign), buf, strlen(buf) + 1);
	memcpy(buf, sign, strlen(sign));
	snprintf(buf + strlen(buf), UNITS_MAX - strlen(buf), " %s%s", units[unit], suffix);
	return buf;
}

static char *write_absent(char *buf)
{
	return strcpy(buf, "-");
}

char *units__bytes(char *buf, uint64_t bytes)
{
	return is_known(bytes) ? write_bytes(buf, "", bytes, "") : write_absent(buf);
}

char *units__change(char *buf, int64_t bytes)
{
	uint64_t size = bytes < 0 ? 0 - (uint64_t)bytes : (uint64_t)bytes;

	return write_bytes(buf, bytes < 0 ? "-" : bytes > 0 ? "+" : "", size, "");
}

char *units__rate(char *buf, double bytes_per_second)
{
	double size = fabs(bytes_per_second);

	if (isnan(bytes_per_second))
		return write_absent(buf);
	if (size < 0.5)
		return write_bytes(buf, "", 0, "/s");
	if (size > 1e18) /* no machine; and a double above 2^64 has no integer */
		size = 1e18;
	return write_bytes(buf, bytes_per_second < 0 ? "-" : "+", (uint64_t)llround(size), "/s");
}

char *units__decimal(char *buf, double value, int decimals)
{
	int64_t scale = 1, scaled, size;
	size_t len;

	if (isnan(value))
		return write_absent(buf);
	for (int i = 0; i < decimals; i++)
		scale *= 10;
	if (fabs(value) > 9e18 / (double)scale)
		value = copysign(9e18 / (double)scale, value);
	scaled = llround(value * (double)scale);
	size = scaled < 0 ? -scaled : scaled;
	snprintf(buf, UNITS_MAX, "%s%" PRId64, scaled < 0 ? "-" : "", size / scale);
	if (scale > 1) { /* the leading 1 keeps the zeros; the point takes its place */
		len = strlen(buf);
		snprintf(buf + len, UNITS_MAX - len, "%" PRId64, scale + size % scale);
		buf[len] = '.';
	}
	return buf;
}

char *units__duration(char *buf, double seconds)
{
	uint64_t whole;

	if (isnan(seconds) || seconds < 0)
		return write_absent(buf);
	if (seconds < 0.9995) {
		snprintf(buf, UNITS_MAX, "%ld ms", lround(seconds * 1000));
		return buf;
	}
	if (seconds < 59.95) {
		units__decimal(buf, seconds, seconds < 9.995 ? 2 : 1);
		return strcat(buf, " s");
	}
	whole = seconds < 1e15 ? (uint64_t)llround(seconds) : 1000000000000000ull;
	if (whole < 3600)
		snprintf(buf, UNITS_MAX, "%" PRIu64 " min %02" PRIu64 " s", whole / 60, whole % 60);
	else if (whole < 86400)
		snprintf(buf, UNITS_MAX, "%" PRIu64 " h %02" PRIu64 " min", whole / 3600, whole % 3600 / 60);
	else
		snprintf(buf, UNITS_MAX, "%" PRIu64 " d %02" PRIu64 " h", whole / 86400, whole % 86400 / 3600);
	return buf;
}

char *units__percent(char *buf, double ratio)
{
	double percent = ratio * 100;

	if (isnan(ratio))
		return write_absent(buf);
	if (percent > 99 && percent < 100)
		percent = 99;
	if (fabs(percent) < 0.05 || fabs(percent) >= 9.95)
		units__decimal(buf, percent, 0);
	else
		units__decimal(buf, percent, 1);
	return strcat(buf, " %");
}

static unsigned int milliseconds(uint64_t time_ns)
{
	return (unsigned int)(time_ns % NS_PER_SECOND / NS_PER_MS);
}

char *units__time(char *buf, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / NS_PER_SECOND);
	struct tm utc;
	size_t len;

	gmtime_r(&seconds, &utc);
	len = strftime(buf, UNITS_MAX, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(buf + len, UNITS_MAX - len, ".%03uZ", milliseconds(time_ns));
	return buf;
}

char *units__start_time(char *buf, uint64_t time_ns)
{
	units__time(buf, time_ns);
	strcpy(buf + strlen(buf) - 2, "Z"); /* the last digit goes */
	return buf;
}

char *units__clock(char *buf, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / NS_PER_SECOND);
	struct tm local;
	size_t len;

	localtime_r(&seconds, &local);
	len = strftime(buf, UNITS_MAX, "%H:%M:%S", &local);
	snprintf(buf + len, UNITS_MAX - len, ".%03u", milliseconds(time_ns));
	return buf;
}

char *units__local_time(char *buf, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / NS_PER_SECOND);
	struct tm local;

	localtime_r(&seconds, &local);
	if (strftime(buf, UNITS_MAX, "%Y-%m-%d %H:%M:%S %z", &local) == 0)
		buf[0] = '\0';
	return buf;
}
