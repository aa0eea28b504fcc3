// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's numbers of processes, and those of /proc. It must never guess: a stranger may have the same number. */
#include "numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pidns.h"

static int by_kernel(const void *a, const void *b)
{
	const struct number_row *left = a, *right = b;

	return (left->kernel > right->kernel) - (left->kernel < right->kernel);
}

static int by_proc(const void *a, const void *b)
{
	const struct number_row *left = a, *right = b;

	return (left->proc > right->proc) - (left->proc < right->proc);
}

int numbers__read(struct numbers *numbers, struct tracer *tracer)
{
	int n = tracer__numbers(tracer, &numbers->by_kernel, &numbers->capacity);
	struct number_row *copy;

	numbers->count = 0;
	if (n < 0)
		return n;
	copy = realloc(numbers->by_proc, ((size_t)n + 1) * sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	numbers->by_proc = copy;
	if (n)
		memcpy(copy, numbers->by_kernel, (size_t)n * sizeof(*copy));
	numbers->count = (size_t)n;
	qsort(numbers->by_kernel, numbers->count, sizeof(*copy), by_kernel);
	qsort(numbers->by_proc, numbers->count, sizeof(*copy), by_proc);
	return 0;
}

void numbers__free(struct numbers *numbers)
{
	free(numbers->by_kernel);
	free(numbers->by_proc);
	memset(numbers, 0, sizeof(*numbers));
}

uint32_t numbers__in_proc(const struct numbers *numbers, uint32_t kernel)
{
	const struct number_row wanted = { .kernel = kernel }, *found;

	if (!numbers->count)
		return 0;
	found = bsearch(&wanted, numbers->by_kernel, numbers->count, sizeof(wanted), by_kernel);
	return found ? found->proc : 0;
}

uint32_t numbers__in_kernel(const struct numbers *numbers, uint32_t proc)
{
	const struct number_row wanted = { .proc = proc }, *found;

	if (!numbers->count)
		return 0;
	found = bsearch(&wanted, numbers->by_proc, numbers->count, sizeof(wanted), by_proc);
	return found ? found->kernel : 0;
}

int numbers__translate(uint32_t proc, uint32_t *kernel)
{
	struct numbers numbers = {};
	struct tracer *tracer;
	int err = tracer__open_numbers(&tracer, pidns__proc_above());

	if (!err)
		err = numbers__read(&numbers, tracer);
	*kernel = numbers__in_kernel(&numbers, proc);
	numbers__free(&numbers);
	tracer__close(tracer);
	return err;
}
