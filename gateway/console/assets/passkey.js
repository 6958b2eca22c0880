// Passkeys: a button with `data-passkey` asks the browser's authenticator and gives the API what it answered. Without
// this script, or in a browser without passkeys, the buttons stay hidden, and there are password and code.
"use strict";

(() => {
  const can = window.PublicKeyCredential;
  if (!can || !can.parseRequestOptionsFromJSON || !can.parseCreationOptionsFromJSON) return;

  const ask = async (path, token, body) => {
    const headers = body ? { "Content-Type": "application/json", "X-Form-Token": token } : { "X-Form-Token": token };
    const answer = await fetch(`/admin/v1/${path}`, { method: "POST", headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  const known = async () => {
    const begun = await ask("session/passkey/begin", "");
    return navigator.credentials.get({ publicKey: can.parseRequestOptionsFromJSON(begun.options) });
  };

  const ways = {
    "sign-in": async () => ask("session/passkey", "", { credential: (await known()).toJSON() }),
    prove: async (token) => ask("session/proof/passkey", token, { credential: (await known()).toJSON() }),
    add: async (token) => {
      const begun = await ask("own/passkeys/begin", token);
      const made = await navigator.credentials.create({ publicKey: can.parseCreationOptionsFromJSON(begun.options) });
      const name = document.getElementById("passkey-name").value.trim() || "passkey";
      return ask("own/passkeys", token, { name, credential: made.toJSON() });
    },
  };

  for (const button of document.querySelectorAll("[data-passkey]")) {
    const failed = document.getElementById("passkey-failed");
    button.closest("[hidden]").hidden = false;
    button.addEventListener("click", async () => {
      failed.hidden = true;
      try {
        await ways[button.dataset.passkey](button.dataset.token || "");
        location.assign(button.dataset.next);
      } catch {
        failed.hidden = false;
      }
    });
  }
})();
