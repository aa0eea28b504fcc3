// SPDX-License-Identifier: GPL-2.0-only
// The live state. Names come from whoever made the files, processes and containers: they are text, never markup.
"use strict";

const shown = {
	bytes(bytes) {
		const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
		let size = Math.abs(bytes), unit = 0;
		while (size >= (unit ? 999.5 : 1024) && unit < units.length - 1) {
			size /= 1024;
			unit++;
		}
		const digits = unit === 0 || size === 0 ? 0 : size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
		return `${bytes < 0 ? "-" : ""}${size.toFixed(digits)} ${units[unit]}`;
	},
	duration(seconds) {
		const two = (n) => String(n).padStart(2, "0"), s = Math.floor(seconds);
		if (seconds < 1)
			return `${Math.round(seconds * 1000)} ms`;
		if (s < 60)
			return `${s} s`;
		if (s < 3600)
			return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
		if (s < 86400)
			return `${Math.floor(s / 3600)} h ${two(Math.floor(s / 60) % 60)} min`;
		return `${Math.floor(s / 86400)} d ${two(Math.floor(s / 3600) % 24)} h`;
	},
	clock(date, withSeconds) {
		return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: withSeconds ? "2-digit" : undefined,
						     hourCycle: "h23" });
	},
	// what would change how the text around it is shown is written out
	name(text) {
		return String(text).replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
			(c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
	},
	make(tag, className, text) {
		const element = document.createElement(tag);
		if (className)
			element.className = className;
		if (text !== undefined)
			element.textContent = text;
		return element;
	},
	set(element, text) {
		if (element.textContent !== text)
			element.textContent = text;
	},
	// One element for each item, kept as long as its key is there, so that a selection survives.
	rows(parent, items, key, begin, fill, tag) {
		const kept = parent.kept || new Map(), now = new Map();
		for (const item of items) {
			let id = key(item);
			while (now.has(id))
				id += "+";
			let element = kept.get(id);
			if (!element) {
				element = document.createElement(tag);
				begin(element, item);
			}
			fill(element, item);
			now.set(id, element);
		}
		for (const [id, element] of kept)
			if (now.get(id) !== element)
				element.remove();
		[...now.values()].forEach((element, i) => {
			if (parent.children[i] !== element)
				parent.insertBefore(element, parent.children[i] || null);
		});
		parent.kept = now;
	},
};

(() => {
	const FIRST = 8; // rows of a long list that are seen at once
	const KINDS = { warning: "warning", oom: "OOM kill", enospc: "no space", sigbus: "SIGBUS",
		hugetlb: "huge pages", memlock: "memory lock" };
	const at = (id) => document.getElementById(id);
	let interval = 5, live = null, fetched = 0, asking = false, goneSince = null, timer = 0;

	const figure = (bytes) => bytes === undefined ? "–" : shown.bytes(bytes);
	const percent = (ratio) => `${ratio > 0.995 && ratio < 1 ? 99 : Math.round(ratio * 100)} %`;

	// ---- the machine ----

	function showMachine(system) {
		const sums = new Map(plots.LEDGER.map(([part]) => [part, 0]));
		for (const [key, bytes] of Object.entries(system)) {
			const part = /^(total|available|swap_total|swap_free|reclaimable|(cache|tmpfs)_owned)_bytes$/.test(key) ? null :
				plots.partOf(key.replace(/_bytes$/, ""));
			if (part)
				sums.set(part, sums.get(part) + Math.max(bytes, 0));
		}
		const parts = [...plots.LEDGER].reverse();
		shown.rows(at("ledger"), parts, ([part]) => part, () => {}, (element, [part]) => {
			element.style.background = `var(--${part})`;
			element.style.width = `${100 * sums.get(part) / system.total_bytes}%`;
		}, "span");
		at("ledger").setAttribute("aria-label",
			parts.map(([part, label]) => `${label} ${shown.bytes(sums.get(part))}`).join(", "));
		const swap = system.swap_total_bytes ?
			`; swap ${shown.bytes(system.swap_total_bytes - system.swap_free_bytes)} of ${shown.bytes(system.swap_total_bytes)}` : "";
		shown.set(at("available"), `${figure(system.available_bytes)} available of ${figure(system.total_bytes)}${swap}`);
	}

	// ---- limits ----

	function urgency(limit) {
		if (limit.share_ratio >= 0.95 || limit.full_seconds < 300)
			return "full";
		return limit.share_ratio >= 0.8 || limit.full_seconds < 3600 ? "near" : "";
	}

	function amounts(limit) {
		if (limit.kind === "tmpfs_inodes")
			return `${limit.used_inodes} of ${limit.limit_inodes} inodes, ${percent(limit.share_ratio)}`;
		const used = limit.kind === "tmpfs" ? limit.used_bytes : limit.usage_bytes;
		if (limit.limit_bytes === undefined)
			return `${shown.bytes(used)}, no limit`;
		const soft = limit.kind === "cgroup" && limit.reclaimable_bytes ?
			`, ${shown.bytes(limit.reclaimable_bytes)} of it reclaimable` : "";
		return `${shown.bytes(used)} of ${shown.bytes(limit.limit_bytes)}${soft}, ${percent(limit.share_ratio)}`;
	}

	function beginLimit(row) {
		const head = shown.make("div", "pair"), name = shown.make("span", "name");
		const bar = shown.make("div", "bar"), foot = shown.make("div", "pair dim");
		name.append(shown.make("bdi"), shown.make("bdi", "tag"));
		head.append(name, shown.make("span", "when"));
		bar.append(shown.make("span", "hard"), shown.make("span", "soft"));
		bar.setAttribute("role", "meter");
		bar.setAttribute("aria-valuemin", "0");
		bar.setAttribute("aria-valuemax", "100");
		foot.append(shown.make("span", "amounts"), shown.make("span"));
		row.append(head, bar, foot);
	}

	function fillLimit(row, limit) {
		const [head, bar, foot] = row.children, hard = Math.min(Math.max(limit.share_ratio, 0), 1);
		const used = limit.kind === "cgroup" ? limit.usage_bytes : limit.used_bytes;
		row.className = urgency(limit);
		row.dataset.path = limit.path;
		row.dataset.usedBytes = used;
		shown.set(head.firstChild.firstChild, shown.name(limit.path));
		shown.set(head.firstChild.lastChild, limit.container ? shown.name(limit.container) : "");
		shown.set(head.lastChild, limit.full_seconds !== undefined ? `full in ${shown.duration(limit.full_seconds)}` :
			limit.share_ratio >= 1 ? "full" : "");
		bar.firstChild.style.width = `${100 * hard}%`;
		bar.lastChild.style.width = limit.kind === "cgroup" && limit.reclaimable_bytes ?
			`${100 * Math.min(limit.reclaimable_bytes / limit.limit_bytes, 1 - hard)}%` : "0";
		bar.setAttribute("aria-label", shown.name(limit.path));
		bar.setAttribute("aria-valuenow", String(Math.round(100 * hard)));
		bar.setAttribute("aria-valuetext", amounts(limit));
		shown.set(foot.firstChild, amounts(limit));
		shown.set(foot.lastChild, limit.kind.replace("_", " "));
	}

	// the first of a long list, and the rest behind one click
	function showList(list, more, items, key, begin, fill, none, rest) {
		const next = more.lastElementChild;
		if (items.length && list.firstChild && list.firstChild.className === "empty")
			list.replaceChildren();
		shown.rows(list, items.slice(0, FIRST), key, begin, fill, "li");
		shown.rows(next, items.slice(FIRST), key, begin, fill, "li");
		more.hidden = items.length <= FIRST;
		shown.set(more.firstElementChild, rest(items.length - FIRST));
		if (!items.length && !list.firstChild)
			list.append(shown.make("li", "empty", none));
	}

	// ---- what happened ----

	function beginEvent(row) {
		const head = shown.make("div", "pair"), who = shown.make("span");
		who.append(shown.make("span", "kind"), shown.make("bdi", "name"), shown.make("bdi", "tag"));
		head.append(who, shown.make("time", "dim"));
		row.append(head, shown.make("p", "text"));
	}

	function fillEvent(row, event) {
		const [head, text] = row.children, [kind, name, tag] = head.firstChild.children, date = new Date(event.time);
		kind.className = `kind ${event.type in KINDS ? event.type : ""}`;
		shown.set(kind, KINDS[event.type] || event.type);
		shown.set(name, event.pid ? shown.name(`${event.comm}[${event.pid}]`) : "");
		shown.set(tag, (event.container ? shown.name(event.container) : "") + (event.count > 1 ? ` ${event.count} times` : ""));
		shown.set(head.lastChild, shown.clock(date, true));
		head.lastChild.dateTime = event.time;
		head.lastChild.title = date.toLocaleString();
		shown.set(text, shown.name(event.text));
	}

	// ---- tables ----

	function beginRow(row) {
		const first = shown.make("td");
		first.append(shown.make("bdi"), shown.make("bdi", "tag"));
		row.append(first, shown.make("td"), shown.make("td"), shown.make("td", "wide"), shown.make("td", "wide"));
	}

	function fillRow(row, name, tag, figures) {
		shown.set(row.firstChild.firstChild, shown.name(name));
		shown.set(row.firstChild.lastChild, tag ? shown.name(tag) : "");
		figures.forEach((text, i) => shown.set(row.children[i + 1], text));
	}

	function showTables() {
		shown.rows(at("process-rows"), live.processes, (p) => `${p.pid} ${p.start_time}`, beginRow, (row, p) =>
			fillRow(row, `${p.comm}[${p.pid}]`, (p.container || "") + (p.exited ? " exited" : ""),
				[figure(p.anon_bytes), figure(p.tmpfs_bytes), figure(p.cache_bytes), figure(p.swap_bytes)]), "tr");
		shown.set(at("process-count"), `of ${live.process_count}, by anonymous memory, swap and tmpfs`);
		shown.rows(at("group-rows"), live.groups, (g) => g.path, beginRow, (row, g) =>
			fillRow(row, g.name, g.full_seconds !== undefined ? `full in ${shown.duration(g.full_seconds)}` : "",
				[figure(g.usage_bytes), figure(g.limit_bytes), figure(g.anon_bytes), figure(g.file_bytes)]), "tr");
	}

	function show() {
		document.title = `pagetide ${live.host || ""}`;
		shown.set(at("host"), shown.name(live.host || ""));
		shown.set(at("about"), `Linux ${shown.name(live.kernel || "")}, ${live.tier || ""}`);
		showMachine(live.system);
		showList(at("limit-list"), at("limit-more"), live.limits, (l) => `${l.kind} ${l.path} ${l.dev || l.id} ${l.container || ""}`,
			beginLimit, fillLimit, "nothing has a limit, or all are empty",
			(n) => live.limits.length < live.limits_most ? `${n} more` : `${n} more; the others are in the snapshot`);
		showList(at("recent-list"), at("recent-more"), live.recent, (e) => `${e.time} ${e.type} ${e.pid || ""} ${e.text}`,
			beginEvent, fillEvent, "nothing so far", (n) => `${n} before`);
		showTables();
		const lost = Object.entries(live.lost).filter(([kind]) => kind !== "pages_corrected");
		shown.set(at("lost"), lost.length ? `not told or kept by the kernel side: ${
			lost.map(([kind, count]) => `${count} ${kind.replaceAll("_", " ")}`).join(", ")}` : "");
	}

	// ---- is it still true? ----

	function trouble() {
		const age = live ? live.page.age_seconds + (performance.now() - fetched) / 1000 : 0;
		if (goneSince)
			return ["gone", `${goneSince.why} since ${shown.clock(goneSince.time, true)}. ${
				live ? "What is shown is from before." : ""}`];
		if (live && age > 3 * interval + 5)
			return ["late", "The server has made no new reading for some time. What is shown is old."];
		return [live ? "live" : "", ""];
	}

	function showAge() {
		const [state, why] = trouble();
		document.documentElement.className = state;
		if (at("trouble").hidden !== !why || at("trouble").textContent !== why) {
			at("trouble").hidden = !why;
			at("trouble").textContent = why;
		}
		if (live)
			shown.set(at("age-text"), `read ${shown.duration(Math.max(1, Math.round(
				live.page.age_seconds + (performance.now() - fetched) / 1000)))} ago, every ${shown.duration(interval)}`);
	}

	async function ask(path) {
		const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(10000) });
		if (!answer.ok)
			throw new Error(answer.status === 503 ? "The server has no whole reading" : `The server refuses (${answer.status})`);
		return answer.json();
	}

	async function refresh() {
		if (asking)
			return;
		asking = true;
		try {
			const next = await ask("api/live");
			fetched = performance.now();
			live = next;
			interval = Math.max(1, live.page.reading_seconds);
			show();
			const since = plots.since(live.page.server);
			plots.take(await ask(`api/history?since=${since}`));
			goneSince = null;
		} catch (error) {
			const why = error instanceof TypeError || error.name === "TimeoutError" ? "The server does not answer" : error.message;
			goneSince = { why, time: goneSince ? goneSince.time : new Date() };
		}
		asking = false;
		showAge();
		clearTimeout(timer);
		if (!document.hidden)
			timer = setTimeout(refresh, interval * 1000);
	}

	document.addEventListener("visibilitychange", () => {
		if (!document.hidden)
			refresh();
	});
	setInterval(showAge, 1000);
	refresh();
})();
