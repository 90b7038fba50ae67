// The clock that ticks, headroom once it is worked out, and signatures by a key that never leaves this browser.
"use strict";

function spanOf(seconds, words) {
  const parts = [
    [Math.floor(seconds / 86400), words.d],
    [Math.floor((seconds % 86400) / 3600), words.h],
    [Math.floor((seconds % 3600) / 60), words.m],
    [seconds % 60, words.s],
  ].filter(([count]) => count);
  return parts.slice(0, 2).map(([count, unit]) => `${count} ${unit}`).join(" ") || `0 ${words.s}`;
}

function tick() {
  const left = document.getElementById("left");
  if (!left) return;
  // By what passed since the page came, so that the clock of this machine does not matter.
  const came = performance.now(), seconds = Number(left.dataset.left), time = document.getElementById("gate-time");
  const style = { dateStyle: "medium", timeStyle: "medium", timeZone: time.dataset.zone };
  let format = null;
  try { format = new Intl.DateTimeFormat(document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang, style); } catch { /* It stays as it came. */ }
  const timer = setInterval(() => {
    const passed = performance.now() - came, rest = Math.max(0, Math.round(seconds - passed / 1000));
    left.textContent = spanOf(rest, left.dataset);
    if (format) time.textContent = format.format(new Date(Number(left.dataset.now) + passed));
    if (!rest) clearInterval(timer);
  }, 1000);
}

async function load(place) {
  const waiting = document.createElement("p");
  waiting.textContent = place.dataset.waiting;
  place.append(waiting);
  try {
    const answer = await fetch(place.dataset.load, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    place.replaceChildren(...made.body.childNodes);
  } catch {
    waiting.textContent = place.dataset.failed;
  }
}

const encoder = new TextEncoder();
const base64url = (bytes) => {
  let text = "";
  for (const each of new Uint8Array(bytes)) text += String.fromCharCode(each);
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};

function keyStore(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("gridpact", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const asked = work(opening.result.transaction("keys", mode).objectStore("keys"));
      asked.onsuccess = () => { opening.result.close(); resolve(asked.result); };
      asked.onerror = () => reject(asked.error);
    };
  });
}

const keyOf = async (user) => (globalThis.crypto?.subtle ? keyStore("readonly", (keys) => keys.get(user)) : undefined);

async function makeKey(form) {
  // The private key cannot be exported: neither this script nor any other ever sees it.
  const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]);
  const { x } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  form.elements.x.value = x;
  await keyStore("readwrite", (keys) => keys.put({ kid: form.elements.kid.value, x, key: pair.privateKey }, form.dataset.newKey));
}

async function signature(mine, facts, payload) {
  const head = base64url(encoder.encode(JSON.stringify({ alg: "Ed25519", kid: mine.kid, aud: facts.gate, sub: facts.session })));
  const signed = await crypto.subtle.sign({ name: "Ed25519" }, mine.key, encoder.encode(`${head}.${base64url(payload)}`));
  return `${head}..${base64url(signed)}`;
}

const numberOf = (text) => (text.trim() !== "" && Number.isFinite(Number(text.replace(",", "."))) ? Number(text.replace(",", ".")) : text);

function documentOf(form) {
  const value = (name) => form.elements[name].value.trim();
  const terms = { start: value("start"), end: value("end"), power_kw: numberOf(value("power_kw")), price_per_kwh: numberOf(value("price_per_kwh")) };
  const side = new FormData(form).get("side");
  if (form.dataset.sign === "order") return { order: value("order"), participant: value("participant"), side, ...terms };
  const [seller, buyer] = side === "sell" ? [value("participant"), value("counterparty")] : [value("counterparty"), value("participant")];
  return { trade: value("trade"), seller, buyer, ...terms };
}

function put(form, name, value) {
  const field = form.elements[name] ?? form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name }));
  field.value = value;
}

async function sign(form, mine, facts) {
  if (form.dataset.sign === "confirmation") {
    // Over the very bytes that the other side sent, so that both signatures stand over one document.
    const answer = await fetch(`/submissions/${encodeURIComponent(form.elements.submission.value)}/document`);
    if (!answer.ok) throw new Error(String(answer.status));
    const bytes = await answer.arrayBuffer();
    const digest = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].map((each) => each.toString(16).padStart(2, "0")).join("");
    if (digest !== form.elements.sha256.value) throw new Error("another document");
    put(form, "signature", await signature(mine, facts, bytes));
    return;
  }
  const text = JSON.stringify(documentOf(form));
  put(form, "document", text);
  put(form, "signature", await signature(mine, facts, encoder.encode(text)));
}

function onceMade(form, work, failed) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try { await work(); } catch { if (failed()) return; }
    form.submit();
  });
}

function tell(form, text) {
  const said = document.createElement("p");
  said.setAttribute("role", "alert");
  said.textContent = text;
  form.append(said);
}

async function main() {
  tick();
  document.querySelectorAll("[data-load]").forEach(load);
  document.querySelectorAll("a[data-follow]").forEach((link) => { location.replace(link.href); });
  document.querySelectorAll("form[data-new-key]").forEach((form) => {
    onceMade(form, () => makeKey(form), () => { tell(form, form.dataset.failed); return true; });
  });
  for (const each of document.querySelectorAll("[data-here]")) {
    const mine = await keyOf(each.dataset.user).catch(() => undefined);
    each.hidden = mine?.x !== each.dataset.here;
  }
  const signing = document.querySelector("[data-signing]");
  const forms = document.querySelectorAll("form[data-sign]");
  if (!signing) return;
  const facts = signing.dataset;
  const mine = await keyOf(facts.user).catch(() => undefined);
  signing.textContent = mine ? facts.on : globalThis.crypto?.subtle ? facts.none : facts.off;
  if (mine) forms.forEach((form) => onceMade(form, () => sign(form, mine, facts), () => { tell(form, facts.off); return true; }));
}

main();
