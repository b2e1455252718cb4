// The replies under way, asked for once a second while somebody looks.

import { get } from "./server.js";

const INTERVAL = 1000;
const totals = document.getElementById("totals");
const table = document.getElementById("running");

/** Begins to look; `failed` is told of what goes wrong, `recovered` that it does no more. */
export function watch({ failed, recovered }) {
  let broken = false;
  const look = async () => {
    if (!document.hidden) {
      try {
        draw(await get("api/running"));
        if (broken) {
          broken = false;
          recovered();
        }
      } catch (e) {
        broken = true;
        totals.textContent = "unknown";
        table.hidden = true;
        failed(e);
      }
    }
    setTimeout(look, INTERVAL);
  };
  look();
}

function draw({ requests, tokens_per_second: speed }) {
  table.hidden = requests.length === 0;
  totals.textContent =
    requests.length === 0
      ? "nothing"
      : `${requests.length} ${requests.length === 1 ? "request" : "requests"}, ${speed.toFixed(1)} tokens/s together`;
  table.tBodies[0].replaceChildren(...requests.map(row));
}

function row(request) {
  const line = document.createElement("tr");
  const cells = [request.model, request.state, request.tokens, request.tokens_per_second.toFixed(1), request.seconds.toFixed(1)];
  for (const value of cells) {
    line.insertCell().textContent = value;
  }
  return line;
}
