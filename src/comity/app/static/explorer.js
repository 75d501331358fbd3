"use strict";
// The page works without this file: controls are links and fields of one form. Here the same links and fields fetch
// fragments. The server makes every word and number; this file only says which state is wanted, and puts parts in place.

const one = (what, where = document) => where.querySelector(what);
const all = (what, where = document) => [...where.querySelectorAll(what)];
const form = one("#controls"), main = one("#results"), shown = one("#shown"), said = one("#said");
const problem = one("#problem"), undo = one("#undo"), pinButton = one("#pin");
const COALESCE = 900; // ms: key presses on one slider closer than this are one step of undo
const STORE = "comity-pinned";

const stateOf = () => one("[data-part=state]", shown).dataset;
let settled = stateOf().query; // the state the page shows
let wanted = settled; // the state asked for: ahead of `settled` while a request is under way
const DRAWS = 200; // behind a band, as `comity run` makes them
let pinned = null, bands = null, running = null, waiting = null, pushed = { name: "", at: 0 };
const texts = new Map(all("[data-part]", shown).map(part => [part.dataset.part, part.outerHTML]));

// state ------------------------------------------------------------------------------------------------------------

const write = keys => keys.toString().replace(/%3A/g, ":").replace(/%2C/g, ",");
function withKey(query, key, value) {
  const keys = new URLSearchParams(query);
  if (value === null || value === "") keys.delete(key); else keys.set(key, value);
  return write(keys);
}
function sizeOf(field) { // the number of a slider on its grid; null where it is the scenario's own
  const start = Number(field.dataset.default), step = Number(field.dataset.step ?? 0);
  let value = Number(field.value);
  if (field.step === "any" && step > 0) {
    value = Number((start + Math.round((value - start) / step) * step).toPrecision(12));
    value = Math.min(Number(field.max), Math.max(Number(field.min), value));
  }
  return Math.abs(value - start) < 1e-9 ? null : String(value);
}
function withSizes(query, except) { // the query of a link made before a slider moved
  for (const field of all("input[data-default]", form))
    if (field.name !== `m.${except}`) query = withKey(query, field.name, sizeOf(field));
  return query;
}

// requests: one at a time, the latest wins ----------------------------------------------------------------------------

class Refused extends Error {}
const PAUSE = 300; // ms before a request that was cut off is sent again: a worker that ends is replaced by another one
async function whole(path, signal) {
  const got = await fetch(path, { signal });
  return [got, await got.text()];
}
async function text(path, signal) {
  const [got, body] = await whole(path, signal).catch(async trouble => {
    if (trouble.name === "AbortError") throw trouble;
    await new Promise(done => setTimeout(done, PAUSE));
    return whole(path, signal);
  });
  if (got.ok) return body;
  const page = new DOMParser().parseFromString(body, "text/html");
  throw new Refused(one("#sentence", page)?.textContent ?? `The server answered ${got.status}.`);
}
function ask(task) { // {query, ranges, controls, push, origin}
  wanted = task.query;
  bands?.abort();
  if (running && !running.controls && running.ranges && !task.ranges) running.abort.abort();
  if (running) {
    if (waiting) { task.controls ||= waiting.controls; task.push ||= waiting.push; }
    waiting = task;
  } else run(task);
}
// Three stages: central numbers while a control moves, ranges when it rests, then bands in their place, in the background.
async function follow(query) {
  if (stateOf().kind !== "range" || !one("#follow", shown)) return;
  const mine = bands = new AbortController();
  try {
    const results = await text(`/results?${withKey(query, "draws", DRAWS)}${pinKey()}`, mine.signal);
    if (!mine.signal.aborted) { paint(results, false); words(); }
  } catch (trouble) {
    if (mine.signal.aborted) return;
    const note = one("#follow", shown);
    if (note) note.textContent = ` No bands: ${trouble instanceof Refused ? trouble.message : "the server does not answer."}`;
  } finally { if (bands === mine) bands = null; }
}
// of drawings in two widths a step brings the one that this screen shows; what follows when the slider rests has both
const upTo = width => matchMedia(`(max-width: ${width}px)`).matches;
const depthKey = ranges => ranges ? "&ranges=1" : `&ranges=0&screen=${upTo(640) ? "narrow" : upTo(1180) ? "middle" : "wide"}`;
const pinKey = () => pinned === null ? "" : `&pin=${encodeURIComponent(pinned)}`;
async function run(task) {
  running = task;
  task.abort = new AbortController();
  main.setAttribute("aria-busy", "true");
  try {
    const [results, controls] = await Promise.all([
      text(`/results?${task.query}${depthKey(task.ranges)}${pinKey()}`, task.abort.signal),
      task.controls ? text(`/controls?${task.query}`, task.abort.signal) : null]);
    paint(results, !task.ranges);
    settle(task, controls);
  } catch (trouble) {
    if (trouble.name !== "AbortError" && !waiting) refuse(task, trouble);
  } finally {
    running = null;
    const next = waiting;
    waiting = null;
    if (next) run(next);
    else {
      main.removeAttribute("aria-busy");
      if (wanted === settled) follow(settled);
    }
  }
}
function settle(task, controls) {
  const before = settled, state = stateOf();
  settled = state.query;
  if (wanted === task.query) wanted = settled;
  problem.hidden = true;
  if (controls !== null) repaint(controls);
  if (task.push && settled !== before) remember(settled);
  else if (task.ranges && wanted === settled) history.replaceState(history.state, "", `/explore?${settled}`);
  document.title = `${state.title} - comity`;
  kept();
  words();
  if (task.ranges && !task.quiet) said.textContent = [one("h1", shown), ...all(".three .big", shown)].map(e => e.textContent).join(" ");
}
function refuse(task, trouble) {
  wanted = settled;
  one("p", problem)?.remove();
  const sentence = document.createElement("p");
  sentence.textContent = trouble instanceof Refused ? brief(trouble.message) : "The server does not answer. The numbers are those of the last state.";
  (task.origin?.closest(".card, fieldset") ?? main).prepend(problem);
  if (task.origin?.closest(".card, fieldset")) task.origin.closest(".card, fieldset").append(problem);
  problem.append(sentence);
  problem.hidden = false;
  for (const select of all("select", form)) select.value = all("option", select).find(o => o.defaultSelected)?.value ?? select.options[0].value;
}

function brief(message) { // without the name of a query key, and where a near word is known without all that are allowed
  const said = message.replace(/^query key [\w.-]+: /, "").replace(/( Did you mean [^?]+\?) Allowed: .*$/s, "$1");
  return said[0].toUpperCase() + said.slice(1);
}

// painting -------------------------------------------------------------------------------------------------------------

function paint(html, step) {
  const sheet = document.createElement("template");
  sheet.innerHTML = html;
  for (const other of all("noscript", sheet.content)) other.remove(); // here its inside would be a part of the page
  const fresh = all("[data-part]", sheet.content), names = fresh.map(part => part.dataset.part).join();
  const whole = names !== all("[data-part]", shown).map(part => part.dataset.part).join();
  const open = new Set(all("details[open]", shown).map(e => e.id)), closed = new Set(all("details:not([open])", shown).map(e => e.id));
  const focus = shown.contains(document.activeElement) ? pathTo(document.activeElement) : "";
  for (const part of fresh) {
    const name = part.dataset.part, markup = part.outerHTML, there = one(`[data-part="${name}"]`, shown);
    if (step && "hold" in part.dataset && there && !whole) { there.classList.add("stale"); texts.delete(name); continue; }
    if (whole || texts.get(name) !== markup) { texts.set(name, markup); if (!whole) there.replaceWith(part); }
  }
  if (whole) shown.replaceChildren(sheet.content);
  for (const fold of all("details", shown)) if (open.has(fold.id)) fold.open = true; else if (closed.has(fold.id)) fold.open = false;
  absolute();
  if (focus) (one(focus, shown) ?? main).focus({ preventScroll: true });
}
const pathTo = e => e.id ? `#${CSS.escape(e.id)}` : e.tagName === "SUMMARY" ? `#${CSS.escape(e.parentElement.id)} > summary` : e.dataset.copy ? `[data-copy="${e.dataset.copy}"]` : "h1";
function repaint(html) { // the control column; focus stays on the same control, or goes to what stands for it
  const focus = form.contains(document.activeElement) ? document.activeElement.id : null;
  const open = all("details[open]", form).filter(e => e.id !== "gallery").map(e => e.id);
  form.innerHTML = html;
  for (const id of open) { const fold = document.getElementById(id); if (fold) fold.open = true; }
  if (!problem.isConnected) main.prepend(problem);
  const near = /^(drop|plus)-/.test(focus) ? "addparty" : /^gone-/.test(focus) ? "kind" : "results";
  if (focus !== null) (focus && document.getElementById(focus) || document.getElementById(near) || main).focus({ preventScroll: true });
}
function words() { // every slider's value in words, as the server says it
  for (const word of all("[data-for]", shown)) {
    const id = word.dataset.for, field = document.getElementById(`m-${id}`), output = document.getElementById(`o-${id}`);
    if (output) output.textContent = word.textContent;
    if (field?.type === "range") field.setAttribute("aria-valuetext", word.textContent);
  }
  const now = one(".gal .now b", form), title = stateOf().title;
  if (now && now.textContent !== title) { now.textContent = title; one(".gal .now small", form)?.remove(); }
  const note = one("#changed", form);
  if (note) note.hidden = !("changed" in stateOf()) || !one("input[name=s]", form);
}
function absolute() { const url = one("#url", shown); if (url) url.value = new URL(url.value, location.href).href; }

// undo: the browser's history, one step per drag ------------------------------------------------------------------------

const depth = () => history.state?.depth ?? 0;
function remember(query, again = false) {
  if (again) history.replaceState(history.state, "", `/explore?${query}`);
  else history.pushState({ depth: depth() + 1 }, "", `/explore?${query}`);
  undo.disabled = depth() === 0;
}
addEventListener("popstate", () => {
  undo.disabled = depth() === 0;
  if (location.search.slice(1) === settled && wanted === settled) return; // back from a link inside the page
  pushed = { name: "", at: 0 };
  ask({ query: location.search.slice(1), ranges: true, controls: true });
});
addEventListener("keydown", event => {
  const typing = event.target.matches?.("textarea, input:not([type=range])");
  if (event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !typing && depth() > 0) { event.preventDefault(); press(undo, event); }
});

// controls -----------------------------------------------------------------------------------------------------------------

const go = (query, origin) => ask({ query, ranges: true, controls: true, push: true, origin });
form.addEventListener("input", event => {
  const field = event.target;
  if (field.type === "range") ask({ query: withKey(wanted, field.name, sizeOf(field)), ranges: false });
});
form.addEventListener("change", event => {
  const field = event.target;
  if (field.type === "range") {
    const query = withKey(wanted, field.name, sizeOf(field)), now = performance.now();
    if (query !== location.search.slice(1)) remember(query, pushed.name === field.name && now - pushed.at < COALESCE && depth() > 0);
    pushed = { name: field.name, at: now };
    ask({ query, ranges: true, origin: field });
  } else if (field.matches(".amount")) go(withKey(wanted, field.name, field.value === "" ? null : sizeOf(field)), field);
  else if (field.matches(".live, #y")) go(withKey(wanted, field.name, field.value), field);
  else if (field.matches(".ends-of")) go(withKey(wanted, field.dataset.key, codes(field.value.split(","))), field);
});
form.addEventListener("submit", event => event.preventDefault());
const codes = words => words.map(word => word.trim()).filter(Boolean).map(code).join(".");
function code(word) { // a name as its code; what is unknown goes to the server, which says what it might be
  const low = word.toLowerCase();
  const found = all("#everyone option", form).find(o => o.value.toLowerCase() === low || o.dataset.code.toLowerCase() === low);
  return found ? found.dataset.code : word.replace(/\./g, " ");
}
function addParty() {
  const field = one("#find", form), word = field.value.trim();
  if (!word) return field.focus();
  const now = one("#parties", form).dataset.words.split(".").filter(Boolean);
  go(withKey(wanted, "p", [...now, code(word)].join(".")), field);
}
form.addEventListener("keydown", event => {
  if (event.key === "Enter" && event.target.id === "find") { event.preventDefault(); addParty(); }
  else if (event.key === "Enter" && event.target.matches("input")) { event.preventDefault(); event.target.dispatchEvent(new Event("change", { bubbles: true })); }
  else if (event.key === " " && event.target.matches("a[role=switch]")) { event.preventDefault(); event.target.click(); }
});
document.addEventListener("click", event => {
  const link = event.target.closest("a.step, a.start"), button = event.target.closest("button");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey && event.button === 0) {
    event.preventDefault();
    const query = new URL(link.href).search.slice(1);
    go(link.matches(".step") ? withSizes(query, link.dataset.drop) : query, link);
  } else if (button) press(button, event);
});
function press(button, event) {
  const does = {
    addparty: addParty,
    addkind: () => { const field = one("#kind", form); if (field.selectedIndex > 0) go(withKey(wanted, "add", field.value), field); else field.focus(); },
    undo: () => history.go(-1 - (history.state?.jumps ?? 0)),
    pin: () => pin(settled),
    unpin: () => pin(null),
    swap: () => { const query = pinned; keep(settled); go(query, null); },
    copy: () => copy(location.origin + "/explore?" + settled, "Link copied"),
  }[button.id];
  if (button.type === "submit") event.preventDefault();
  if (does) does();
  else if (button.dataset.copy) { const from = document.getElementById(button.dataset.copy); copy(from.value ?? from.textContent, "Copied", from); }
}

// what is kept to compare, copy ------------------------------------------------------------------------------------------------------------

function keep(query) {
  pinned = query;
  try { if (query === null) sessionStorage.removeItem(STORE); else sessionStorage.setItem(STORE, query); } catch { /* no storage: it lasts as long as the page */ }
  kept();
}
function kept() { // what the button does now
  pinButton.textContent = pinned === null ? "Keep to compare" : pinned === settled ? "Kept to compare" : "Keep this one instead";
  pinButton.disabled = pinned !== null && pinned === settled;
}
function pin(query) {
  keep(query);
  ask({ query: wanted, ranges: true, quiet: true });
  said.textContent = query === null ? "Nothing is compared" : "Kept to compare";
}
async function copy(words, done, field) {
  try { await navigator.clipboard.writeText(words); said.textContent = done; flash(done); }
  catch { if (field) getSelection().selectAllChildren(field); field?.select?.(); said.textContent = "Press Ctrl+C to copy"; }
}
function flash(done) {
  const button = document.activeElement?.closest("button");
  if (!button || button.dataset.was) return;
  button.dataset.was = button.textContent;
  button.textContent = done;
  setTimeout(() => { button.textContent = button.dataset.was; delete button.dataset.was; }, 1600);
}

if (history.state === null) history.replaceState({ depth: 0 }, "");
undo.disabled = depth() === 0;
absolute();
if (upTo(640)) for (const part of all("details.fold", shown)) part.open = false; // a short page
document.addEventListener("click", event => { // a link inside the page opens a folded section; it is no step of undo
  const goal = event.target.closest?.('a[href^="#"]')?.hash, there = goal?.length > 1 ? one(goal) : null;
  if (!there) return;
  event.preventDefault();
  history.pushState({ depth: depth(), jumps: (history.state?.jumps ?? 0) + 1 }, "", location.href); // Back leads back here
  const fold = there.closest("details");
  if (fold) fold.open = true;
  there.scrollIntoView();
  there.focus({ preventScroll: true });
});
follow(settled);
try { const query = sessionStorage.getItem(STORE); if (query !== null) { keep(query); ask({ query: wanted, ranges: true, quiet: true }); } } catch { /* as above */ }
