// SPDX-License-Identifier: GPL-2.0-only
// needs: top_keys top_layout
/* What each key of `top` does, and that no order of keys does harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curses.h>
#include <locale.h>
#include <string.h>

#include "top_layout.h"
#include "top_state.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum top_wish press(struct top_state *state, wint_t code)
{
	return top_state__press(state, (struct top_key){ .code = code });
}

static enum top_wish press_function(struct top_state *state, wint_t code)
{
	return top_state__press(state, (struct top_key){ .function = true, .code = code });
}

static void press_text(struct top_state *state, const wchar_t *text)
{
	for (; *text; text++)
		press(state, (wint_t)*text);
}

/* As after a drawing with 100 rows, 10 of them on the screen, and 4 columns. */
static struct top_state drawn(void)
{
	const struct options options = { .interval_seconds = 1 };
	struct top_state s;

	top_state__init(&s, &options);
	for (size_t i = 0; i < TOP_VIEWS; i++) {
		s.views[i].columns = 4;
		s.views[i].list.count = 100;
		s.views[i].list.page = 10;
		s.views[i].list.selected = (struct row_id){ 1, 2, 3 };
	}
	return s;
}

static void test_keys_choose_the_view(void **state)
{
	struct top_state s = drawn();

	(void)state;
	assert_int_equal(s.view, VIEW_PROCESS);
	for (wint_t digit = '1'; digit <= '6'; digit++) {
		assert_int_equal(press(&s, digit), TOP_REDRAW);
		assert_int_equal(s.view, top_views[digit - '1']);
	}
	press(&s, '\t');
	assert_int_equal(s.view, VIEW_PROCESS);
	press_function(&s, KEY_BTAB);
	assert_int_equal(s.view, VIEW_SYSTEM);
	assert_int_equal(press(&s, '7'), TOP_NOTHING);
}

static void test_keys_move_the_cursor(void **state)
{
	struct top_state s = drawn();
	const struct top_list *list = &s.views[VIEW_PROCESS].list;

	(void)state;
	press_function(&s, KEY_UP);
	assert_int_equal(list->cursor, 0);
	assert_false(list->follows);
	press_function(&s, KEY_DOWN);
	press(&s, 'j');
	assert_int_equal(list->cursor, 2);
	assert_true(list->follows);
	press_function(&s, KEY_NPAGE);
	assert_int_equal(list->cursor, 12);
	press_function(&s, KEY_END);
	press_function(&s, KEY_NPAGE);
	assert_int_equal(list->cursor, 99);
	press(&s, 'k');
	press_function(&s, KEY_PPAGE);
	assert_int_equal(list->cursor, 88);
	press_function(&s, KEY_HOME);
	assert_int_equal(list->cursor, 0);
	assert_false(list->follows);
}

static void test_no_rows_no_move(void **state)
{
	struct top_state s = drawn();
	struct top_list *list = &s.views[VIEW_PROCESS].list;

	(void)state;
	list->count = list->page = 0;
	press(&s, 'j');
	press_function(&s, KEY_END);
	press_function(&s, KEY_NPAGE);
	press_function(&s, KEY_PPAGE);
	assert_int_equal(list->cursor, 0);
	press(&s, '\n');
	assert_int_equal(s.mode, TOP_TABLE);
	assert_non_null(s.refusal);
}

static void test_keys_sort(void **state)
{
	struct top_state s = drawn();
	const struct top_view *view = &s.views[VIEW_PROCESS];

	(void)state;
	press_function(&s, KEY_RIGHT);
	press(&s, '>');
	assert_int_equal(view->sort, 2);
	press(&s, 'r');
	assert_true(view->reverse);
	press(&s, '<');
	assert_int_equal(view->sort, 1);
	assert_false(view->reverse);
	press_function(&s, KEY_LEFT);
	press_function(&s, KEY_LEFT);
	assert_int_equal(view->sort, 3);
	press(&s, '2');
	assert_int_equal(top_state__view(&s)->sort, 0); /* each view has its own order */
}

static void test_filter_is_typed_and_cleared(void **state)
{
	struct top_state s = drawn();

	(void)state;
	press(&s, '/');
	press_text(&s, L"qé1日");
	assert_string_equal(s.filter, "qé1日"); /* q and 1 are text here */
	press_function(&s, KEY_BACKSPACE);
	assert_string_equal(s.filter, "qé1");
	press(&s, 127);
	press(&s, 127);
	assert_string_equal(s.filter, "q");
	press(&s, '\n');
	assert_int_equal(s.mode, TOP_TABLE);
	assert_string_equal(s.filter, "q");
	press(&s, '/');
	press(&s, 'x');
	press(&s, 27);
	assert_int_equal(s.mode, TOP_TABLE);
	assert_string_equal(s.filter, "");
	press(&s, '/');
	press(&s, 'x');
	press(&s, '\n');
	press(&s, 27); /* Esc in the table clears it too */
	assert_string_equal(s.filter, "");
}

static void test_filter_has_an_end(void **state)
{
	struct top_state s = drawn();

	(void)state;
	press(&s, '/');
	for (int i = 0; i < 1000; i++)
		press(&s, L'日');
	assert_true(strlen(s.filter) < sizeof(s.filter));
	assert_int_equal(strlen(s.filter) % 3, 0);
	press(&s, 'u' & 31);
	assert_string_equal(s.filter, "");
	press(&s, 1); /* control characters are no text */
	assert_string_equal(s.filter, "");
}

static void test_pause(void **state)
{
	struct top_state s = drawn();

	(void)state;
	assert_int_equal(press(&s, 'p'), TOP_REDRAW);
	assert_true(s.paused);
	assert_int_equal(press(&s, ' '), TOP_READ_NOW);
	assert_false(s.paused);
}

static void test_interval(void **state)
{
	struct top_state s = drawn();

	(void)state;
	press(&s, 'i');
	press_text(&s, L"0.5");
	assert_int_equal(press(&s, '\n'), TOP_READ_NOW);
	assert_true(s.interval_seconds == 0.5);
	static const wchar_t *const bad[] = { L"0", L"x", L"-1", L"3601", L"nan", L"inf", L"1x", L"1e999" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		press(&s, 'i');
		press_text(&s, bad[i]);
		assert_int_equal(press(&s, '\n'), TOP_REDRAW);
		assert_non_null(s.refusal);
		assert_int_equal(s.mode, TOP_TABLE);
	}
	assert_true(s.interval_seconds == 0.5);
	press(&s, 'i');
	assert_int_equal(press(&s, '\n'), TOP_REDRAW); /* nothing typed, nothing changed */
	assert_null(s.refusal);
}

static void test_details_and_back(void **state)
{
	struct top_state s = drawn();

	(void)state;
	assert_int_equal(press(&s, '\n'), TOP_REDRAW);
	assert_int_equal(s.mode, TOP_DETAILS);
	assert_true(row_id__equal(s.detail_of, (struct row_id){ 1, 2, 3 }));
	s.details.count = 30;
	s.details.page = 20;
	press_function(&s, KEY_END);
	assert_int_equal(s.details.cursor, 10);
	press_function(&s, KEY_NPAGE);
	assert_int_equal(s.details.cursor, 10);
	assert_int_equal(press(&s, 'q'), TOP_REDRAW); /* back, not out */
	assert_int_equal(s.mode, TOP_TABLE);
	press(&s, '5');
	assert_int_equal(press(&s, '\n'), TOP_READ_NOW); /* a file: its holders */
	press(&s, '1');
	assert_int_equal(s.mode, TOP_TABLE);
}

static void test_help_and_quit(void **state)
{
	struct top_state s = drawn();

	(void)state;
	press(&s, '?');
	assert_int_equal(s.mode, TOP_HELP);
	assert_int_equal(press(&s, 'q'), TOP_REDRAW);
	assert_int_equal(s.mode, TOP_TABLE);
	assert_int_equal(press(&s, 'L' & 31), TOP_REDRAW);
	assert_true(s.clear);
	assert_int_equal(press(&s, 'q'), TOP_QUIT);
	assert_int_equal(press_function(&s, KEY_F(10)), TOP_QUIT);
}

/* No key may lead to a state that the next one does not expect. */
static void test_any_keys_in_any_order(void **state)
{
	struct top_state s = drawn();
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		const struct top_view *view;

		seed = seed * 1103515245 + 12345;
		top_state__press(&s, (struct top_key){ .function = (seed >> 30) & 1, .code = (seed >> 16) % 700 });
		view = top_state__view(&s);
		assert_in_range(s.view, VIEW_SYSTEM, VIEW_FILE);
		assert_in_range(view->sort, 0, 3);
		assert_in_range(view->list.cursor, 0, 99);
		assert_true(strlen(s.filter) < sizeof(s.filter));
		assert_true(s.interval_seconds >= TOP_INTERVAL_MIN && s.interval_seconds <= TOP_INTERVAL_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_choose_the_view),
		cmocka_unit_test(test_keys_move_the_cursor),
		cmocka_unit_test(test_no_rows_no_move),
		cmocka_unit_test(test_keys_sort),
		cmocka_unit_test(test_filter_is_typed_and_cleared),
		cmocka_unit_test(test_filter_has_an_end),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_details_and_back),
		cmocka_unit_test(test_help_and_quit),
		cmocka_unit_test(test_any_keys_in_any_order),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
