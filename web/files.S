/* SPDX-License-Identifier: GPL-2.0-only */
/* The page's files as bytes of the program; the Makefile says where they are found. */
	.macro file name, path
	.globl \name
	.globl \name\()_end
\name:
	.incbin "\path"
\name\()_end:
	.byte 0
	.endm

	.section .rodata
	file web_index_html, index.html
	file web_page_css, page.css
	file web_page_js, page.js
	file web_plots_js, plots.js
	file web_dygraph_css, dygraph.css
	file web_dygraph_js, dygraph.js

	.section .note.GNU-stack, "", %progbits
