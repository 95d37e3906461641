
// ---- transcript: click a word to jump, search
const UNKNOWN = "unknown speaker";
const turnAt = new Map(turns.map((turn) => [turn.index, turn]));
const nameOf = ({ turn }) => {
  if (turn === null) return UNKNOWN;
  const { person, speaker } = turnAt.get(turn);
  return person !== null ? shown(person) : speaker;
};
const paragraphs = data.cues.map((cue) => {
  const item = document.createElement("p");
  const name = item.appendChild(document.createElement("b"));
  for (const [start, text] of cue.words) {
    const word = Object.assign(document.createElement("button"), { className: "word", textContent: text });
    word.dataset.start = start;
    item.append(word, " ");
  }
  return { cue, item, name };
});
const nameTranscript = () => {
  for (const { cue, item, name } of paragraphs) {
    name.textContent = nameOf(cue);
    item.className = cue.turn === null ? "nobody" : color(turnAt.get(cue.turn).person);
  }
};
const find = () => {
  const wanted = byId("find").value.trim().toLowerCase();
  let count = 0;
  for (const { cue, item } of paragraphs) {
    const hit = !wanted || `${nameOf(cue)}: ${cue.text}`.toLowerCase().includes(wanted);
    item.hidden = !hit;
    count += hit;
    for (const word of item.querySelectorAll(".word"))
      word.classList.toggle("hit", wanted !== "" && word.textContent.toLowerCase().includes(wanted));
  }
  byId("found").value = wanted ? count : "";
};
if (paragraphs.length) {
  byId("transcript").append(...paragraphs.map(({ item }) => item));
  byId("transcript").addEventListener("click", (event) => {
    const word = event.target.closest(".word");
    if (word) seek(+word.dataset.start + 0.01);
  });
  byId("find").addEventListener("input", find);
}

// ---- files made here, as `pins convert` writes them, with names and corrections as they stand
const SPEAKS = "[speaks]";
const oneLine = (text) => text.split(/\s+/u).filter(Boolean).join(" ");
const length = (text) => [...text].length;
const wrap = (text) => {
  const lines = [];
  for (const word of text.split(" "))
    if (lines.length && length(lines.at(-1)) + 1 + length(word) <= 42) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  return lines.join("\n");
};
const pad = (number, digits = 2) => String(number).padStart(digits, "0");
const stamp = (seconds, point) => {
  const all = Math.round(1000 * seconds);
  return `${pad(Math.floor(all / 3600000))}:${pad(Math.floor(all / 60000) % 60)}:${pad(Math.floor(all / 1000) % 60)}${point}${pad(all % 1000, 3)}`;
};
const assStamp = (seconds, up) => {
  const all = up ? Math.ceil(Math.round(1000 * seconds) / 10) : Math.floor(Math.round(1000 * seconds) / 10);
  return `${Math.floor(all / 360000)}:${pad(Math.floor(all / 6000) % 60)}:${pad(Math.floor(all / 100) % 60)}.${pad(all % 100)}`;
};
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const quoted = (text) => escaped(text).replace(/"/g, "&quot;").replace(/\t/g, "&#09;").replace(/\n/g, "&#10;").replace(/\r/g, "&#13;");
const srtText = (text) => {
  const plain = oneLine(text).replaceAll("-->", "→").replace(/<(?=[/a-zA-Z])/g, "‹");
  return plain.includes("{\\") ? plain.replaceAll("{", "(").replaceAll("}", ")") : plain;
};
const cell = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
const csvCell = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const cuesNow = () => (data.cues.length ? data.cues : data.stretches).map((cue) => ({ ...cue, name: nameOf(cue) }));
const stretchesNow = () => data.stretches.map((cue) => ({ ...cue, name: nameOf(cue) }));
const tiersNow = () => {
  const tiers = new Map();
  for (const { start, end, name, text } of stretchesNow()) {
    if (!tiers.has(name)) tiers.set(name, []);
    const tier = tiers.get(name), last = tier.at(-1);
    if (last && start < last.end) {
      last.end = Math.max(last.end, end);
      last.text = [last.text, text].filter(Boolean).join(" ");
    } else tier.push({ start, end, name, text });
  }
  return tiers;
};
const timecode = (frame) => {
  const [top, bottom] = data.rate, base = Math.round(top / bottom);
  const drops = bottom === 1001 && base % 30 === 0, dropped = base / 15;
  if (drops) {
    const tens = Math.floor(frame / (600 * base - 9 * dropped)), rest = frame % (600 * base - 9 * dropped);
    frame += 9 * dropped * tens;
    if (rest >= 60 * base) frame += dropped * (1 + Math.floor((rest - 60 * base) / (60 * base - dropped)));
  }
  const seconds = Math.floor(frame / base);
  return `${pad(Math.floor(seconds / 3600) % 24)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}${drops ? ";" : ":"}${pad(frame % base)}`;
};
const stem = data.video.split(/[\\/]/).pop().replace(/\.[^.]*$/, "");
const ASS_HEAD = [
  "[Script Info]", "ScriptType: v4.00+", "WrapStyle: 0", "PlayResX: 1280", "PlayResY: 720", "ScaledBorderAndShadow: yes", "", "[V4+ Styles]",
  "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding",
  "Style: Default,Arial,48,&H00FFFFFF,&H000000FF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,2,1,2,40,40,30,1", "", "[Events]",
  "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
];
const RESOLVE = ["Blue", "Green", "Yellow", "Red", "Pink", "Purple", "Fuchsia", "Rose", "Lavender", "Sky", "Mint", "Lemon", "Sand", "Cocoa", "Cream", "Cyan"];
const writers = {
  srt: [".srt", () => cuesNow().map(({ start, end, name, text }, row) =>
    `${row + 1}\n${stamp(start, ",")} --> ${stamp(end, ",")}\n${wrap(srtText(`${name}: ${text || SPEAKS}`))}\n`).join("\n")],
  vtt: [".vtt", () => ["WEBVTT\n", ...cuesNow().map(({ start, end, name, text }) =>
    `${stamp(start, ".")} --> ${stamp(end, ".")}\n<v ${escaped(oneLine(name))}>${wrap(escaped(oneLine(text || SPEAKS)))}</v>\n`)].join("\n")],
  ass: [".ass", () => [...ASS_HEAD, ...cuesNow().map(({ start, end, name, text }) => {
    const said = oneLine(text || SPEAKS).replaceAll("\\", "⧵").replaceAll("{", "｛").replaceAll("}", "｝");
    return `Dialogue: 0,${assStamp(start)},${assStamp(end, true)},Default,${oneLine(name).replaceAll(",", ";")},0,0,0,,${said}`;
  }), ""].join("\n")],
  txt: [".txt", () => {
    const blocks = [];
    for (const cue of cuesNow())
      if (blocks.length && blocks.at(-1)[0].name === cue.name) blocks.at(-1).push(cue); else blocks.push([cue]);
    return blocks.map((block) => {
      const seconds = Math.floor(block[0].start);
      const said = block.map((cue) => oneLine(cue.text)).filter(Boolean).join(" ") || SPEAKS;
      return `[${Math.floor(seconds / 3600)}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}] ${oneLine(block[0].name)}\n${said}\n`;
    }).join("\n");
  }],
  csv: [".csv", () => ["start,end,name,text", ...stretchesNow().map(({ start, end, name, text }) =>
    [start.toFixed(3), end.toFixed(3), cell(name), cell(text)].map(csvCell).join(","))].join("\n") + "\n"],
  audacity: [".labels.txt", () => stretchesNow().map(({ start, end, name, text }) =>
    `${start.toFixed(6)}\t${end.toFixed(6)}\t${oneLine(text ? `${name}: ${text}` : name)}\n`).join("")],
  textgrid: [".TextGrid", () => {
    const tiers = tiersNow(), praat = (text) => `"${oneLine(text).replaceAll('"', '""')}"`;
    const end = Math.max(data.duration, 0.001, ...[...tiers.values()].map((tier) => tier.at(-1).end));
    if (!tiers.size) tiers.set("nobody", []);
    const lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", `xmax = ${end.toFixed(6)}`, "tiers? <exists>", `size = ${tiers.size}`, "item []:"];
    [...tiers].forEach(([name, cues], row) => {
      const filled = [];
      let last = 0;
      for (const cue of cues) {
        if (cue.start - last > 1e-6) filled.push([last, cue.start, ""]);
        filled.push([Math.max(last, cue.start), cue.end, cue.text || cue.name]);
        last = cue.end;
      }
      if (end - last > 1e-6 || !filled.length) filled.push([last, end, ""]);
      lines.push(`    item [${row + 1}]:`, '        class = "IntervalTier"', `        name = ${praat(name)}`, "        xmin = 0", `        xmax = ${end.toFixed(6)}`, `        intervals: size = ${filled.length}`);
      filled.forEach(([from, to, text], index) => lines.push(`        intervals [${index + 1}]:`, `            xmin = ${from.toFixed(6)}`, `            xmax = ${to.toFixed(6)}`, `            text = ${praat(text)}`));
    });
    return [...lines, ""].join("\n");
  }],
  elan: [".eaf", () => {
    const tiers = tiersNow(), clean = (text) => text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "");
    const file = `./${encodeURIComponent(data.video.split(/[\\/]/).pop())}`;
    const all = [...tiers.values()].flat().flatMap(({ start, end }) => [Math.round(1000 * start), Math.round(1000 * end)]);
    const slots = new Map([...new Set(all)].sort((a, b) => a - b).map((time, row) => [time, `ts${row + 1}`]));
    let number = 0;
    return ['<?xml version="1.0" encoding="UTF-8"?>',
      '<ANNOTATION_DOCUMENT xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd" AUTHOR="pins_plugin" DATE="1970-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.0">',
      `<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"><MEDIA_DESCRIPTOR MEDIA_URL="${file}" MIME_TYPE="video/mp4" RELATIVE_MEDIA_URL="${file}"/></HEADER>`,
      "<TIME_ORDER>", ...[...slots].map(([time, slot]) => `<TIME_SLOT TIME_SLOT_ID="${slot}" TIME_VALUE="${time}"/>`), "</TIME_ORDER>",
      ...[...tiers].flatMap(([name, cues]) => [`<TIER LINGUISTIC_TYPE_REF="default-lt" PARTICIPANT="${quoted(clean(name))}" TIER_ID="${quoted(clean(name))}">`,
        ...cues.map(({ start, end, text }) => `<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a${++number}" TIME_SLOT_REF1="${slots.get(Math.round(1000 * start))}" TIME_SLOT_REF2="${slots.get(Math.round(1000 * end))}"><ANNOTATION_VALUE>${escaped(clean(text))}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>`), "</TIER>"]),
      '<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true" GRAPHIC_REFERENCES="false"/>', "</ANNOTATION_DOCUMENT>", ""].join("\n");
  }],
  edl: [".edl", () => {
    const [top, bottom] = data.rate, base = Math.round(top / bottom), drops = bottom === 1001 && base % 30 === 0;
    const frameAt = (seconds) => Math.max(0, Math.round((seconds - data.first) * top / bottom));
    const first = 3600 * base - (drops ? 54 * base / 15 : 0);
    const field = (text) => oneLine(text.replaceAll("|", "¦"));
    const lines = [`TITLE: ${field(stem)}`, `FCM: ${drops ? "DROP FRAME" : "NON-DROP FRAME"}`, ""];
    const colors = [];
    let last = -1;
    stretchesNow().forEach(({ start, end, name, text }, row) => {
      if (!colors.includes(name)) colors.push(name);
      const frame = Math.max(frameAt(start), last + 1), at = timecode(first + frame), after = timecode(first + frame + 1);
      last = frame;
      let note = text ? `${name}: ${text}` : name;
      if (length(note) > 200) note = `${[...note].slice(0, 199).join("")}…`;
      lines.push(`${pad(row + 1, 3)}  001      V     C        ${at} ${after} ${at} ${after}`,
        ` |C:ResolveColor${RESOLVE[colors.indexOf(name) % RESOLVE.length]} |M:${field(note)} |D:${Math.max(1, frameAt(end) - frame)}`, "");
    });
    return `${lines.join("\n")}\n`;
  }],
};
byId("export-as").addEventListener("change", (event) => {
  const [ending, write] = writers[event.target.value] ?? [];
  event.target.value = "";
  if (!write) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([write()], { type: "text/plain" }));
  link.download = `${stem}${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
document.addEventListener("corrected", nameTranscript);
nameTranscript();
