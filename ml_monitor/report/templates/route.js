// Which page is shown: the part of the address after #, so that back, forward and links work.
const fleet = document.getElementById("fleet"), page = document.getElementById("page"), crumbs = document.getElementById("crumbs");
const places = new Map([...fleet.querySelectorAll("article")].map((article) => [article.dataset.name, article.dataset.id]));
let turn = 0, width = innerWidth, here = null;

function parts() {
    const text = location.hash.slice(1);
    const decode = (part) => { try { return decodeURIComponent(part); } catch { return part; } };
    if (!text || text === "/") return [];
    if (text.startsWith("/")) return text.slice(1).split("/").map(decode);
    // Older links name only the monitor.
    return places.has(decode(text)) ? ["monitor", decode(text)] : [];
}

async function render(moved) {
    const mine = ++turn, route = parts();
    const [kind, name, part, feature, , bin] = route;
    let known = null;
    if (kind === "monitor") known = places.has(name) ? await load(places.get(name)) : null;
    else if (kind === "audit" || kind === "glossary") known = await load(`data-${kind}`);
    if (mine !== turn) return;
    if (route.join("\u0000") !== here?.join("\u0000") && moved) scrollTo(0, 0);
    here = route;
    fleet.hidden = Boolean(kind);
    page.hidden = !kind;
    page.replaceChildren();
    page.className = kind || "";
    if (kind) measure();
    breadcrumbs(route);
    if (!kind) { strips(); document.title = title; if (moved) fleet.querySelector("h2").focus({ preventScroll: true }); document.documentElement.dataset.shown = location.hash; return; }
    if (!known) { make("h2", page, "Not in this report", { tabindex: -1 }); empty(page, kind === "monitor" ? `There is no monitor ${name} in this report.` : `There is no page ${kind}.`); }
    else if (kind === "audit") auditPage(page, known);
    else if (kind === "glossary") glossaryPage(page, known, name);
    else if (part === "feature") featurePage(page, known, feature, bin === undefined ? -1 : Number(bin));
    else {
        const drawn = { "": [[overview, ""]], performance: [[performancePage, "Performance"]], gate: [[gatePage, "Retraining and gate"]], feedback: [[feedbackPage, "Feedback"]], all: [[overview, ""], [performancePage, "Performance"], [gatePage, "Retraining and gate"], [feedbackPage, "Feedback"]] }[part || ""] || [[overview, ""]];
        titled(page, known, part === "all" ? "" : drawn[0][1]);
        tabs(page, known, part || "");
        for (const [draw, name] of drawn) {
            const section = make("section", page);
            if (part === "all" && name) make("h2", section, name);
            draw(section, known, part === "all");
        }
    }
    document.title = `${route.slice(kind === "monitor" ? 1 : 0).join(" · ")} · ${title}`;
    if (moved && kind !== "glossary") page.querySelector("h2")?.focus({ preventScroll: true });
    if (bin !== undefined) page.querySelector(".bin")?.scrollIntoView({ block: "nearest" });
    document.documentElement.dataset.shown = location.hash;
}

function breadcrumbs([kind, name, part, feature, , bin]) {
    crumbs.replaceChildren();
    const steps = [["All monitors", "#/"]];
    if (kind === "monitor") {
        steps.push([name, to("monitor", name)]);
        if (part === "feature") steps.push([feature, to("monitor", name, "feature", feature)]);
        else if (part) steps.push([part, to("monitor", name, part)]);
        if (bin !== undefined) steps.push([`value ${Number(bin) + 1}`, location.hash]);
    } else if (kind) steps.push([kind === "audit" ? "Audit" : kind === "glossary" ? "Glossary" : kind, `#/${kind}`]);
    steps.forEach(([text, target], place) => {
        const link = make("a", make("li", crumbs), text, { href: target });
        if (place === steps.length - 1) link.setAttribute("aria-current", "page");
    });
}

// The strips of the fleet: worst verdict of each lane and column of time, on one axis for all monitors.
async function strips() {
    const known = await load("data-fleet");
    if (!known || fleet.hidden) return;
    const fills = TOKENS.map((token) => token && colour(token === "still" ? "moving" : token));
    const wanted = `${innerWidth} ${devicePixelRatio} ${fills}`;
    if (fleet.dataset.drawn === wanted) return;
    fleet.dataset.drawn = wanted;
    const axis = [Math.min(...known.monitors.map((one) => one.columns[0] ?? Infinity)), Math.max(...known.monitors.map((one) => one.end ?? -Infinity))];
    const ratio = window.devicePixelRatio || 1, articles = [...fleet.querySelectorAll("article")];
    // All sizes first, all drawing after: reading a size between two drawings would lay the page out anew each time. What is filtered out has none.
    const wide = Math.max(...articles.map((article) => article.querySelector(".strip").clientWidth));
    articles.forEach((article, number) => {
        const canvas = article.querySelector("canvas"), { columns, end, strips: lanes } = known.monitors[number];
        if (!canvas || !columns.length) return;
        [canvas.width, canvas.height] = [wide * ratio, 26 * ratio];
        canvas.style.width = `${wide}px`;
        const pen = canvas.getContext("2d"), X = scale(axis, [0, wide]);
        pen.scale(ratio, ratio);
        const shapes = new Map();
        lanes.forEach((lane, row) => {
            for (let column = 0; column < columns.length; column++) {
                const code = lane[column], begin = X(columns[column]);
                let finish = X(columns[column + 1] ?? end);
                const gap = finish - begin > 4 ? 1 : 0;
                if (!gap) while (column + 1 < columns.length && lane[column + 1] === code) { column++; finish = X(columns[column + 1] ?? end); }
                if (code === "0") continue;
                if (!shapes.has(code)) shapes.set(code, new Path2D());
                shapes.get(code).rect(begin, row * 9, Math.max(1, finish - begin - gap), 8);
            }
        });
        for (const [code, shape] of shapes) { pen.fillStyle = fills[code]; pen.fill(shape); }
    });
}

// Who points at a monitor opens it next.
for (const sign of ["pointerover", "focusin"]) fleet.addEventListener(sign, (event) => { const article = event.target.closest("article"); if (article) load(article.dataset.id); });

document.getElementById("find")?.addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    fleet.querySelectorAll("article").forEach((article) => { article.hidden = !article.textContent.toLowerCase().includes(wanted); });
});

// u goes up, n and p to the next and previous feature, / finds a monitor, g opens the glossary.
addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    const links = [...crumbs.querySelectorAll("a")];
    if (event.key === "u" && links.length > 1) location.hash = links.at(-2).getAttribute("href");
    else if (event.key === "g") location.hash = "#/glossary";
    else if (event.key === "/") { event.preventDefault(); location.hash = "#/"; requestAnimationFrame(() => document.getElementById("find")?.focus()); }
    else if (event.key === "n" || event.key === "p") page.querySelector(`[data-key="${event.key}"]`)?.click();
});

const title = document.title;
addEventListener("hashchange", () => render(true));
addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; render(false); } });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => render(false));
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((details) => { details.open = true; details.dispatchEvent(new Event("toggle")); }));
render(false);

// What has run once runs faster: the first monitor is drawn to nowhere while nothing else is to be done, so that who opens one does not wait for that.
parsed.then(() => whenIdle(async () => {
    const [first] = places.values();
    if (first && !here?.length) overview(document.createElement("section"), await load(first));
}));
