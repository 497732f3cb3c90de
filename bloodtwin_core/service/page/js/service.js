// What is asked of the service, and the stream of its outlooks.

export class NeedsToken extends Error {}

/** The JSON of an answer. Throws NeedsToken where no token was accepted, Error for anything else that is no success. */
export async function ask(path, { method = "GET", body = undefined } = {}) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
  });
  const told = answer.status === 204 ? null : await answer.json();
  if (answer.status === 401) throw new NeedsToken(told.sentence);
  if (!answer.ok) throw new Error(told.sentence ?? `status ${answer.status}`);
  return told;
}

/**
 * Hear of every outlook of a wearer. heard: called with each, and after silence, so that what is shown is never older
 * than it says. lost: called when the stream cannot be taken up again.
 */
export function streamOf(wearer, { heard, lost, silentAfter }) {
  const source = new EventSource(`v1/wearers/${encodeURIComponent(wearer)}/stream`);
  const stream = { onState: () => {}, close };
  let silence = 0;
  const wait = () => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      heard();
      wait();
    }, silentAfter);
  };
  source.addEventListener("outlook", () => {
    wait();
    heard();
  });
  source.addEventListener("error", () => {
    stream.onState("Connecting again");
    if (source.readyState === EventSource.CLOSED) {
      close();
      lost();
    }
  });
  wait();

  function close() {
    clearTimeout(silence);
    source.close();
  }
  return stream;
}
