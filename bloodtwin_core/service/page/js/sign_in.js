// Asks for a token and exchanges it for a cookie that scripts cannot read.

import { ask } from "./service.js";
import { byId, say } from "./elements.js";

/** Resolves once a token was accepted. */
export function signIn() {
  const form = byId("sign-in");
  for (const id of ["live", "more"]) byId(id).hidden = true;
  form.hidden = false;
  byId("token").focus();
  return new Promise((resolve) => {
    form.onsubmit = async (event) => {
      event.preventDefault();
      say("sign-in-fault", "");
      try {
        await ask("v1/session", { method: "POST", body: { token: byId("token").value.trim() } });
        byId("token").value = "";
        form.hidden = true;
        resolve();
      } catch (failure) {
        say("sign-in-fault", failure.message);
      }
    };
  });
}
