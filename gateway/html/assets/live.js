// Keeps what a page shows fresh. Every element with `data-from` is fetched again each `data-every` seconds and put in
// the place of the old one. Without this script pages are the same, and stand still.
"use strict";

(() => {
  const REST_MS = 20 * 60 * 1000; // After so long without anybody at it nothing is asked any more.
  const SAID_MS = 10 * 1000; // Between two things that are read aloud.
  const GIVE_UP_MS = 8 * 1000;
  let touched = Date.now();
  let said = "";
  let saidAt = 0;

  for (const each of ["pointerdown", "keydown", "scroll"]) {
    addEventListener(each, () => { touched = Date.now(); }, { capture: true, passive: true });
  }

  const tell = (part) => {
    const place = document.getElementById("said");
    const words = part.dataset.said || "";
    if (place && words !== said && Date.now() - saidAt > SAID_MS) {
      if (said) {
        place.textContent = words;
        saidAt = Date.now();
      }
      said = words;
    }
  };

  const keyOf = (element) => element && (element.id || element.getAttribute("href"));

  const swap = (old, fresh) => {
    if (old.outerHTML === fresh.outerHTML) return old;
    const held = old.contains(document.activeElement) ? document.activeElement : null;
    if (held && held.matches("input, select, textarea")) return old; // Somebody is writing.
    const open = [...old.querySelectorAll("details")].map((each) => each.open);
    const moved = [...old.querySelectorAll(".table")].map((each) => each.scrollLeft);
    document.adoptNode(fresh);
    fresh.querySelectorAll("details").forEach((each, place) => { each.open = open[place] || false; });
    old.replaceWith(fresh);
    fresh.querySelectorAll(".table").forEach((each, place) => { each.scrollLeft = moved[place] || 0; });
    const key = held && keyOf(held);
    if (key) {
      const again = [...fresh.querySelectorAll("a, button, summary, [tabindex]")].find((each) => keyOf(each) === key);
      if (again) again.focus({ preventScroll: true });
    }
    return fresh;
  };

  const keep = (part) => {
    const wait_ms = Number(part.dataset.every) * 1000;
    const later = () => setTimeout(() => keep(part), wait_ms);
    if (document.hidden || Date.now() - touched > REST_MS) {
      later();
      return;
    }
    const asked = new XMLHttpRequest();
    asked.open("GET", part.dataset.from);
    asked.responseType = "document"; // The browser parses it; no text is made into markup here.
    asked.timeout = GIVE_UP_MS;
    asked.setRequestHeader("X-Passive", "1"); // It is not somebody who asks: it keeps nobody signed in.
    asked.onloadend = () => {
      const fresh = asked.status === 200 && asked.response && asked.response.getElementById(part.id);
      if (fresh) {
        part = swap(part, fresh);
        tell(part);
      } else if (asked.status === 200 || asked.status === 401) {
        location.reload(); // Somebody else's page: who was signed in is so no more.
        return;
      }
      later();
    };
    asked.send();
  };

  for (const part of document.querySelectorAll("[data-from]")) {
    if (part.id) setTimeout(() => keep(part), Number(part.dataset.every) * 1000);
  }
})();
