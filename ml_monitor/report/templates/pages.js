// The pages. Each draws one section from one unpacked document.
const LEFT = 190;
// The width of the page, read once while it is empty: read between two drawings it would lay the page out anew each time.
let pageWidth = 1216;
const measure = () => { pageWidth = Math.max(320, Math.min(1216, page.clientWidth || 1216)); };
const to = (...parts) => `#/${parts.map(encodeURIComponent).join("/")}`;

function titled(section, known, page) {
    const head = make("h2", section, known.name, { tabindex: -1 });
    if (page) make("span", head, ` · ${page}`);
    return head;
}

function tabs(section, known, here) {
    const nav = make("nav", section, "", { class: "tabs", "aria-label": `Pages of ${known.name}` });
    for (const [part, name] of [["", "Overview"], ["performance", "Performance"], ["gate", "Retraining and gate"], ["feedback", "Feedback"], ["all", "All on one page"]]) {
        const link = make("a", nav, name, { href: part ? to("monitor", known.name, part) : to("monitor", known.name) });
        if (part === here) link.setAttribute("aria-current", "page");
    }
}

// ---- overview of a monitor: the three lanes
function overview(section, known) {
    if (known.description) make("p", section, known.description, { class: "description" });
    const words = make("ul", section, "", { class: `headline ${known.status}` });
    known.headline.forEach((sentence) => make("li", words, sentence));
    lanes(section, known);
    if (known.incidents.rows.length) {
        heading(section, "Open incidents, and what to look at first");
        table(section, known.incidents, `Incidents of ${known.name}`);
    }
    heading(section, "Alerts");
    if (known.alerts.rows.length) {
        const [open, past] = [false, true].map((ended) => ({ ...known.alerts, rows: known.alerts.rows.filter(([status]) => status.includes("past") === ended) }));
        if (!table(section, open, `Alerts of ${known.name}`)) empty(section, "No alert is open.");
        if (past.rows.length) folded(section, `${past.rows.length} resolved, newest first`, past, `Resolved alerts of ${known.name}`, { open: past.rows.length <= 12 });
        if (known.hidden_alerts) caption(section, `${known.hidden_alerts} older ones are in ml_monitor__rpt_alerts.`);
    } else empty(section, "No alert has been raised.");
    heading(section, "What moved most, now");
    const moved = known.inputs.features.filter((feature) => feature.bins.length).sort((a, b) => a.rank - b.rank).slice(0, 6);
    if (moved.length) {
        caption(section, "Outline: the reference. Fill: now, darker where the bar adds more to the PSI. Thin bars below the line: missing and unseen values.");
        const grid = make("div", section, "", { class: "grid" });
        for (const feature of moved) {
            const frame = make("figure", grid, "", { class: feature.status });
            const words = make("figcaption", frame);
            const name = make("strong", words);
            make("i", name, "", { class: "dot", "aria-hidden": "true" });
            make("a", name, feature.name, { href: to("monitor", known.name, "feature", feature.id) });
            words.append(` PSI ${figure(feature.psi)} over ${feature.span} ${known.unit}${feature.span > 1 ? "s" : ""} to ${day(feature.until)}, n = ${figure(feature.n)}`);
            bars(frame, feature, Math.min(380, pageWidth));
        }
    } else empty(section, "No distribution can be compared yet.");
    if (known.ranking.rows.length) {
        heading(section, "Whose drift goes with a worse model");
        caption(section, "Correlation of a feature's PSI with the realised error over windows: where to look first. It is no proof of a cause.");
        table(section, known.ranking, `Drift ranked by its damage in ${known.name}`);
    }
    heading(section, "Data quality");
    if (known.findings.rows.length) {
        const n = known.findings.rows.length;
        folded(section, `${n} ${n === 1 ? "rule" : "rules"} broken, the current ones first`, known.findings, `Data quality of ${known.name}`, { open: n <= 12 });
    } else empty(section, "No data quality rule was broken.");
    make("p", section, known.facts.join(" · "), { class: "facts" });
}

function lanes(section, known) {
    const { inputs, lanes: { notes, points, items } } = known;
    notes.forEach((note) => empty(section, note));
    if (!known.axis || !(inputs.features.length || points.length || items.length)) return;
    key(section, [["moved", "within limits, darker the further"], ["warning", "warning"], ["alert", "alert"], ["◆", "missing, unseen or invalid values"], ["▲", "retraining asked for"], ["●", "promoted"], ["○", "champion kept"], ["✖", "failed"]]);
    const frame = make("div", section, "", { class: "lanes" });
    if (inputs.features.length) inputLane(frame, known, 20);
    if (points.length) performanceLane(frame, known);
    if (items.length) responseLane(frame, known);
}

function inputLane(frame, known, most) {
    const { inputs } = known, shown = inputs.features.slice(0, most);
    const lane = make("section", frame, "", { class: "lane inputs", "aria-label": "Inputs" });
    heading(lane, "Cause: what went in");
    caption(lane, "How far each feature moved from the reference, worst first. Arrow keys move, Enter opens the feature.");
    const fills = TOKENS.map((token) => token && colour(token));
    heatmap(lane, {
        label: `Verdicts of ${shown.length} features in ${inputs.columns.length} columns of time. Arrow keys move from cell to cell, Enter opens the feature.`,
        names: shown.map((feature) => feature.name), columns: inputs.columns, ends: inputs.ends, axis: known.axis, width: pageWidth, left: leftOf(),
        paint: (row, column) => fills[known.bytes.shades[row * inputs.columns.length + column]],
        marked: (row, column) => known.bytes.quality[row * inputs.columns.length + column] > 0,
        tell: (row, column) => cellWords(known, row, column),
        open: (row) => { location.hash = to("monitor", known.name, "feature", shown[row].id); },
    });
    if (inputs.features.length > shown.length) {
        const more = make("button", lane, `Show all ${inputs.features.length} features`, { type: "button" });
        more.addEventListener("click", () => { const all = inputLane(frame, known, Infinity); lane.replaceWith(all); all.querySelector("canvas").focus(); });
    }
    folded(lane, "The inputs as a table", () => ({
        columns: ["feature", "latest", "verdict", "columns in alert", "in words"],
        rows: shown.map((feature, row) => {
            const last = cellOf(known, row, inputs.columns.length - 1);
            let alerts = 0;
            for (let column = 0; column < inputs.columns.length; column++) alerts += known.bytes.shades[row * inputs.columns.length + column] === 6;
            const severe = feature.status === "alert" || feature.status === "warning";
            return [severe ? feature.status : "ok", [feature.name, `${last.metric} ${figure(last.value)}`, feature.status.replaceAll("_", " "), `${alerts} of ${inputs.columns.length}`, feature.reason]];
        }),
    }), `Inputs of ${known.name}`, { link: (row) => to("monitor", known.name, "feature", shown[row].id) });
    return lane;
}

const leftOf = () => pageWidth < 700 ? 110 : LEFT;

function cellWords(known, row, column) {
    const cell = cellOf(known, row, column);
    const quality = cell.quality ? `, ${QUALITIES[cell.quality]}` : "";
    return `${known.inputs.features[row].name}, ${day(known.inputs.columns[column])}: ${cell.shade ? `${cell.metric} ${figure(cell.value)}, ` : ""}${MEANINGS[cell.shade]}${quality}`;
}

function performanceLane(frame, known) {
    const { points, limits, levels, versions, subtitle } = known.lanes;
    const lane = make("section", frame, "", { class: "lane performance", "aria-label": "Performance" });
    heading(lane, "Effect: how well it predicted");
    caption(lane, subtitle);
    const seen = [...points.flatMap((point) => point.slice(1, 4)), ...limits.map(([level]) => level), ...levels.map((level) => level[2])].filter((value) => value !== null);
    const spread = (Math.max(...seen) - Math.min(...seen)) * 0.06 || 0.01;
    const drawn = chart(lane, {
        label: `${known.name}: ${subtitle}. ${points.at(-1)[7]}`, width: pageWidth, height: 220, left: leftOf(), top: 18,
        x: known.axis, y: [Math.min(...seen) - spread, Math.max(...seen) + spread], xTicks: timeTicks(known.axis, pageWidth / 110), kind: "performance",
    });
    const { X, Y, plot } = drawn;
    let taken = 0;
    for (const [at, version] of versions) {
        if (at <= known.axis[0] || at > known.axis[1]) continue;
        const start = X(at) + 4;
        mark("line", plot, { x1: X(at), x2: X(at), y1: 12, y2: 196, class: "version" });
        mark("text", plot, { x: start, y: start < taken ? 26 : 14, class: "tick" }, version ?? "");
        taken = start + 7 * (version ?? "").length;
    }
    limitLines(drawn, limits);
    for (const [from, until, level, note] of levels) {
        const part = mark("line", plot, { x1: X(Math.max(from, known.axis[0])), x2: X(until ?? known.axis[1]), y1: Y(level), y2: Y(level), class: "level" });
        mark("title", part, {}, note);
    }
    band(drawn, points.map((point) => point[4] ? point : [point[0], null, null, null]), [0, 2, 3]);
    band(drawn, points.map((point) => point[4] ? [point[0], null, null, null] : point), [0, 2, 3], "band faint");
    line(drawn, points, [0, 1], "line faint");
    line(drawn, points.map((point) => point[4] ? point : [point[0], null]), [0, 1]);
    for (const point of points) if (point[6] === "alert" || point[6] === "warning") mark("circle", plot, { cx: X(point[0]), cy: Y(point[1]), r: 3, class: `point ${point[6]}` });
    trace(drawn, points.map((point) => point[0]), (place) => points[place][7], lane);
    folded(lane, "The performance as a table", () => ({ columns: ["until", "value", "in words"], rows: points.map((point) => [point[6], [day(point[0]), figure(point[1]), point[7]]]).reverse() }), `Performance of ${known.name}`);
}

// Two limits may lie close together, so their words stand side by side.
function limitLines({ Y, plot, left, right, width }, limits) {
    limits.forEach(([level, text, name], place) => {
        mark("line", plot, { x1: left, x2: width - right, y1: Y(level), y2: Y(level), class: `limit ${name}` });
        mark("text", plot, { x: width - right - 104 * place, y: Y(level) - 4, class: "tick end" }, text);
    });
}

function responseLane(frame, known) {
    const { items, hidden } = known.lanes;
    const lane = make("section", frame, "", { class: "lane response", "aria-label": "Response" });
    heading(lane, "Response: what was done");
    caption(lane, `Alerts from opened to resolved, open ones in full colour; retraining, its gate, what was live${hidden ? ` (${hidden})` : ""}.`);
    const names = [...new Set(items.map((item) => item.row))], row = 20, width = pageWidth, left = leftOf();
    const drawn = chart(lane, { label: `${known.name}: ${items.length} alerts, retrainings and versions over time`, width, height: names.length * row + 34, left, top: 4, x: known.axis, y: [names.length, 0], yTicks: [], xTicks: timeTicks(known.axis, width / 110), kind: "response" });
    const { X, plot, root } = drawn;
    names.forEach((name, place) => {
        const label = mark("text", root, { x: 0, y: 4 + row * place + 14, class: "name" }, name.length > left / 6.4 ? `${name.slice(0, left / 6.4 - 1)}…` : name);
        mark("title", label, {}, name);
    });
    const [from, until] = known.axis;
    for (const item of items) {
        const y = 4 + row * names.indexOf(item.row), start = X(Math.max(from, Math.min(item.from, until)));
        const end = item.to === null ? X(until) : X(Math.min(until, Math.max(item.to, from)));
        const group = mark("g", plot, { class: `item ${item.kind} ${item.outcome}${item.to === null ? " open" : ""}` });
        mark("title", group, {}, item.note);
        if (item.kind === "trigger" || item.kind === "gate") {
            const sign = item.kind === "trigger" ? "▲" : { promoted: "●", kept: "○", failed: "✖" }[item.outcome] || "◌";
            mark("text", group, { x: start, y: y + 14, class: "sign middle" }, sign);
        } else {
            mark("rect", group, { x: start, y: y + 3, width: Math.max(3, end - start), height: 13, rx: 2 });
            if (item.label && end - start > 7 * item.label.length) mark("text", group, { x: start + 6, y: y + 14, class: "inside" }, item.label);
        }
    }
    const order = items.map((item, place) => place).sort((a, b) => items[a].from - items[b].from);
    folded(lane, "What was done as a table", () => ({ columns: ["what", "from", "to", "in words"], rows: order.map((place) => [items[place].outcome, [items[place].row, day(items[place].from), items[place].to === null ? "" : day(items[place].to), items[place].note]]).reverse() }), `Responses of ${known.name}`);
}

function bars(parent, feature, width, choose, chosen = -1) {
    feature.bins.forEach((bin) => { bin[2] ??= 0; bin[3] ??= 0; });
    const values = feature.bins.map((bin, place) => [...bin, place]).filter((bin) => bin[1] === 0), strips = feature.bins.map((bin, place) => [...bin, place]).filter((bin) => bin[1]);
    const row = 17, left = Math.min(170, width * 0.4), height = row * (values.length + strips.length) + (strips.length ? 10 : 0) + 6;
    const largest = Math.max(...feature.bins.flatMap((bin) => [bin[2], bin[3]])) || 1;
    const root = mark("svg", parent, { viewBox: `0 0 ${width} ${height}`, width, height, role: choose ? "group" : "img", "aria-label": `${feature.name}: share of each value in the reference (outline) and now (bars)`, class: "chart bars" });
    const X = scale([0, largest], [left, width - 54]);
    [...values, ...strips].forEach(([name, strip, reference, now, adds, place], number) => {
        const y = row * number + (strip ? 10 : 0) + 3;
        const weight = adds === null || !feature.psi ? "none" : adds / feature.psi >= 0.25 ? "much" : adds / feature.psi >= 0.08 ? "some" : "little";
        const words = `${name}: ${percent(now)}, in the reference ${percent(reference)}${adds === null ? "" : `, adds ${adds.toFixed(3)} to the PSI`}`;
        const group = mark("g", root, choose ? { class: `bar ${place === chosen ? "chosen" : ""}`, tabindex: 0, role: "link", "aria-label": words } : { class: "bar" });
        mark("title", group, {}, words);
        const room = Math.floor(left / 6.6);
        mark("text", group, { x: left - 8, y: y + 11, class: "name end" }, name.length > room ? `${name.slice(0, room - 1)}…` : name);
        mark("rect", group, { x: left, y: y + 1, width: Math.max(0.5, X(now) - left), height: strip ? 7 : 11, class: strip ? "fill strip" : `fill ${weight}` });
        mark("rect", group, { x: left, y, width: Math.max(0.5, X(reference) - left), height: strip ? 9 : 13, class: "outline" });
        mark("text", group, { x: Math.max(X(now), X(reference)) + 5, y: y + 11, class: "tick" }, percent(now));
        if (choose) {
            group.addEventListener("click", () => choose(place));
            group.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(place); } });
        }
    });
    return root;
}

// ---- a feature, its bins, a bin
function featurePage(section, known, id, chosen) {
    const { inputs } = known, row = inputs.features.findIndex((feature) => feature.id === id);
    if (row < 0) { titled(section, known); empty(section, `There is no feature ${id} in this report.`); return; }
    const feature = inputs.features[row];
    titled(section, known, feature.name);
    const nav = make("nav", section, "", { class: "tabs", "aria-label": "Features" });
    for (const [other, name, sign] of [[row - 1, "Previous feature", "p"], [row + 1, "Next feature", "n"]]) {
        if (inputs.features[other]) make("a", nav, `${name}: ${inputs.features[other].name}`, { href: to("monitor", known.name, "feature", inputs.features[other].id), "data-key": sign });
    }
    const label = make("label", nav, "Feature ");
    const choice = make("select", label);
    inputs.features.forEach((each) => make("option", choice, each.name, { value: each.id }));
    choice.value = id;
    choice.addEventListener("change", () => { location.hash = to("monitor", known.name, "feature", choice.value); });
    const words = make("ul", section, "", { class: `headline ${feature.status}` });
    make("li", words, feature.reason || feature.status.replaceAll("_", " "));
    if (feature.quality) make("li", words, feature.quality);
    heading(section, "How far it moved, over time");
    const cells = inputs.columns.map((column, place) => ({ at: inputs.ends[place], ...cellOf(known, row, place) }));
    const lines = [["warn", feature.warn], ["alert", feature.alert]].filter(([, level]) => level !== null);
    const values = [0, ...cells.map((cell) => cell.value ?? 0), ...lines.map(([, level]) => level)];
    const top = Math.max(...values) * 1.06 || 1, low = Math.min(...values) * 1.06;
    const drawn = chart(section, { label: `${feature.name}: ${feature.metric} over ${cells.length} columns of time`, width: pageWidth, height: 200, x: known.axis, y: [low, top], xTicks: timeTicks(known.axis, pageWidth / 110) });
    const { X, Y, plot } = drawn;
    limitLines(drawn, lines.map(([name, level]) => [level, `${name} ${figure(level)}`, name]));
    line(drawn, cells.map((cell) => [cell.at, cell.value]), [0, 1]);
    for (const cell of cells) if (cell.shade >= 5 && cell.value !== null) mark("circle", plot, { cx: X(cell.at), cy: Y(cell.value), r: 3, class: `point ${SHADES[cell.shade]}` });
    for (const cell of cells) if (cell.quality) mark("text", plot, { x: X(cell.at), y: 196 - 26, class: "sign middle" }, "◆");
    trace(drawn, cells.map((cell) => cell.at), (place) => cellWords(known, row, place), section);
    heading(section, "What its values are now");
    if (!feature.bins.length) { empty(section, `No distribution of ${feature.name} can be compared.`); return; }
    caption(section, `PSI ${figure(feature.psi)} over ${feature.span} ${known.unit}${feature.span > 1 ? "s" : ""} to ${day(feature.until)}. Outline: the reference. Fill: now, darker where the bar adds more to the PSI. Choose a bar to see its history.`);
    bars(section, feature, Math.min(760, pageWidth), (place) => { location.hash = to("monitor", known.name, "feature", id, "bin", String(place)); }, chosen);
    folded(section, "The values as a table", () => ({ columns: ["value", "now", "reference", "adds to the PSI"], rows: feature.bins.map(([name, , reference, now, adds]) => ["ok", [name, percent(now), percent(reference), adds === null ? "" : adds.toFixed(3)]]) }), `Values of ${feature.name}`, { link: (place) => to("monitor", known.name, "feature", id, "bin", String(place)) });
    history(section, known, feature, chosen);
}

function history(section, known, feature, chosen) {
    const { times } = known.inputs;
    if (times.length < 2 || feature.row === null) return;
    const share = (place, time) => shareOf(known, feature.row + place, time);
    heading(section, "How its values went");
    const step = times.at(-1) - times.at(-2), ends = times.map((_, place) => times[place + 1] ?? times[place] + step);
    const shares = feature.bins.map((_, place) => times.map((__, time) => share(place, time)));
    const largest = Math.max(...shares.flat()) || 1;
    const fills = blues();
    heatmap(section, {
        label: `Share of each value of ${feature.name} at ${times.length} times. Arrow keys move, Enter shows the value's history.`,
        names: feature.bins.map(([name]) => name), columns: times, ends, axis: [times[0], ends.at(-1)], width: pageWidth, left: leftOf(), at: chosen >= 0 ? { row: chosen, column: times.length - 1 } : null,
        paint: (row, time) => shares[row][time] === null ? null : fills[Math.round(Math.sqrt(shares[row][time] / largest) * 23)],
        tell: (row, time) => `${feature.bins[row][0]}, ${day(times[time])}: ${percent(shares[row][time])}, in the reference ${percent(feature.bins[row][2])}`,
        open: (row) => { location.hash = to("monitor", known.name, "feature", feature.id, "bin", String(row)); },
    });
    const bin = feature.bins[chosen];
    if (!bin) return;
    const frame = make("section", section, "", { class: "bin", "aria-label": bin[0] });
    heading(frame, `${bin[0]}, over time`);
    const known_shares = shares[chosen], most = Math.max(bin[2], ...known_shares.map((value) => value ?? 0)) * 1.08 || 1;
    const drawn = chart(frame, { label: `Share of ${bin[0]} over time; in the reference ${percent(bin[2])}`, width: pageWidth, height: 170, x: [times[0], times.at(-1)], y: [0, most], yFormat: percent, xTicks: timeTicks([times[0], times.at(-1)], pageWidth / 110) });
    mark("line", drawn.plot, { x1: drawn.left, x2: drawn.width - drawn.right, y1: drawn.Y(bin[2]), y2: drawn.Y(bin[2]), class: "limit reference" });
    mark("text", drawn.plot, { x: drawn.width - drawn.right, y: drawn.Y(bin[2]) - 4, class: "tick end" }, `reference ${percent(bin[2])}`);
    line(drawn, times.map((time, place) => [time, known_shares[place]]), [0, 1]);
    trace(drawn, times, (place) => `${day(times[place])}: ${percent(known_shares[place])}`, frame);
}

// ---- performance
function performancePage(section, known, whole) {
    const { now, segments, slices, bins, fairness, decomposition, comparisons, calibration, class_calibration, cutoffs, class_cutoffs, confusion, estimate, maturity, triangle } = known.performance;
    // On the page of everything the lane stands above already.
    if (known.lanes.points.length && known.axis) whole || performanceLane(make("div", section, "", { class: "lanes" }), known);
    else empty(section, "No labels have arrived yet, so how well it predicts is not known.");
    if (now.rows.length) {
        heading(section, "Every metric, at the newest window whose labels are in");
        table(section, now, `Performance of ${known.name} now`);
    }
    if (segments) {
        heading(section, "By segment, worst first");
        caption(section, `${segments.metric}; the line is everyone (${figure(segments.overall)}). Whiskers: 95 % intervals.`);
        forest(section, segments.rows, segments.overall, `${segments.metric} by segment, worst first`);
        if (segments.hidden) caption(section, `${segments.hidden} more are in ml_monitor__rpt_performance_now.`);
    }
    if (slices.rows.length) {
        heading(section, "Slices that are worse than everyone else");
        caption(section, "Tested against everyone else, corrected for the number of slices, and looked at again in the next window that shares no row.");
        table(section, slices, `Worst slices of ${known.name}`);
    }
    if (bins.rows.length) {
        heading(section, "Values on which it errs more than on others");
        caption(section, "Found in the older half of the error profile, corrected for the number of values, and looked at again in the newer half.");
        table(section, bins, `Worst values of ${known.name}`);
    }
    if (decomposition) decompositionFigures(section, decomposition, known.name);
    if (fairness) fairnessFigures(section, fairness, known.name);
    if (comparisons) comparisonFigures(section, comparisons, known.name);
    if (estimate) estimateFigure(section, estimate);
    if (calibration) calibrationFigure(section, calibration);
    if (class_calibration) classCalibrationFigures(section, class_calibration, known.name);
    if (cutoffs.length > 1) cutoffFigures(section, cutoffs);
    if (class_cutoffs) classCutoffFigures(section, class_cutoffs);
    if (confusion) confusionFigure(section, confusion);
    if (maturity) maturityFigure(section, maturity);
    if (triangle) triangleFigure(section, triangle);
}

function forest(section, rows, middle, label, shaded) {
    const seen = [middle, ...rows.flatMap((row) => [row.value ?? row.difference, row.low, row.high])].filter((value) => value !== null && value !== undefined);
    const pad = (Math.max(...seen) - Math.min(...seen)) * 0.08 || 0.01, step = 22, width = Math.min(860, pageWidth);
    const drawn = chart(section, { label, width, height: rows.length * step + 34, left: leftOf(), top: 4, x: [Math.min(...seen) - pad, Math.max(...seen) + pad], y: [rows.length, 0], yTicks: [], kind: "forest" });
    const { X, plot, root, height } = drawn;
    for (const value of ticks([Math.min(...seen) - pad, Math.max(...seen) + pad], 5)) mark("text", root, { x: X(value), y: height - 6, class: "tick middle" }, figure(value));
    if (shaded) mark("rect", plot, { x: drawn.left, y: 4, width: Math.max(0, X(middle) - drawn.left), height: rows.length * step, class: "zone" });
    mark("line", plot, { x1: X(middle), x2: X(middle), y1: 4, y2: height - 26, class: "level" });
    rows.forEach((row, place) => {
        const y = 4 + step * (place + 0.5), value = row.value ?? row.difference;
        const group = mark("g", plot, { class: `whisker ${row.status || ""}` });
        mark("title", group, {}, row.note);
        named(group, row.name, y + 4, drawn.left);
        if (row.low !== null && row.low !== undefined) mark("line", group, { x1: X(row.low), x2: X(row.high), y1: y, y2: y });
        if (value !== null && value !== undefined) mark("circle", group, { cx: X(value), cy: y, r: 4 });
    });
}

function decompositionFigures(section, { metric, over, segments, table: rows }, name) {
    heading(section, "Why it changed: other rows, or another result");
    caption(section, `The ${metric} over ${over} against the windows just before. Mix: the value has another share of the rows. Rate: the result within it is another. Both add up to the change, exactly.`);
    key(section, [["mix", "mix"], ["rate", "rate"]]);
    for (const segment of segments) {
        caption(section, segment.words);
        effects(section, segment, `${metric} by ${segment.segment}: mix and rate. ${segment.words}`);
        if (segment.hidden) caption(section, `${segment.hidden} more are in ml_monitor__rpt_decomposition.`);
    }
    folded(section, "Mix and rate as a table", rows, `Mix and rate of ${name}`);
}

// Two bars per value, from the line of no change.
function effects(section, { rows }, label) {
    const seen = [0, ...rows.flatMap((row) => [row.mix, row.rate])], pad = (Math.max(...seen) - Math.min(...seen)) * 0.08 || 0.01;
    const step = 26, width = Math.min(860, pageWidth), x = [Math.min(...seen) - pad, Math.max(...seen) + pad];
    const drawn = chart(section, { label, width, height: rows.length * step + 34, left: leftOf(), top: 4, x, y: [rows.length, 0], yTicks: [], xTicks: ticks(x, 5).map((value) => [value, figure(value)]), kind: "effects" });
    const { X, plot, height } = drawn;
    mark("line", plot, { x1: X(0), x2: X(0), y1: 4, y2: height - 26, class: "level" });
    rows.forEach((row, place) => {
        const y = 4 + step * place, group = mark("g", plot);
        mark("title", group, {}, row.note);
        named(group, row.name, y + step / 2 + 4, drawn.left);
        for (const [effect, down] of [["mix", 4], ["rate", 13]]) mark("rect", group, { x: Math.min(X(0), X(row[effect])), y: y + down, width: Math.max(0.5, Math.abs(X(row[effect]) - X(0))), height: 8, class: effect });
    });
}

function fairnessFigures(section, { over, metrics, table: rows }, name) {
    heading(section, "Gaps between protected groups");
    caption(section, `Rate of the group minus that of everyone else, over ${over}, with 95 % intervals. An interval that holds 0 tells nothing apart.`);
    for (const { metric, rows: groups, hidden } of metrics) {
        make("h4", section, metric);
        forest(section, groups, 0, `${metric}: group minus everyone else, the largest gap first`);
        if (hidden) caption(section, `${hidden} smaller ones are in ml_monitor__rpt_fairness.`);
    }
    folded(section, "The gaps as a table", rows, `Fairness gaps of ${name}`);
}

function comparisonFigures(section, { when, metrics, table: rows }, name) {
    heading(section, "Versions on the same rows");
    caption(section, `Challenger minus champion on the labelled rows of ${when} that both scored, with 95 % intervals of the paired difference. An interval that holds 0 tells nothing apart.`);
    for (const { metric, rows: pairs } of metrics) {
        make("h4", section, metric);
        forest(section, pairs, 0, `${metric}: challenger minus champion`);
    }
    folded(section, "The comparisons as a table", rows, `Comparisons of ${name}`);
}

// A name in the room left of a chart.
function named(parent, name, y, left) {
    mark("text", parent, { x: 0, y, class: "name" }, name.length > left / 6.6 ? `${name.slice(0, left / 6.6 - 1)}…` : name);
}

function figureWith(section, title, words) {
    heading(section, title);
    const frame = make("figure", section, "", { class: "beside" });
    const picture = make("div", frame);
    make("figcaption", frame, words);
    return picture;
}

function estimateFigure(section, { metric, over, points }) {
    heading(section, "Is it as good as its scores promise?");
    caption(section, `Dashed: the ${metric} over ${over} that the calibrated scores promise, without labels, with its 95 % band. Solid: what the labels say. Both move together: other cases came in. The solid line leaves the band: the same cases now end otherwise.`);
    const seen = points.flatMap((point) => point.slice(1, 5)).filter((value) => value !== null), pad = (Math.max(...seen) - Math.min(...seen)) * 0.06 || 0.01;
    const x = [points[0][0], points.at(-1)[0]];
    const drawn = chart(section, { label: `Estimated and realised ${metric} over time. ${points.at(-1)[5]}`, width: pageWidth, height: 210, x, y: [Math.min(...seen) - pad, Math.max(...seen) + pad], xTicks: timeTicks(x, pageWidth / 110), kind: "estimate" });
    band(drawn, points, [0, 2, 3]);
    line(drawn, points, [0, 1], "line estimated");
    line(drawn, points, [0, 4]);
    trace(drawn, points.map((point) => point[0]), (place) => points[place][5], section);
}

const SHARES = [0, 0.25, 0.5, 0.75, 1].map((share) => [share, percent(share)]);

function calibrationFigure(section, { bands, when }) {
    const picture = figureWith(section, "Do the scores mean what they say?", `Labelled predictions of ${when}. On the dashed line, a score of 30 % means that it happens in 30 % of cases; above it, the model promises too little. Bars below: how many predictions have such a score.`);
    reliability(picture, bands, "Observed rate against mean score, with 95 % intervals", 420, 380);
}

function reliability(parent, bands, label, width, height) {
    const drawn = chart(parent, { label, width, height, x: [0, 1], y: [0, 1], yFormat: percent, xTicks: SHARES, bottom: 84, kind: "calibration" });
    const { X, Y, plot } = drawn, most = Math.max(...bands.map((band) => band.n));
    mark("line", plot, { x1: X(0), y1: Y(0), x2: X(1), y2: Y(1), class: "limit reference" });
    for (const band of bands) {
        const group = mark("g", plot, { class: "whisker" });
        mark("title", group, {}, band.note);
        mark("line", group, { x1: X(band.score), x2: X(band.score), y1: Y(band.low), y2: Y(band.high) });
        mark("circle", group, { cx: X(band.score), cy: Y(band.rate), r: 4 });
        mark("rect", group, { x: X(band.from) + 1, width: X(band.to) - X(band.from) - 2, y: height - 24 - 44 * band.n / most, height: 44 * band.n / most, class: "fill little" });
    }
    trace(drawn, bands.map((band) => band.score), (place) => bands[place].note, parent);
}

function classCalibrationFigures(section, { when, classes, hidden, table: rows }, name) {
    heading(section, "Do the scores of each class mean what they say?");
    caption(section, `Labelled predictions of ${when}, each class against all others, the most frequent first. On the dashed line, a score of 30 % means that the class happens in 30 % of cases. Bars below: how many predictions have such a score.${hidden ? ` ${hidden} more are in ml_monitor__rpt_class_calibration.` : ""}`);
    const grid = make("div", section, "", { class: "grid" });
    for (const { name: class_name, happened, bands } of classes) {
        const frame = make("figure", grid), words = make("figcaption", frame);
        make("strong", words, class_name || "(empty)");
        words.append(`happened ${happened} times`);
        reliability(frame, bands, `${class_name}: observed rate against mean score, with 95 % intervals`, Math.min(360, pageWidth), 300);
    }
    folded(section, "The scores of each class as a table", rows, `Calibration of the classes of ${name}`);
}

const CURVES = [["ROC curve", "false positive rate", "recall", [2, 1]], ["Precision and recall", "recall", "precision", [1, 3]]];

function cutoffFigures(section, cutoffs) {
    heading(section, "What another cut-off would do");
    caption(section, "From the score bins of the last 30 windows: each point takes the scores at or above a cut-off as positive. Dashed: guessing.");
    const grid = make("div", section, "", { class: "grid wide-grid" });
    for (const kind of CURVES) {
        const frame = make("figure", grid);
        make("figcaption", frame, `${kind[0]}: ${kind[2]} (up) against ${kind[1]}`);
        curve(frame, cutoffs, kind, "");
    }
    folded(section, "The cut-offs as a table", () => cutoffTable([["", cutoffs]]), "Cut-offs");
}

function classCutoffFigures(section, { classes, hidden }) {
    heading(section, "What another cut-off would do, class by class");
    caption(section, `From the score bins of the last 30 windows, each class against all others, the most frequent first: each point takes the scores at or above a cut-off as the class. Dashed: guessing.${hidden ? ` ${hidden} more are in ml_monitor__rpt_cutoffs.` : ""}`);
    const grid = make("div", section, "", { class: "grid wide-grid" });
    for (const { name, points } of classes) {
        for (const kind of CURVES) {
            const frame = make("figure", grid), words = make("figcaption", frame);
            make("strong", words, name || "(empty)");
            words.append(`${kind[0]}: ${kind[2]} (up) against ${kind[1]}`);
            curve(frame, points, kind, ` of ${name || "(empty)"}`);
        }
    }
    folded(section, "The cut-offs of each class as a table", () => cutoffTable(classes.map(({ name, points }) => [`${name || "(empty)"} · `, points])), "Cut-offs of the classes");
}

function curve(parent, cutoffs, [name, , , [across, up]], whose) {
    const drawn = chart(parent, { label: `${name}${whose}, ${cutoffs.length} cut-offs`, width: 420, height: 320, x: [0, 1], y: [0, 1], yFormat: percent, xTicks: SHARES, kind: "curve" });
    const isRoc = across === 2, base = cutoffs.at(-1)[3], guess = isRoc ? [[0, 0], [1, 1]] : [[0, base], [1, base]];
    const points = isRoc ? [[1, 0, 0, 1], ...cutoffs] : cutoffs;
    mark("path", drawn.plot, { d: path(guess.map(([at, value]) => [drawn.X(at), drawn.Y(value)])), class: "limit reference" });
    mark("path", drawn.plot, { d: path(points.map((point) => [drawn.X(point[across]), drawn.Y(point[up])])), class: "line" });
    trace(drawn, cutoffs.map((point) => point[across]), (at) => { const [cutoff, recall, fall, precision] = cutoffs[at]; return `cut-off ${figure(cutoff)}${whose}: recall ${percent(recall)}, false positive rate ${percent(fall)}, precision ${percent(precision)}`; }, parent);
}

function cutoffTable(curves) {
    const most = Math.max(5, Math.ceil(25 / curves.length));
    const few = curves.flatMap(([whose, points]) => points.filter((_, place) => place % Math.ceil(points.length / most) === 0).map((point) => [whose, point]));
    return { columns: ["cut-off", "recall", "false positive rate", "precision"], rows: few.map(([whose, [cutoff, ...shares]]) => ["ok", [`${whose}${figure(cutoff)}`, ...shares.map(percent)]]) };
}

function confusionFigure(section, { classes, counts, when }) {
    heading(section, "What was taken for what");
    caption(section, `Labelled predictions of ${when}. Down: what happened. Across: what the model said. Shares are of the row; darker is more.`);
    const made = make("table", scroller(section), "", { class: "confusion", "aria-label": "Confusion matrix" });
    const head = make("tr", make("thead", made));
    make("th", head, "happened \\ said", { scope: "col" });
    classes.forEach((name) => make("th", head, name, { scope: "col" }));
    make("th", head, "rows", { scope: "col" });
    const body = make("tbody", made);
    counts.forEach((row, place) => {
        const total = row.reduce((sum, n) => sum + n, 0), tr = make("tr", body);
        make("th", tr, classes[place], { scope: "row" });
        row.forEach((n, column) => make("td", tr, `${total ? percent(n / total) : "–"} (${grouped(n)})`, { class: `level${Math.round((total ? n / total : 0) * 5)}${place === column ? " right" : ""}` }));
        make("td", tr, grouped(total));
    });
}

function maturityFigure(section, { delay, ages }) {
    const picture = figureWith(section, "How late do the labels come?", `Share of the labels that have come, by age, as recent windows developed. Windows younger than ${delay} ${delay === 1 ? "window" : "windows"} are not judged by their labels.`);
    const x = [0, Math.max(1, ages.at(-1)[0])];
    const drawn = chart(picture, { label: "How fast labels arrive", width: 560, height: 220, x, y: [0, 1], yFormat: percent, xTicks: ticks(x, 6).filter(Number.isInteger).map((age) => [age, String(age)]), kind: "maturity" });
    mark("line", drawn.plot, { x1: drawn.X(delay), x2: drawn.X(delay), y1: 12, y2: 196, class: "version" });
    line(drawn, ages, [0, 1]);
    trace(drawn, ages.map((age) => age[0]), (place) => ages[place][2], picture);
}

function triangleFigure(section, { windows, shares }) {
    const ages = shares[0].length;
    if (ages < 2) return;
    heading(section, "Labels by window and age");
    caption(section, "Down: how many windows after the prediction. Across: the window of the prediction. Darker: more of its labels were there. The newest windows are not grown yet.");
    const step = windows.length > 1 ? windows.at(-1) - windows.at(-2) : 864e5, ends = windows.map((_, place) => windows[place + 1] ?? windows[place] + step);
    const fills = blues();
    heatmap(section, {
        label: `Share of labels of ${windows.length} windows at ${ages} ages`, names: Array.from({ length: ages }, (_, age) => `${age} later`), columns: windows, ends, axis: [windows[0], ends.at(-1)],
        width: pageWidth, left: leftOf(), rowHeight: ages > 20 ? 9 : 14,
        paint: (age, window) => shares[window][age] === null ? null : fills[Math.round(Math.min(1, shares[window][age]) * 23)],
        tell: (age, window) => `${day(windows[window])}, ${age} later: ${shares[window][age] === null ? "not there yet" : `${percent(shares[window][age])} labelled`}`,
    });
}

// ---- gate, feedback, audit, glossary
function gatePage(section, known) {
    const { gate } = known;
    if (!gate) { empty(section, "No model was retrained, so no candidate has been compared."); return; }
    if (!gate.comparisons.length) empty(section, "No candidate has been compared yet.");
    gate.comparisons.forEach((comparison, place) => {
        heading(section, `${comparison.title}, ${comparison.when}${comparison.outcome ? `: ${comparison.outcome}` : ""}`);
        const metrics = [...new Set(comparison.slices.map((slice) => slice.metric))].filter((metric) => comparison.slices.some((slice) => slice.metric === metric && slice.difference !== null && slice.difference !== undefined));
        if (!place && metrics.length) {
            caption(section, "Candidate minus champion on the same held-out rows, with 95 % intervals. An interval that holds 0 tells nothing apart.");
            for (const metric of metrics) {
                make("h4", section, metric);
                forest(section, comparison.slices.filter((slice) => slice.metric === metric).map((slice) => ({ ...slice, value: slice.difference, note: `${slice.name}: ${figure(slice.difference)} [${figure(slice.low)}, ${figure(slice.high)}]`, status: slice.low > 0 || slice.high < 0 ? "apart" : "" })), 0, `${metric}: candidate minus champion by slice`);
            }
        }
        const n = comparison.table.rows.length;
        folded(section, `${n} ${n === 1 ? "comparison" : "comparisons"} on held-out rows`, comparison.table, place ? `Gate of ${comparison.title}, ${comparison.when}` : `Gate of ${known.name}`, { open: !place });
    });
    if (gate.data.rows.length) {
        heading(section, "The gate for the training rows");
        table(section, gate.data, `Data gate of ${known.name}`);
    }
    heading(section, "Training runs");
    table(section, gate.runs, `Training runs of ${known.name}`);
}

function feedbackPage(section, known) {
    const { feedback } = known;
    if (!feedback) { empty(section, "No feedback was given on the predictions of this monitor."); return; }
    for (const part of feedback) {
        heading(section, part.title);
        if (part.note) caption(section, part.note);
        table(section, part, part.title);
    }
}

function auditPage(section, known) {
    make("h2", section, "Audit", { tabindex: -1 });
    caption(section, "What was restated, who put which version live, what of the configuration changed. Exports and proofs: ml-monitor audit, as-of, explain.");
    heading(section, "Verdicts that changed after they were known");
    empty(section, known.restatements.note);
    if (known.restatements.rows?.rows.length) folded(section, "The ones that changed status, newest first", known.restatements.rows, "Restated verdicts", { open: true });
    if (known.restatements.by_metric?.rows.length) folded(section, "How many, by metric", known.restatements.by_metric, "Restatements by metric");
    heading(section, "Who put which version live");
    if (!table(section, known.deployments, "Deployments")) empty(section, "No version was put live.");
    heading(section, "Changes of the configuration");
    if (!known.changes.rows || !table(section, known.changes.rows, "Changes of the configuration")) empty(section, known.changes.note);
    heading(section, "Seals");
    make("p", section, known.seals.note, { class: known.seals.broken ? "empty broken" : "empty" });
    if (known.seals.chain.length) {
        const chain = make("ol", section, "", { class: `chain${known.seals.broken ? " broken" : ""}`, "aria-label": "Seals" });
        for (const [number, range, head] of known.seals.chain) make("li", chain, [number, range, head.slice(0, 12)].filter(Boolean).join(" · "), { title: head });
    }
}

function glossaryPage(section, known, id) {
    make("h2", section, "Glossary", { tabindex: -1 });
    const words = make("dl", section, "", { class: "words" });
    for (const [name, text] of GENERAL) { const part = make("div", words); make("dt", part, name); make("dd", part, text); }
    const label = make("label", section, "Find a metric ");
    const search = make("input", label, "", { type: "search" });
    const list = make("div", section);
    for (const metric of known.metrics) {
        const part = make("article", list, "", { class: "metric", id: `metric-${metric.id}`, tabindex: -1 });
        make("h3", part, metric.name);
        caption(part, `${metric.family}, unit ${metric.unit}; bad: ${metric.bad}. ${metric.id} = ${metric.formula}`);
        for (const [name, text] of [["How to read it", metric.read], ["When it lies", metric.lies], ["What to do", metric.do]]) {
            if (!text) continue;
            const line = make("p", part);
            make("strong", line, `${name}. `);
            line.append(text);
        }
    }
    search.addEventListener("input", () => {
        const wanted = search.value.trim().toLowerCase();
        list.querySelectorAll("article").forEach((part) => { part.hidden = !part.textContent.toLowerCase().includes(wanted); });
    });
    if (id) { const part = document.getElementById(`metric-${id}`); part?.scrollIntoView(); part?.focus(); }
}

const GENERAL = [
    ["Reference", "What the model was trained or approved on. Its bins are frozen under the edge set's id, so numbers of different days compare."],
    ["Interval", "95 %. A value is only as good as its interval is narrow; windows with too few rows are not judged."],
    ["Maturity", "Labels arrive late. Where too few have arrived, performance is drawn faint and not judged."],
    ["Gate", "A retrained model goes live only if it beats the champion on held-out rows. Otherwise the champion is kept."],
    ["Clock", "All times are UTC; a window is [start, end)."],
];
