// Elements, numbers, scales and the two kinds of pictures: SVG for curves, canvas for many cells.
const SVG = "http://www.w3.org/2000/svg";

function make(name, parent, text = "", attributes = {}) {
    const made = document.createElement(name);
    if (text !== "") made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    parent?.append(made);
    return made;
}

function mark(name, parent, attributes = {}, text = "") {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== "") made.textContent = text;
    parent?.append(made);
    return made;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const colour = (token) => getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();
// From the colour of the page to blue, in 24 steps.
function blues() {
    const [blue, paper] = ["blue", "paper"].map(colour);
    return Array.from({ length: 24 }, (_, level) => `color-mix(in srgb, ${blue} ${(level + 1) * 4}%, ${paper})`);
}

const percent = (share) => share === null ? "not known" : `${(100 * share).toFixed(share < 0.1 && share > 0 ? 1 : 0)} %`;
// Not toLocaleString(), which loads the rules of all languages when it is first asked: a quarter of the time in which a monitor opens.
const grouped = (whole) => String(whole).replace(/\B(?=(\d{3})+$)/g, ",");
const figure = (value) => value === null || value === undefined ? "not known" : Math.abs(value) >= 1000 ? grouped(Math.round(value)) : String(Number(value.toPrecision(3)));

function day(time) {
    const at = new Date(time);
    const clock = at.toISOString().slice(11, 16);
    return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${at.getUTCFullYear()}${clock === "00:00" ? "" : ` ${clock}`}`;
}

const scale = ([from, to], [start, end]) => (value) => start + (value - from) / ((to - from) || 1) * (end - start);

function ticks([from, to], most = 5) {
    const rough = (to - from) / most || 1;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
    const found = [];
    for (let at = Math.ceil(from / step - 1e-9) * step; at <= to + step * 1e-9; at += step) found.push(Math.abs(at) < step * 1e-6 ? 0 : Number(at.toPrecision(12)));
    return found;
}

function timeTicks([from, to], most = 8) {
    const hour = 36e5, span = to - from, found = [];
    const step = [1, 3, 6, 12, 24, 48, 168].map((hours) => hours * hour).find((size) => span / size <= most);
    if (step) {
        for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
            const date = new Date(at);
            found.push([at, step < 24 * hour && date.getUTCHours() ? date.toISOString().slice(11, 16) : `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`]);
        }
        return found;
    }
    const months = [1, 2, 3, 6, 12, 24, 60].find((size) => span / (size * 730 * hour) <= most) || 120;
    const first = new Date(from);
    for (let month = Math.ceil((first.getUTCFullYear() * 12 + first.getUTCMonth()) / months) * months; ; month += months) {
        const at = Date.UTC(Math.floor(month / 12), month % 12);
        if (at > to) return found;
        if (at >= from) found.push([at, month % 12 === 0 || !found.length ? `${MONTHS[month % 12]} ${Math.floor(month / 12)}` : MONTHS[month % 12]]);
    }
}

// A chart with axes: `X` and `Y` place values, `plot` takes the marks.
function chart(parent, { label, width, height, left = 56, right = 16, top = 12, bottom = 24, x, y, xTicks, yTicks = ticks(y, 4), yFormat = figure, kind = "" }) {
    const root = mark("svg", parent, { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": label, class: `chart ${kind}` });
    const X = scale(x, [left, width - right]), Y = scale(y, [height - bottom, top]);
    for (const value of yTicks) {
        mark("line", root, { x1: left, x2: width - right, y1: Y(value), y2: Y(value), class: "grid" });
        mark("text", root, { x: left - 8, y: Y(value) + 4, class: "tick end" }, yFormat(value));
    }
    for (const [value, text] of xTicks || []) mark("text", root, { x: X(value), y: height - 6, class: "tick middle" }, text);
    return { root, X, Y, width, height, left, right, top, bottom, plot: mark("g", root, { class: "plot" }) };
}

const path = (points) => points.map(([x, y], place) => `${place ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

// Stretches of neighbours that all are known.
function runs(points, known) {
    const found = [[]];
    for (const point of points) if (known(point)) found.at(-1).push(point); else if (found.at(-1).length) found.push([]);
    return found.filter((run) => run.length);
}

function band({ X, Y, plot }, points, [at, low, high], name = "band") {
    for (const run of runs(points, (point) => point[low] !== null && point[high] !== null)) {
        const upper = run.map((point) => [X(point[at]), Y(point[high])]), lower = run.map((point) => [X(point[at]), Y(point[low])]).reverse();
        mark("path", plot, { d: `${path([...upper, ...lower])}Z`, class: name });
    }
}

function line({ X, Y, plot }, points, [at, value], name = "line") {
    for (const run of runs(points, (point) => point[value] !== null)) mark("path", plot, { d: path(run.map((point) => [X(point[at]), Y(point[value])])), class: name });
}

// The nearest point of a curve, told in words: by pointer, or with the arrow keys.
function trace(drawn, xs, tell, parent, choose) {
    if (!xs.length) return;
    const { root, X, top, height, bottom } = drawn;
    const said = make("output", parent);
    said.className = "say";
    const hair = mark("line", root, { class: "hair", y1: top, y2: height - bottom, visibility: "hidden" });
    let at = xs.length - 1;
    function show(place) {
        at = Math.min(xs.length - 1, Math.max(0, place));
        hair.setAttribute("x1", X(xs[at])); hair.setAttribute("x2", X(xs[at]));
        hair.setAttribute("visibility", "visible");
        said.textContent = tell(at);
    }
    function nearest(event) {
        const box = root.getBoundingClientRect();
        const x = (event.clientX - box.left) * drawn.width / box.width;
        let best = 0;
        for (let place = 1; place < xs.length; place++) if (Math.abs(X(xs[place]) - x) < Math.abs(X(xs[best]) - x)) best = place;
        return best;
    }
    root.setAttribute("tabindex", "0");
    root.addEventListener("pointermove", (event) => show(nearest(event)));
    root.addEventListener("click", (event) => { show(nearest(event)); choose?.(at); });
    root.addEventListener("keydown", (event) => {
        const step = { ArrowLeft: -1, ArrowRight: 1, Home: -xs.length, End: xs.length }[event.key];
        if (step) { event.preventDefault(); show(at + step); } else if (event.key === "Enter") choose?.(at);
    });
    said.textContent = tell(at);
}

const SCREENFUL = 60;
// Safari has no idle callbacks.
const whenIdle = window.requestIdleCallback?.bind(window) ?? setTimeout;
const waiting = new Set();

function later(work) {
    waiting.add(work);
    whenIdle(() => { if (waiting.delete(work)) work(); });
}

addEventListener("beforeprint", () => { for (const work of waiting) { waiting.delete(work); work(); } });

// Many cells: rows by columns of time. `paint(row, column)` is a fill or null, `tell` the words of a cell, `open` what Enter does.
function heatmap(parent, { label, names, columns, ends, axis, left = LEFT, width, rowHeight = 16, paint, marked, tell, open, at = null }) {
    const frame = make("div", parent);
    frame.className = "map";
    const canvas = make("canvas", frame, "", { tabindex: 0, role: "img", "aria-label": label });
    const pointer = make("i", frame);
    pointer.className = "pointer";
    const said = make("output", parent);
    said.className = "say";
    const TOP = 22, X = scale(axis, [left, width - 16]);
    const edges = columns.map((column, place) => [X(column), X(ends[place])]);
    const place = at || { row: 0, column: columns.length - 1 };
    const ratio = window.devicePixelRatio || 1, size = [width, TOP + rowHeight * names.length];
    [canvas.width, canvas.height] = size.map((pixels) => Math.round(pixels * ratio));
    [canvas.style.width, canvas.style.height] = size.map((pixels) => `${pixels}px`);
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    pen.font = "12px system-ui, sans-serif";
    pen.fillStyle = colour("ink");
    names.forEach((name, row) => pen.fillText(short(pen, name, left - 12), 0, TOP + rowHeight * row + rowHeight - 5));
    pen.fillStyle = colour("muted");
    for (const [time, text] of timeTicks(axis, width / 110)) pen.fillText(text, Math.min(X(time), width - 40), 13);
    function draw(from, until) {
        const fills = new Map();
        for (let row = from; row < until; row++) {
            for (let column = 0; column < columns.length; column++) {
                const fill = paint(row, column);
                if (!fill) continue;
                const begin = edges[column][0];
                let end = edges[column][1];
                const gap = end - begin > 4 ? 1 : 0;
                // Neighbours of one colour are one rectangle where cells are too thin for gaps.
                if (!gap) while (column + 1 < columns.length && edges[column + 1][0] - end < 0.6 && paint(row, column + 1) === fill) end = edges[++column][1];
                if (!fills.has(fill)) fills.set(fill, new Path2D());
                fills.get(fill).rect(begin, TOP + rowHeight * row, Math.max(1, end - begin - gap), rowHeight - 1);
            }
        }
        for (const [fill, shape] of fills) { pen.fillStyle = fill; pen.fill(shape); }
        if (marked) pen.fillStyle = colour("ink");
        for (let row = from; marked && row < until; row++) for (let column = 0; column < columns.length; column++) {
            if (!marked(row, column)) continue;
            const middle = (edges[column][0] + edges[column][1]) / 2, centre = TOP + rowHeight * (row + 0.5) - 0.5;
            pen.beginPath();
            pen.moveTo(middle, centre - 3.5); pen.lineTo(middle + 3.5, centre); pen.lineTo(middle, centre + 3.5); pen.lineTo(middle - 3.5, centre);
            pen.fill();
        }
        // A screenful at a time: who asked for all does not wait for what lies below, who prints does.
        if (until < names.length) later(() => draw(until, Math.min(names.length, until + SCREENFUL)));
    }
    draw(0, Math.min(names.length, SCREENFUL));
    function show(row, column) {
        place.row = Math.min(names.length - 1, Math.max(0, row));
        place.column = Math.min(columns.length - 1, Math.max(0, column));
        const [begin, end] = edges[place.column];
        pointer.style.left = `${begin}px`;
        pointer.style.top = `${TOP + rowHeight * place.row}px`;
        pointer.style.width = `${Math.max(2, end - begin)}px`;
        pointer.style.height = `${rowHeight - 1}px`;
        said.textContent = tell(place.row, place.column);
    }
    function under(event) {
        const box = canvas.getBoundingClientRect();
        const x = event.clientX - box.left;
        let column = edges.findIndex(([begin, end]) => x >= begin && x < end);
        if (column < 0) column = x < left ? place.column : columns.length - 1;
        return [Math.floor((event.clientY - box.top - TOP) / rowHeight), column, x < left];
    }
    canvas.addEventListener("pointermove", (event) => { const [row, column] = under(event); if (row >= 0) show(row, column); });
    canvas.addEventListener("click", (event) => { const [row, column] = under(event); if (row < 0) return; show(row, column); open?.(place.row, place.column); });
    canvas.addEventListener("keydown", (event) => {
        const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -columns.length], End: [0, columns.length], PageUp: [-10, 0], PageDown: [10, 0] }[event.key];
        if (move) { event.preventDefault(); show(place.row + move[0], place.column + move[1]); } else if (event.key === "Enter") open?.(place.row, place.column);
    });
    show(place.row, place.column);
    return canvas;
}

function short(pen, text, room) {
    if (pen.measureText(text).width <= room) return text;
    let size = text.length;
    while (size > 1 && pen.measureText(`${text.slice(0, size)}…`).width > room) size--;
    return `${text.slice(0, size)}…`;
}

// What can be scrolled is reached by keyboard, and only what can be: else each table would be one more stop.
function scroller(parent) {
    const scroll = make("div", parent, "", { class: "scroll" });
    new ResizeObserver(() => {
        if (scroll.scrollWidth > scroll.clientWidth) scroll.tabIndex = 0; else scroll.removeAttribute("tabindex");
    }).observe(scroll);
    return scroll;
}

function table(parent, { columns, rows }, label, link) {
    if (!rows?.length) return null;
    const made = make("table", scroller(parent), "", { "aria-label": label });
    const head = make("tr", make("thead", made));
    columns.forEach((name) => make("th", head, name, { scope: "col" }));
    const body = make("tbody", made);
    rows.forEach(([status, cells], row) => {
        const tr = make("tr", body, "", { class: status });
        cells.forEach((cell, column) => {
            if (column) { make("td", tr, cell, { "data-label": columns[column] }); return; }
            const th = make("th", tr, "", { scope: "row" });
            make("i", th, "", { class: "dot", "aria-hidden": "true" });
            const target = link?.(row);
            if (target) make("a", th, cell, { href: target }); else th.append(cell);
        });
    });
    return made;
}

// A table behind its summary, made when it is opened: most never are, and rows take longer than pictures. `content` may be what makes it.
function folded(parent, summary, content, label, { link, open = false } = {}) {
    const details = make("details", parent);
    make("summary", details, summary);
    const fill = () => table(details, typeof content === "function" ? content() : content, label, link);
    details.open = open;
    if (open) fill(); else details.addEventListener("toggle", fill, { once: true });
}

const empty = (parent, text) => make("p", parent, text, { class: "empty" });
const caption = (parent, text) => make("p", parent, text, { class: "caption" });
const heading = (parent, text) => make("h3", parent, text);

function key(parent, entries) {
    const list = make("ul", parent, "", { class: "key", "aria-label": "Key" });
    for (const [sign, text] of entries) {
        const item = make("li", list);
        if (sign.length === 1) make("b", item, sign, { "aria-hidden": "true" }); else make("i", item, "", { class: `swatch ${sign}`, "aria-hidden": "true" });
        item.append(text);
    }
}
