"use strict";
// The form works without this file; here a slider asks for the result fragment, one request at a time.
const form = document.querySelector("#controls"), main = document.querySelector("#results");
let busy = false, next = null;
const query = () => new URLSearchParams(new FormData(form)).toString();
async function ask(ranges) {
  if (busy) { next = Math.max(next ?? 0, ranges); return; }
  busy = true;
  try {
    const got = await fetch(`/results?${query()}&ranges=${ranges}`);
    if (got.ok) main.innerHTML = await got.text();
    document.querySelector("#said").textContent = got.ok ? (ranges ? main.querySelector("h1").textContent : "") : "No result for these controls.";
  } finally {
    busy = false;
    if (next !== null) { const again = next; next = null; ask(again); }
  }
}
form?.addEventListener("input", event => { if (event.target.type === "range") ask(0); });
form?.addEventListener("change", event => {
  if (event.target.type !== "range") { form.submit(); return; }
  history.pushState(null, "", `/explore?${query()}`);
  ask(1);
});
addEventListener("popstate", () => location.reload());
