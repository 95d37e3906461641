"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const [video, canvas, screen_, list] = ["video", "overlay", "screen", "turns"].map(byId);
const blocks = new Map([...document.querySelectorAll(".block")].map((block) => [block.dataset.turn, block]));
const turns = [...document.querySelectorAll(".turn")].map((item) => ({
  item,
  index: +item.dataset.index,
  block: blocks.get(item.dataset.index),
  start: +item.dataset.start,
  end: +item.dataset.end,
  speaker: item.dataset.speaker,
  person: data.people.includes(item.dataset.person) ? item.dataset.person : null,
  found: data.people.includes(item.dataset.person) ? item.dataset.person : null,
  status: item.dataset.status,
  confidence: +item.dataset.confidence,
  decided: "reviewed" in item.dataset,
}));
const names = {}; // that the reviewer gave: label to name
const shown = (person) => names[person] ?? person;
const turnOf = new Map(turns.map((turn) => [turn.item, turn]));
const inTime = [...turns].sort((a, b) => a.start - b.start || a.end - b.end);
let opened = null;
let stopAt = Infinity;

// ---- video: embedded ones become a blob, so that seeking works everywhere
const embedded = byId("video-data").textContent;
if (embedded) {
  const bytes = Uint8Array.from(atob(embedded), (letter) => letter.charCodeAt(0));
  video.src = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
} else {
  video.src = encodeURIComponent(data.source);
}

const clock = (time) => {
  const tenths = Math.round(time * 10);
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(tenths / 600);
  const head = minutes >= 60 ? `${Math.floor(minutes / 60)}:${two(minutes % 60)}` : `${minutes}`;
  return `${head}:${two(Math.floor(tenths / 10) % 60)}.${tenths % 10}`;
};
const color = (person) => {
  const index = data.people.indexOf(person);
  return index < 0 ? "nobody" : `c${index % 10}`;
};
const shade = Object.fromEntries(
  [...Array(10).keys()].map((index) => `c${index}`).concat("nobody").map((name) => {
    const probe = Object.assign(document.createElement("i"), { className: name });
    document.body.append(probe);
    const value = getComputedStyle(probe).getPropertyValue("--c").trim();
    probe.remove();
    return [name, value];
  }),
);

// ---- faces over the picture
const boxAt = (boxes, time) => {
  if (time < boxes[0][0] - 0.03 || time > boxes[boxes.length - 1][0] + 0.03) return null;
  let low = 0, high = boxes.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (boxes[middle][0] <= time) low = middle; else high = middle;
  }
  const [a, b] = [boxes[low], boxes[high]];
  const weight = b[0] > a[0] ? Math.min(1, Math.max(0, (time - a[0]) / (b[0] - a[0]))) : 0;
  return [1, 2, 3, 4].map((side) => a[side] + weight * (b[side] - a[side]));
};
const timetable = (items, span) => { // finds what may be under way, without looking at all there is
  const rows = new Map();
  for (const item of items) {
    const [start, end] = span(item).map((time) => Math.floor(time / 10));
    for (let row = start; row <= end; row += 1) rows.set(row, [...(rows.get(row) ?? []), item]);
  }
  return (time) => rows.get(Math.floor(time / 10)) ?? [];
};
const tracksNear = timetable(data.tracks, ({ boxes }) => [boxes[0][0] - 0.03, boxes[boxes.length - 1][0] + 0.03]);
const turnsNear = timetable(inTime, ({ start, end }) => [start, end]);
const facesAt = (time) =>
  tracksNear(time).map((track) => ({ person: data.people[track.person], box: boxAt(track.boxes, time) })).filter((face) => face.box);
const speakingAt = (time) => turnsNear(time).filter((turn) => turn.start <= time && time < turn.end);
const layout = () => {
  const { clientWidth: width, clientHeight: height } = screen_;
  const scale = Math.min(width / data.width, height / data.height);
  return { width, height, scale, left: (width - scale * data.width) / 2, top: (height - scale * data.height) / 2 };
};
const tag = (pen, text, x, y, fill, ink) => {
  pen.font = "600 13px system-ui, sans-serif";
  const width = pen.measureText(text).width + 14;
  const left = Math.min(Math.max(x - width / 2, 2), canvas.clientWidth - width - 2);
  pen.fillStyle = fill;
  pen.beginPath(); pen.roundRect(left, y, width, 21, 7); pen.fill();
  pen.fillStyle = ink;
  pen.fillText(text, left + 7, y + 15);
};
const draw = () => {
  const time = video.currentTime;
  const place = layout();
  const ratio = window.devicePixelRatio || 1;
  canvas.width = place.width * ratio;
  canvas.height = place.height * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const speaking = speakingAt(time);
  const faces = facesAt(time);
  if (byId("boxes").checked) {
    for (const { person, box } of faces) {
      const speaks = speaking.some((turn) => turn.person === person);
      const [x1, y1, x2, y2] = box.map((side, index) => side * place.scale + (index % 2 ? place.top : place.left));
      const radius = Math.max(0, 0.12 * Math.min(x2 - x1, y2 - y1));
      for (const [width, style] of speaks ? [[6, "#12141899"], [3.5, shade[color(person)]]] : [[3, "#12141888"], [1.4, "#e6e8ecdd"]]) {
        pen.lineWidth = width; pen.strokeStyle = style;
        pen.beginPath(); pen.roundRect(x1, y1, x2 - x1, y2 - y1, radius); pen.stroke();
      }
      tag(pen, shown(person), (x1 + x2) / 2, y1 > 26 ? y1 - 26 : y2 + 5, speaks ? shade[color(person)] : "#23262dbb", speaks ? "#121418" : "#e9ebef");
    }
    speaking.filter((turn) => !faces.some((face) => face.person === turn.person)).forEach((turn, row) =>
      tag(pen, caption(turn), place.width / 2, place.height - 30 - 26 * row, shade[color(turn.person)], "#121418"));
  }
  byId("clock").textContent = clock(time);
  byId("seek").value = time;
  byId("now").replaceChildren(...sentence(speaking));
  const names = document.querySelector(".lane .name").offsetWidth;
  byId("playhead").style.transform = `translateX(${names + (byId("sheet").clientWidth - names) * Math.min(1, time / data.duration) - 1}px)`;
  mark(speaking);
};
let marked = [];
const mark = (speaking) => {
  if (speaking.length === marked.length && speaking.every((turn, row) => turn === marked[row])) return;
  for (const turn of new Set([...marked, ...speaking])) {
    turn.item.classList.toggle("current", speaking.includes(turn));
    turn.block.classList.toggle("current", speaking.includes(turn));
  }
  marked = speaking;
};
const caption = (turn) =>
  turn.person !== null ? `${shown(turn.person)}, out of the picture`
    : `${turn.speaker}, ${turn.status === "uncertain" && !turn.decided ? "uncertain who" : "not on screen"}`;
const sentence = (speaking) => speaking.length
  ? speaking.flatMap((turn, index) => {
      const name = document.createElement("b");
      name.textContent = turn.person !== null ? shown(turn.person) : turn.speaker;
      const tail = turn.person !== null ? " speaks" : turn.status === "uncertain" && !turn.decided ? " speaks, uncertain who that is" : " speaks, not on screen";
      return [index ? " · " : "", name, tail];
    })
  : ["Nobody speaks"];

// ---- playing
const seek = (time) => { video.currentTime = Math.min(Math.max(0, time), Math.max(0, (video.duration || data.duration) - 0.01)); };
const play = () => { stopAt = Infinity; if (video.paused) video.play(); else video.pause(); };
const playStretch = (start, end) => { seek(start); stopAt = end; video.play(); };
const loop = () => {
  if (video.currentTime >= stopAt) { video.pause(); stopAt = Infinity; }
  draw();
  if (!video.paused) requestAnimationFrame(loop);
};
for (const event of ["play", "seeking"]) video.addEventListener(event, () => { byId("bigplay").hidden = true; });
video.addEventListener("play", () => { document.body.classList.add("playing"); byId("play").ariaLabel = "Pause"; loop(); });
video.addEventListener("pause", () => { document.body.classList.remove("playing"); byId("play").ariaLabel = "Play"; draw(); });
for (const event of ["seeked", "loadeddata", "timeupdate"]) video.addEventListener(event, draw);
new ResizeObserver(draw).observe(screen_);
byId("play").addEventListener("click", play);
byId("bigplay").addEventListener("click", play);
byId("seek").addEventListener("input", (event) => seek(+event.target.value));
byId("boxes").addEventListener("change", draw);
byId("speed").addEventListener("change", (event) => { video.playbackRate = +event.target.value; });
canvas.addEventListener("click", (event) => {
  const place = layout();
  const frame = canvas.getBoundingClientRect();
  const x = (event.clientX - frame.left - place.left) / place.scale;
  const y = (event.clientY - frame.top - place.top) / place.scale;
  const hit = facesAt(video.currentTime).find(({ box }) => box[0] <= x && x <= box[2] && box[1] <= y && y <= box[3]);
  if (hit && opened) decide(opened, hit.person); else play();
});

// ---- reviewing
const open = (turn, options = {}) => {
  for (const other of [opened, turn].filter(Boolean)) {
    other.item.querySelector(".turn-body").hidden = other !== turn;
    other.item.querySelector(".turn-open").ariaExpanded = String(other === turn);
  }
  opened = turn;
  if (!turn) return;
  choose(turn);
  const view = list.getBoundingClientRect();
  const place = turn.item.getBoundingClientRect();
  if (place.top < view.top || place.bottom > view.bottom) list.scrollTop += place.top - view.top;
  if (options.focus) turn.item.querySelector(".turn-open").focus({ preventScroll: true });
  if (options.seek !== false) seek(turn.start + Math.min(0.05, (turn.end - turn.start) / 2));
};
const ordered = () => [...list.children].map((item) => turnOf.get(item));
const step = (candidates, direction) => {
  if (!candidates.length) return;
  const position = candidates.indexOf(opened);
  const next = position < 0 ? (direction > 0 ? 0 : candidates.length - 1) : (position + direction + candidates.length) % candidates.length;
  open(candidates[next], { focus: true });
};
const doubtful = () => ordered().filter((turn) => turn === opened || (!turn.decided && turn.item.classList.contains("doubtful")));
const decide = (turn, person, decided = true) => {
  turn.person = person;
  turn.decided = decided;
  show(turn);
  remember();
};
const cards = new Map([...document.querySelectorAll(".card[data-person]")].map((card) => [card.dataset.person, card]));
const lanes = new Map([...document.querySelectorAll(".face-lane")].map((lane) => [lane.dataset.person, lane]));
const heard = new Map([...document.querySelectorAll(".heard")].map((block) => [block.dataset.turn, block]));
const moveHeard = (turn) => { // to the row of the face that speaks now
  const index = `${turn.index}`;
  if (!heard.has(index)) {
    const block = turn.block.cloneNode(true);
    for (const name of ["tabindex", "role", "aria-label"]) block.removeAttribute(name);
    heard.set(index, block);
  }
  const block = heard.get(index);
  const lane = lanes.get(turn.person);
  if (!lane) { block.remove(); return; }
  block.setAttribute("class", `heard ${color(turn.person)}`);
  block.querySelector("title").textContent = `${shown(turn.person)} speaks ${clock(turn.start)}–${clock(turn.end)}`;
  if (block.parentNode !== lane) lane.append(block);
};
const retell = (person) => { // how much somebody says, as the turns stand
  const said = turns.filter((turn) => turn.person === person || (turn.person === null && turn.speaker === person)).sort((a, b) => a.index - b.index);
  const seconds = (some) => some.reduce((sum, { start, end }) => sum + end - start, 0);
  const voices = [...new Set(said.map(({ speaker }) => speaker))].filter((speaker) => speaker !== person);
  const hidden = seconds(said.filter((turn) => turn.person === null));
  const parts = [`speaks ${seconds(said).toFixed(1)}\u00a0s in ${said.length} ${said.length === 1 ? "turn" : "turns"}`,
    voices.length ? ` as ${voices.join(", ")}` : "", hidden ? `, ${hidden.toFixed(1)}\u00a0s of it out of the picture` : ""];
  cards.get(person).querySelector(".said").textContent = said.length ? parts.join("") : "does not speak";
};
const portrait = (person) => {
  const picture = (cards.get(person)?.querySelector(".portraits img") ?? byId("unseen").content.firstElementChild).cloneNode(true);
  picture.setAttribute("class", `face ${picture.matches("img") ? "" : "empty"} ${color(person)}`);
  if (picture.matches("img")) picture.alt = "";
  picture.ariaHidden = "true";
  return picture;
};
const choose = (turn) => {
  const list = turn.item.querySelector(".choose");
  if (!list.options.length) list.append(byId("choices").content.cloneNode(true));
  for (const option of [...list.options].slice(1)) option.textContent = shown(data.people[+option.value]);
  list.value = turn.person === null ? "" : data.people.indexOf(turn.person);
};
const show = (turn) => {
  const { item, person, decided } = turn;
  item.className = item.className.replace(/\b(c\d|nobody)\b/, color(person));
  item.classList.toggle("decided", decided);
  item.querySelector(".person").textContent = person !== null ? shown(person) : (turn.status === "uncertain" && !decided ? "uncertain" : "not on screen");
  item.querySelector(".percent").textContent = decided ? (person === turn.found ? "right" : "corrected") : `${Math.round(100 * turn.confidence)} %`;
  choose(turn);
  item.querySelector(".undo").hidden = !decided;
  const current = turn.block.classList.contains("current") ? "current" : "";
  turn.block.setAttribute("class", `block ${color(person)} ${turn.status === "uncertain" && !decided ? "unsure" : ""} ${current}`);
  item.querySelector(".face").replaceWith(portrait(person));
  moveHeard(turn);
  for (const label of cards.keys()) retell(label);
  draw();
};
const corrections = () => inTime.filter((turn) => turn.decided)
  .map(({ start, end, speaker, person }) => ({ start, end, speaker, person }));
const rename = (person, text) => {
  const name = text.trim().replace(/\s+/g, " ");
  if (name && name !== person) names[person] = name; else delete names[person];
  for (const label of document.querySelectorAll("[data-name]"))
    if (label.dataset.name === person) label.textContent = shown(person);
  for (const input of document.querySelectorAll(".rename"))
    if (input.dataset.person === person) input.value = shown(person);
  turns.filter((turn) => turn.person === person).forEach(show);
  draw();
};
const tell = () => {
  const count = corrections().length;
  const given = Object.keys(names).length;
  const said = [count && `${count} ${count === 1 ? "turn" : "turns"} reviewed`, given && `${given} ${given === 1 ? "name" : "names"} given`];
  byId("progress").textContent = count || given ? `${said.filter(Boolean).join(", ")}.` : "Nothing reviewed yet.";
  byId("export").disabled = !count && !given;
  const left = turns.filter((turn) => !turn.decided && turn.item.classList.contains("doubtful")).length;
  byId("to-review").textContent = left;
  byId("to-review").parentElement.className = left ? "warn" : "good";
  document.dispatchEvent(new Event("corrected"));
};
const exportCorrections = () => {
  if (byId("export").disabled) return;
  const value = { version: 1, video: data.video, ...(data.content ? { content: data.content } : {}), corrections: corrections() };
  if (Object.keys(names).length) value.names = names;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([`${JSON.stringify(value, null, 2)}\n`], { type: "application/json" }));
  link.download = `${data.video.split(/[\\/]/).pop().replace(/\.[^.]*$/, "")}.corrections.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
const key = `pins:${data.video}:${turns.length}:${inTime.map((turn) => turn.start + turn.speaker + turn.found + turn.decided).join()}`;
const remember = () => {
  tell();
  const kept = turns.map(({ index, person, decided }) => ({ index, person, decided }));
  try { localStorage.setItem(key, JSON.stringify({ turns: kept, names })); } catch { /* private windows: not kept */ }
};
const recall = () => {
  try {
    const kept = JSON.parse(localStorage.getItem(key)) ?? { turns: [], names: {} };
    for (const { index, person, decided } of kept.turns) Object.assign(turns.find((turn) => turn.index === index), { person, decided });
    for (const [person, name] of Object.entries(kept.names)) rename(person, name);
  } catch { /* nothing was kept */ }
  turns.filter((turn) => turn.decided || turn.person !== turn.found).forEach(show);
  tell();
};
for (const turn of turns) {
  const find = (name) => turn.item.querySelector(name);
  find(".face").replaceWith(portrait(turn.person));
  find(".turn-open").addEventListener("click", () => (opened === turn ? open(null) : open(turn)));
  find(".confirm").addEventListener("click", () => decide(turn, turn.person));
  find(".undo").addEventListener("click", () => decide(turn, turn.found, false));
  find(".choose").addEventListener("change", (event) =>
    decide(turn, event.target.value === "" ? null : data.people[+event.target.value]));
}
const order = (by) => {
  const names = { doubt: "by-doubt", time: "by-time" };
  for (const [name, id] of Object.entries(names)) byId(id).ariaPressed = String(name === by);
  list.append(...(by === "time" ? inTime : turns).map((turn) => turn.item));
};
byId("by-doubt").addEventListener("click", () => order("doubt"));
byId("by-time").addEventListener("click", () => order("time"));
byId("export").addEventListener("click", exportCorrections);

// ---- time line and gallery
const openBlock = (block) => {
  if (block.dataset.turn !== undefined) open(turns.find((turn) => turn.index === +block.dataset.turn));
  else seek(+block.dataset.start + 0.01);
};
byId("sheet").addEventListener("click", (event) => {
  const block = event.target.closest("[data-turn], [data-start]");
  const lane = event.target.closest(".lane svg");
  if (block) openBlock(block);
  else if (lane) {
    const frame = lane.getBoundingClientRect();
    seek(data.duration * (event.clientX - frame.left) / frame.width);
  }
});
let zoom = 1;
const zoomBy = (factor) => {
  zoom = Math.min(64, Math.max(1, zoom * factor));
  byId("sheet").style.width = `${100 * zoom}%`;
  byId("scroller").scrollLeft = byId("sheet").clientWidth * video.currentTime / data.duration - byId("scroller").clientWidth / 2;
  draw();
};
byId("zoom-in").addEventListener("click", () => zoomBy(2));
byId("zoom-out").addEventListener("click", () => zoomBy(0.5));
for (const button of document.querySelectorAll(".hear"))
  button.addEventListener("click", () => playStretch(+button.dataset.start, +button.dataset.end));
for (const button of document.querySelectorAll(".show"))
  button.addEventListener("click", () => { video.pause(); seek(+button.dataset.start + 0.02); screen_.scrollIntoView({ block: "nearest" }); });

for (const input of document.querySelectorAll(".rename")) {
  input.addEventListener("change", () => { rename(input.dataset.person, input.value); remember(); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") input.value = shown(input.dataset.person);
    if (event.key === "Enter" || event.key === "Escape") input.blur();
  });
}

// ---- keys
const help = () => {
  byId("help").open = !byId("help").open;
  if (byId("help").open) byId("help").scrollIntoView({ block: "nearest" });
};
byId("keys").addEventListener("click", help);
document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || target.matches("select, input:not([type=range])")) return;
  const onButton = target.closest("button, [role=button], summary");
  const jump = event.shiftKey ? 5 : 1;
  const actions = {
    " ": () => { if (target.matches(".block")) openBlock(target); else play(); },
    ArrowLeft: () => seek(video.currentTime - jump),
    ArrowRight: () => seek(video.currentTime + jump),
    ArrowUp: () => step(ordered(), -1),
    ArrowDown: () => step(ordered(), 1),
    n: () => step(doubtful(), 1),
    p: () => step(doubtful(), -1),
    u: () => opened && opened.decided && decide(opened, opened.found, false),
    e: exportCorrections,
    "?": help,
    Enter: () => { if (target.matches(".block")) openBlock(target); else if (opened) decide(opened, opened.person); },
  };
  if (/^[0-9]$/.test(event.key) && opened && +event.key <= data.people.length)
    decide(opened, event.key === "0" ? null : data.people[+event.key - 1]);
  else if (!(event.key in actions) || (event.key === " " && onButton && !onButton.matches(".block, .turn-open"))) return;
  else if (event.key === "Enter" && onButton && !onButton.matches(".block") && !(onButton.matches(".turn-open") && opened?.item.contains(onButton))) return;
  else actions[event.key]();
  event.preventDefault();
});
recall();
draw();
