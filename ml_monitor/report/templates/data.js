// What travels in the page, unpacked when it is asked for: length of the JSON, the JSON, arrays of bytes; deflated, in base64.
const parsed = new Promise((done) => { if (document.readyState === "loading") addEventListener("DOMContentLoaded", done, { once: true }); else done(); });
const unpacked = new Map();

async function load(id) {
    if (!unpacked.has(id)) unpacked.set(id, unpack(id));
    return unpacked.get(id);
}

async function unpack(id) {
    // The next element is there only when the parser has gone past the end of this one.
    if (!document.getElementById(id)?.nextElementSibling) await parsed;
    const element = document.getElementById(id);
    if (!element) return null;
    const letters = atob(element.textContent), packed = new Uint8Array(letters.length);
    for (let place = 0; place < letters.length; place++) packed[place] = letters.charCodeAt(place);
    const inflated = new DecompressionStream("deflate"), writer = inflated.writable.getWriter();
    writer.write(packed);
    writer.close();
    const bytes = new Uint8Array(await new Response(inflated.readable).arrayBuffer());
    const size = new DataView(bytes.buffer).getUint32(0, true);
    const known = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + size)));
    known.bytes = Object.fromEntries(Object.entries(known.arrays).map(([name, [offset, length]]) => [name, bytes.subarray(4 + size + offset, 4 + size + offset + length)]));
    return known;
}

// Shades, values and shares of a monitor's features.
const SHADES = ["absent", "unknown", "still", "moving", "moved", "warning", "alert"];
const TOKENS = ["", "wash", "still", "moving", "moved", "amber", "red"];
const MEANINGS = ["no verdict", "not judged", "within limits", "within limits", "within limits, close to the limit", "warning", "alert"];
const QUALITIES = ["", "data quality warning", "data quality alert"];

function cellOf(known, feature, column) {
    const { bytes, inputs } = known;
    const place = feature * inputs.columns.length + column;
    const code = (bytes.high[place] << 2) | bytes.low[place];
    const side = (code - 512) / 511;
    return {
        shade: bytes.shades[place],
        value: code ? Math.sign(side) * side * side * inputs.features[feature].largest : null,
        metric: inputs.metrics[bytes.metrics[place]],
        quality: bytes.quality[place],
    };
}

function shareOf(known, row, time) {
    const code = known.bytes.shares[row * known.inputs.times.length + time];
    return code ? ((code - 1) / 254) ** 2 : null;
}
