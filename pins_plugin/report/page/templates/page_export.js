
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

// ---- files made here, letter by letter as `pins convert` writes them, with names and corrections as they stand
const SPEAKS = "[speaks]";
const oneLine = (text) => text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
  .split(/[\t\n\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u).filter(Boolean).join(" ");
const length = (text) => [...text].length;
const wrap = (text) => {
  const lines = [];
  for (const word of text.split(" "))
    if (lines.length && length(lines.at(-1)) + 1 + length(word) <= 42) lines[lines.length - 1] += ` ${word}`;
    else lines.push(word);
  return lines.join("\n");
};
const pad = (number, digits = 2) => String(number).padStart(digits, "0");
const clockOf = (seconds) => `${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`;
const thousandths = (seconds) => Math.round(1000 * seconds);
const stamp = (seconds, point) => {
  const all = thousandths(seconds), whole = Math.floor(all / 1000);
  return `${pad(Math.floor(whole / 3600))}:${clockOf(whole)}${point}${pad(all % 1000, 3)}`;
};
const assStamp = (seconds, round) => {
  const all = round(thousandths(seconds) / 10), whole = Math.floor(all / 100);
  return `${Math.floor(whole / 3600)}:${clockOf(whole)}.${pad(all % 100)}`;
};
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const quoted = (text) => escaped(text).replace(/"/g, "&quot;").replace(/'/g, "&#x27;");
const srtText = (text) => {
  const safe = text.replaceAll("-->", "→").replace(/<(?=[/a-zA-Z])/g, "‹");
  return safe.includes("{\\") ? safe.replaceAll("{", "(").replaceAll("}", ")") : safe;
};
const assText = (text) => text.replaceAll("\\", "⧵").replaceAll("{", "｛").replaceAll("}", "｝");
const cell = (text) => {
  const shown = text.replace(/(?![ \u200c-\u200f])[\p{C}\p{Z}]/gu, "?"), safe = /^[=+\-@?]/.test(shown) ? `'${shown}` : shown;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
const named = (cues) => cues.map((cue) => ({ ...cue, name: oneLine(nameOf(cue)) || UNKNOWN }));
const cuesNow = () => named(data.cues.length ? data.cues : data.stretches);
const stretchesNow = () => named(data.stretches);
const noted = ({ name, text }) => (text ? `${name}: ${text}` : name);
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
const [numerator, denominator] = data.rate, base = Math.round(numerator / denominator), drops = denominator === 1001 && base % 30 === 0, dropped = base / 15;
const frameAt = (seconds) => { // whole microseconds, so that halves are halves
  const time = Math.round(1e6 * (seconds - data.first));
  return Math.max(0, Math.floor((2 * time * numerator + 1e6 * denominator) / (2e6 * denominator)));
};
const timecode = (frame) => {
  if (drops) {
    const ten = 600 * base - 9 * dropped, rest = frame % ten;
    frame += 9 * dropped * Math.floor(frame / ten);
    if (rest >= 60 * base) frame += dropped * (1 + Math.floor((rest - 60 * base) / (60 * base - dropped)));
  }
  const seconds = Math.floor(frame / base);
  return `${pad(Math.floor(seconds / 3600) % 24)}:${clockOf(seconds)}${drops ? ";" : ":"}${pad(frame % base)}`;
};
const markersNow = () => {
  const names = [];
  let last = -1;
  return stretchesNow().map((cue) => {
    if (!names.includes(cue.name)) names.push(cue.name);
    last = Math.max(frameAt(cue.start), last + 1);
    return { ...cue, frame: last, count: Math.max(1, frameAt(cue.end) - last), color: names.indexOf(cue.name) };
  });
};
const RESOLVE = ["Blue", "Green", "Yellow", "Red", "Pink", "Purple", "Fuchsia", "Rose", "Lavender", "Sky", "Mint", "Lemon", "Sand", "Cocoa", "Cream", "Cyan"];
const before = (mark, text, lines) => text.replace(mark, () => lines.join("") + mark);
const writers = {
  srt: [".srt", () => cuesNow().map((cue, row) =>
    `${row + 1}\n${stamp(cue.start, ",")} --> ${stamp(cue.end, ",")}\n${wrap(srtText(`${cue.name}: ${cue.text || SPEAKS}`))}\n`).join("\n")],
  vtt: [".vtt", () => [data.blank.vtt, ...cuesNow().map(({ start, end, name, text }) =>
    `${stamp(start, ".")} --> ${stamp(end, ".")}\n<v ${escaped(name)}>${wrap(escaped(text || SPEAKS))}</v>\n`)].join("\n")],
  ass: [".ass", () => data.blank.ass + cuesNow().map(({ start, end, name, text }) =>
    `Dialogue: 0,${assStamp(start, Math.floor)},${assStamp(end, Math.ceil)},Default,${name.replaceAll(",", ";")},0,0,0,,${assText(text || SPEAKS)}\n`).join("")],
  txt: [".txt", () => {
    const blocks = [];
    for (const cue of cuesNow())
      if (blocks.length && blocks.at(-1)[0].name === cue.name) blocks.at(-1).push(cue); else blocks.push([cue]);
    return blocks.map((block) => {
      const seconds = Math.floor(block[0].start), said = block.map((cue) => cue.text).filter(Boolean).join(" ") || SPEAKS;
      return `[${Math.floor(seconds / 3600)}:${clockOf(seconds)}] ${block[0].name}\n${said}\n`;
    }).join("\n");
  }],
  csv: [".csv", () => data.blank.csv + stretchesNow().map(({ start, end, name, text }) =>
    `${start.toFixed(3)},${end.toFixed(3)},${cell(name)},${cell(text)}\n`).join("")],
  audacity: [".labels.txt", () => stretchesNow().map((cue) => `${cue.start.toFixed(6)}\t${cue.end.toFixed(6)}\t${noted(cue)}\n`).join("")],
  textgrid: [".TextGrid", () => {
    const tiers = tiersNow(), praat = (text) => `"${text.replaceAll('"', '""')}"`;
    const end = Math.max(data.length, 0.001, ...[...tiers.values()].map((tier) => tier.at(-1).end));
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
    const tiers = [...tiersNow()], times = tiers.flatMap(([, cues]) => cues.flatMap(({ start, end }) => [thousandths(start), thousandths(end)]));
    const slots = new Map([...new Set(times)].sort((a, b) => a - b).map((time, row) => [time, `ts${row + 1}`]));
    let number = 0;
    const lines = tiers.flatMap(([name, cues]) => [
      `  <TIER LINGUISTIC_TYPE_REF="default-lt" PARTICIPANT="${quoted(name)}" TIER_ID="${quoted(name)}">\n`,
      ...cues.map(({ start, end, text }) => `    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a${++number}" TIME_SLOT_REF1="${slots.get(thousandths(start))}" TIME_SLOT_REF2="${slots.get(thousandths(end))}"><ANNOTATION_VALUE>${quoted(text)}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>\n`),
      "  </TIER>\n"]);
    const filled = before("  <LINGUISTIC_TYPE ", data.blank.elan.replace('Id">0<', `Id">${number}<`), lines);
    return before("  </TIME_ORDER>", filled, [...slots].map(([time, slot]) => `    <TIME_SLOT TIME_SLOT_ID="${slot}" TIME_VALUE="${time}"/>\n`));
  }],
  edl: [".edl", () => {
    const first = 3600 * base - (drops ? 54 * dropped : 0), field = (text) => text.replaceAll("|", "¦");
    return data.blank.edl + markersNow().map((marker, row) => {
      const at = timecode(first + marker.frame), after = timecode(first + marker.frame + 1), whole = noted(marker);
      const note = length(whole) > 200 ? `${[...whole].slice(0, 199).join("")}…` : whole;
      return `${pad(row + 1, 3)}  001      V     C        ${at} ${after} ${at} ${after}\n |C:ResolveColor${RESOLVE[marker.color % RESOLVE.length]} |M:${field(note)} |D:${marker.count}\n\n`;
    }).join("");
  }],
  fcp7: [".fcp7.xml", () => before("  </sequence>", data.blank.fcp7, markersNow().map(({ name, text, frame, count }) =>
    `    <marker><name>${quoted(name)}</name><comment>${quoted(text)}</comment><in>${frame}</in><out>${frame + count}</out></marker>\n`))],
};
byId("export-as").addEventListener("change", (event) => {
  const [ending, write] = writers[event.target.value] ?? [];
  event.target.value = "";
  if (!write) return;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([write()], { type: "text/plain" }));
  link.download = `${data.stem}${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
document.addEventListener("corrected", nameTranscript);
nameTranscript();
