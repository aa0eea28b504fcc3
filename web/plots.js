// SPDX-License-Identifier: GPL-2.0-only
// The plots of the last hour. Asks for what is new only; dygraphs draws, the names beside it are text, never markup.
"use strict";

const plots = (() => {
	const SHOWN = 8; // lines of a plot
	const LEAST_SECONDS = 60; // that a plot reaches over
	const LEDGER = [ // from the top of the stack down
		["free", "free"],
		["cache", "cache and other reclaimable"],
		["unattributed", "unattributed"],
		["kernel", "kernel"],
		["tmpfs", "tmpfs"],
		["anon", "anonymous"],
	];
	const LEDGER_PARTS = {
		free: "free", anon: "anon", swap_cache: "anon", tmpfs: "tmpfs", cache: "cache", slab_reclaimable: "cache",
		misc_reclaimable: "cache", gpu_reclaim: "cache", unattributed: "unattributed",
	};
	// it makes markup of names, with styles inside, which this page forbids
	Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);
	const drawn = new Map(); // element's id → {graph, series}
	let known = null; // {server, times, lines: id → {name, container, kind, used, limit}}

	const partOf = (name) => LEDGER_PARTS[name] || "kernel";
	const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

	function forgetOld(seconds) {
		let old = 0;
		while (old < known.times.length && known.times[old] < seconds)
			old++;
		known.times.splice(0, old);
		for (const [id, line] of known.lines) {
			line.used.splice(0, old);
			line.limit.splice(0, old);
			if (line.used.every((bytes) => bytes === null))
				known.lines.delete(id);
		}
	}

	function take(history) {
		const points = history.points, before = known && known.server === points.server ? known : null;
		known = before || { server: points.server, times: [], lines: new Map() };
		const length = known.times.length, more = points.boot_seconds.length;
		known.offset = Date.parse(points.time) / 1000 - points.time_boot_seconds;
		known.times.push(...points.boot_seconds);
		for (const row of history.lines) {
			const line = known.lines.get(row.id) ||
				{ used: new Array(length).fill(null), limit: new Array(length).fill(null) };
			Object.assign(line, { id: row.id, kind: row.kind, name: row.name, container: row.container });
			line.used.push(...row.used_bytes);
			line.limit.push(...(row.limit_bytes || new Array(more).fill(null)));
			known.lines.set(row.id, line);
		}
		for (const line of known.lines.values())
			while (line.used.length < known.times.length) {
				line.used.push(null);
				line.limit.push(null);
			}
		forgetOld(points.time_boot_seconds - points.window_seconds);
	}

	function ledgerSeries() {
		const sums = new Map(LEDGER.map(([part]) => [part, known.times.map(() => 0)]));
		for (const line of known.lines.values())
			if (line.kind === "part")
				line.used.forEach((bytes, i) => { sums.get(partOf(line.name))[i] += Math.max(bytes, 0); });
		return LEDGER.map(([part, label]) => ({ label, color: color(part), used: sums.get(part), limit: [] }));
	}

	function largestSeries(kind) {
		const top = (line) => line.used.reduce((most, bytes) => Math.max(most, bytes || 0), 0);
		return [...known.lines.values()].filter((line) => line.kind === kind && top(line) > 0)
			.sort((a, b) => top(b) - top(a) || a.id - b.id).slice(0, SHOWN)
			.map((line, i) => ({
				label: line.container && line.container !== line.name ? `${line.name} in ${line.container}` : line.name,
				color: color(`c${i}`), used: line.used, limit: line.limit,
			}));
	}

	function amount(series, row) {
		const bytes = series.used[row], limit = series.limit[row];
		if (bytes === null || bytes === undefined)
			return "gone";
		return limit ? `${shown.bytes(bytes)} of ${shown.bytes(limit)}` : shown.bytes(bytes);
	}

	// the names and amounts below a plot, of the newest point or the one that is pointed at
	function legend(figure, series, row) {
		const caption = figure.querySelector("figcaption");
		shown.rows(caption, series, (one) => one.label, (item) => {
			item.className = "item";
			item.append(shown.make("span", "chip"), shown.make("bdi"), " ", shown.make("span", "amount"));
		}, (item, one) => {
			item.firstChild.style.background = one.color;
			shown.set(item.children[1], shown.name(one.label));
			shown.set(item.lastChild, amount(one, row));
		}, "span");
	}

	function options(figure, series, stacked) {
		const last = known.times.length - 1, end = known.times[last];
		const begin = Math.min(known.times[0], end - LEAST_SECONDS);
		return {
			dateWindow: [(begin + known.offset) * 1000, (end + known.offset) * 1000],
			labels: ["time", ...series.map((_, i) => `line ${i}`)],
			colors: series.map((one) => one.color),
			stackedGraph: stacked, fillGraph: stacked, fillAlpha: 0.75, strokeWidth: stacked ? 0.5 : 1.8,
			drawPoints: known.times.length < 3, pointSize: 2, highlightCircleSize: 3,
			legend: "never", interactionModel: {}, includeZero: true, labelsKMG2: true, rightGap: 8,
			gridLineColor: color("line"), axisLineColor: color("line"), gridLineWidth: 0.5,
			axes: {
				x: { axisLabelFormatter: (date) => shown.clock(date, end - begin < 240), pixelsPerLabel: 70 },
				y: { axisLabelFormatter: (bytes) => shown.bytes(bytes), axisLabelWidth: 64, pixelsPerLabel: 34 },
			},
			highlightCallback: (event, x, points, row) => legend(figure, drawn.get(figure.id).series, row),
			unhighlightCallback: () => legend(figure, drawn.get(figure.id).series, known.times.length - 1),
		};
	}

	function draw(id, series, stacked) {
		const figure = document.getElementById(id), canvas = figure.querySelector(".canvas");
		const rows = known.times.map((time, i) =>
			[new Date((time + known.offset) * 1000), ...series.map((one) => one.used[i])]);
		figure.dataset.points = series.length ? rows.length : 0;
		figure.dataset.lines = series.length;
		legend(figure, series, rows.length - 1);
		canvas.setAttribute("aria-label", `${series.length} lines over ${shown.duration(
			known.times.length ? known.times[known.times.length - 1] - known.times[0] : 0)}; their newest values follow`);
		if (!series.length || !rows.length)
			return;
		const before = drawn.get(id);
		drawn.set(id, { graph: before && before.graph, series });
		if (before && before.series.length === series.length)
			before.graph.updateOptions({ ...options(figure, series, stacked), file: rows });
		else {
			if (before)
				before.graph.destroy();
			drawn.get(id).graph = new Dygraph(canvas, rows, options(figure, series, stacked));
		}
	}

	function drawAll() {
		if (!known)
			return;
		draw("plot-machine", ledgerSeries(), true);
		draw("plot-tmpfs", largestSeries("tmpfs"), false);
		draw("plot-cgroup", largestSeries("cgroup"), false);
	}

	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);

	return {
		LEDGER, partOf, color,
		// the newest point that is known, for the server of that name
		since: (server) => known && known.server === server && known.times.length ? known.times[known.times.length - 1] : 0,
		take: (history) => { take(history); drawAll(); },
	};
})();
