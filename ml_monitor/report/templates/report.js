(() => {
    "use strict";
    const ROW = 14, LEFT = 190, TOP = 20;
    const tokens = { "-": "--paper", u: "--wash", a: "--still", b: "--moving", c: "--moved", w: "--amber", x: "--red" };
    const meanings = { "-": "no verdict", u: "not judged", a: "within limits", b: "within limits", c: "within limits, close to the limit", w: "warning", x: "alert" };
    const colour = (token) => getComputedStyle(document.documentElement).getPropertyValue(token).trim();
    const make = (name, parent, text = "") => { const made = document.createElement(name); made.textContent = text; parent.append(made); return made; };
    const day = (time) => new Date(time).toISOString().slice(0, 16).replace("T", " ").replace(" 00:00", "");
    const valueAt = (feature, column) => {
        const digits = feature.values.slice(2 * column, 2 * column + 2);
        return digits === "--" ? null : parseInt(digits, 36) / 1295 * feature.largest;
    };

    function explore(details) {
        const { columns, features } = JSON.parse(details.querySelector("script").textContent);
        if (!features.length) return;
        const frame = make("div", details);
        const label = make("label", frame, "Feature ");
        const choice = make("select", label);
        features.forEach((feature, row) => { make("option", choice, feature.name).value = row; });
        const scroll = make("div", frame);
        scroll.className = "scroll map";
        const canvas = make("canvas", scroll);
        canvas.tabIndex = 0;
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", `Verdicts of ${features.length} features in ${columns.length} columns of time. Arrow keys move from cell to cell.`);
        const spoken = make("output", frame);
        const detail = make("div", frame);
        detail.className = "bins";
        const width = Math.max(2, Math.floor(900 / columns.length));
        const at = { row: 0, column: columns.length - 1 };

        function draw() {
            const scale = window.devicePixelRatio || 1;
            const size = [LEFT + width * columns.length, TOP + ROW * features.length];
            [canvas.width, canvas.height] = size.map((pixels) => pixels * scale);
            [canvas.style.width, canvas.style.height] = size.map((pixels) => `${pixels}px`);
            const pen = canvas.getContext("2d");
            pen.scale(scale, scale);
            pen.font = "11px system-ui, sans-serif";
            const fills = Object.fromEntries(Object.entries(tokens).map(([letter, token]) => [letter, colour(token)]));
            pen.fillStyle = colour("--ink");
            features.forEach((feature, row) => pen.fillText(feature.name.slice(0, 30), 0, TOP + ROW * row + 11));
            pen.fillStyle = colour("--muted");
            const step = Math.ceil(90 / width);
            for (let column = 0; column < columns.length; column += step) pen.fillText(day(columns[column]).slice(0, 10), LEFT + width * column, 12);
            features.forEach((feature, row) => {
                for (let column = 0; column < columns.length; column++) {
                    pen.fillStyle = fills[feature.shades[column]];
                    pen.fillRect(LEFT + width * column, TOP + ROW * row, width > 3 ? width - 1 : width, ROW - 1);
                }
            });
            mark();
        }
        function mark() {
            pointer.style.left = `${LEFT + width * at.column}px`;
            pointer.style.top = `${TOP + ROW * at.row}px`;
            pointer.style.width = `${width}px`;
        }
        function show(row, column) {
            const other = row !== at.row || !detail.firstChild;
            at.row = Math.min(features.length - 1, Math.max(0, row));
            at.column = Math.min(columns.length - 1, Math.max(0, column));
            choice.value = at.row;
            const feature = features[at.row];
            const value = valueAt(feature, at.column);
            spoken.textContent = `${feature.name}, ${day(columns[at.column])}: ${feature.metric} ${value === null ? "not known" : value.toPrecision(3)}, ${meanings[feature.shades[at.column]]}`;
            mark();
            if (other) bins(feature);
        }
        function bins(feature) {
            detail.replaceChildren();
            if (!feature.bins.length) { make("p", detail, `No distribution of ${feature.name} can be compared.`).className = "caption"; return; }
            const table = make("table", detail);
            make("caption", table, `${feature.name}: share of each value, now and in the reference`);
            const head = make("tr", make("thead", table));
            ["value", "now", "reference"].forEach((name) => { make("th", head, name).scope = "col"; });
            const body = make("tbody", table);
            feature.bins.forEach(([name, reference, now]) => {
                const line = make("tr", body);
                make("th", line, name).scope = "row";
                [now, reference].forEach((share) => {
                    const cell = make("td", line);
                    const bar = make("meter", cell);
                    bar.value = share;
                    bar.setAttribute("aria-label", `${(100 * share).toFixed(1)} %`);
                    make("span", cell, ` ${(100 * share).toFixed(1)} %`);
                });
            });
        }

        const pointer = make("i", scroll);
        pointer.className = "pointer";
        const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
        canvas.addEventListener("keydown", (event) => {
            const move = moves[event.key];
            if (!move) return;
            event.preventDefault();
            show(at.row + move[0], at.column + move[1]);
        });
        canvas.addEventListener("click", (event) => show(Math.floor((event.offsetY - TOP) / ROW), Math.floor((event.offsetX - LEFT) / width)));
        choice.addEventListener("change", () => show(Number(choice.value), at.column));
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
        draw();
        show(0, columns.length - 1);
    }

    document.querySelectorAll("details.explore").forEach((details) => details.addEventListener("toggle", () => explore(details), { once: true }));
    addEventListener("beforeprint", () => document.querySelectorAll("details:not(.explore)").forEach((details) => (details.open = true)));
})();
