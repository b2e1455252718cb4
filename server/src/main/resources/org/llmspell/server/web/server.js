// What the page asks of its server: JSON, and replies in lines of JSON. Addresses are relative, so that a proxy may put a path before them.

/** An answer other than 2xx; `status` says which. */
export class Refusal extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let key = sessionStorage.getItem("llmspell.key") ?? "";

/** Sets the API key for this tab. */
export function useKey(value) {
  key = value;
  sessionStorage.setItem("llmspell.key", value);
}

async function request(path, body, signal) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const init = body === undefined ? { headers, signal } : { method: "POST", headers, signal, body: JSON.stringify(body) };
  let response;
  try {
    response = await fetch(path, init);
  } catch (e) {
    if (e.name === "AbortError") {
      throw e;
    }
    throw new Error("The server does not answer. Is llmspell serve still running?");
  }
  if (!response.ok) {
    let message = `the server answered ${response.status}`;
    try {
      message = (await response.json()).error ?? message;
    } catch {
      // not JSON: the status says enough
    }
    throw new Refusal(response.status, message);
  }
  return response;
}

/** The answer to a GET. */
export async function get(path) {
  return (await request(path)).json();
}

/** The lines of a streamed reply, as they come. */
export async function* lines(path, body, signal) {
  const response = await request(path, body, signal);
  let rest = "";
  for await (const piece of pieces(response.body.pipeThrough(new TextDecoderStream()))) {
    rest += piece;
    let end;
    while ((end = rest.indexOf("\n")) >= 0) {
      const line = JSON.parse(rest.slice(0, end));
      rest = rest.slice(end + 1);
      if (line.error !== undefined) {
        throw new Error(line.error);
      }
      yield line;
    }
  }
}

// Not every browser can iterate over a stream itself.
async function* pieces(stream) {
  const reader = stream.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      yield part.value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
