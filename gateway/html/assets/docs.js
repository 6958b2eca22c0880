// Lets requests be sent from the description of the API. The key is read where it was typed, and kept nowhere.
"use strict";

(() => {
  const key = document.getElementById("key");
  if (!key) return;
  document.getElementById("trying").hidden = false;

  const fresh = () => [...crypto.getRandomValues(new Uint8Array(12))].map((each) => each.toString(16).padStart(2, "0")).join("");

  const asked = (place, form) => {
    let path = place.dataset.path;
    const query = new URLSearchParams();
    const options = { method: place.dataset.method, headers: {}, credentials: "omit", cache: "no-store" };
    for (const each of form.querySelectorAll("[data-place]")) {
      if (each.dataset.place === "path") path = path.replace(`{${each.name}}`, encodeURIComponent(each.value));
      else if (each.dataset.place === "query" && each.value) query.set(each.name, each.value);
      else if (each.dataset.place === "body") {
        options.body = each.value;
        options.headers["Content-Type"] = "application/json";
      }
    }
    if ("keyed" in place.dataset) options.headers.Authorization = `Bearer ${key.value}`;
    if (options.method === "POST") options.headers["Idempotency-Key"] = fresh();
    const said = query.toString();
    return [said ? `${path}?${said}` : path, options];
  };

  const shown = (text) => {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      return text;
    }
  };

  for (const place of document.querySelectorAll("details.try")) {
    place.hidden = false;
    const form = place.querySelector("form");
    const answer = form.querySelector(".answer");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      answer.hidden = false;
      if ("keyed" in place.dataset && !key.value) {
        answer.textContent = "Type an API key first, above.";
        key.focus();
        return;
      }
      answer.textContent = "…";
      try {
        const got = await fetch(...asked(place, form));
        answer.textContent = `${got.status} ${got.statusText}\n\n${shown(await got.text())}`;
      } catch (error) {
        answer.textContent = String(error);
      }
    });
  }
})();
