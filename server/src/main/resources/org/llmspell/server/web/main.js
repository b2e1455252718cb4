// The chat: what was said, sent whole with every message, since the server keeps no conversations.

import { get, lines, Refusal, useKey } from "./server.js";
import { show } from "./text.js";
import { watch } from "./running.js";

const byId = (id) => document.getElementById(id);
const log = byId("log");
const model = byId("model");
const message = byId("message");
const send = byId("send");
const stop = byId("stop");
const parameters = byId("parameters");
const notice = byId("notice");
const NUMBERS = ["temperature", "top_p", "top_k", "repeat_penalty", "num_predict", "seed"];

let turns = [];
let running = null;

// Models.

async function loadModels() {
  let list;
  try {
    list = (await get("api/tags")).models;
  } catch (e) {
    complain(e);
    return;
  }
  const names = list
    .filter(({ capabilities }) => !capabilities?.length || capabilities.includes("completion"))
    .map(({ name }) => name);
  const wanted = new URLSearchParams(location.search).get("model") ?? (model.value || localStorage.getItem("llmspell.model"));
  model.replaceChildren(...names.map((name) => new Option(name, name, false, name === wanted)));
  model.disabled = names.length === 0;
  tell(names.length === 0 ? "There is no model to talk to. Get one: llmspell model pull tinyllama:Q4_K_M@candle, then reload this page." : "");
  ready();
}

function tell(text) {
  notice.textContent = text;
  notice.hidden = text === "";
}

function complain(e) {
  tell(e.message);
  if (e instanceof Refusal && e.status === 401) {
    byId("key-field").hidden = false;
    byId("settings").classList.add("open");
  }
}

function ready() {
  send.disabled = running !== null || model.value === "";
  send.hidden = running !== null;
  stop.hidden = running === null;
}

// What a reply is to be like.

function request() {
  const said = new FormData(parameters);
  const options = {};
  for (const name of NUMBERS) {
    if (said.get(name) !== "") {
      options[name] = Number(said.get(name));
    }
  }
  const system = said.get("system").trim();
  const think = said.get("think");
  return {
    model: model.value,
    messages: system === "" ? turns : [{ role: "system", content: system }, ...turns],
    options,
    ...(think === "" ? {} : { think: think === "true" }),
  };
}

// The conversation.

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function add(role) {
  byId("empty").hidden = true;
  const article = element("article", `message ${role}`);
  const text = element("div", "text");
  article.append(text);
  log.append(article);
  return { article, text };
}

/** Draws a reply at most once a frame, however fast its pieces come, and keeps its end in sight where the reader has not scrolled away. */
function drawing(place) {
  let waiting = false;
  const draw = () => {
    waiting = false;
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    show(place.text, place.content);
    if (place.thinking !== "") {
      place.thought ??= thinkingIn(place.article);
      place.thought.textContent = place.thinking;
    }
    if (atEnd) {
      log.scrollTop = log.scrollHeight;
    }
  };
  return {
    soon() {
      if (!waiting) {
        waiting = true;
        requestAnimationFrame(() => waiting && draw());
      }
    },
    now: draw,
  };
}

function thinkingIn(article) {
  const details = element("details", "thinking");
  details.append(element("summary", "", "Thinking"), element("p", ""));
  article.prepend(details);
  return details.lastChild;
}

function facts(last, startedAt, firstAt) {
  const count = last.eval_count;
  const words = [`${count} ${count === 1 ? "token" : "tokens"}`];
  if (count > 1 && last.eval_duration > 0) {
    words.push(`${(((count - 1) * 1e9) / last.eval_duration).toFixed(1)} tokens/s`);
  }
  if (firstAt !== null) {
    words.push(`first after ${((firstAt - startedAt) / 1000).toFixed(2)} s`);
  }
  if (last.done_reason === "length") {
    words.push("cut at the limit");
  }
  return words.join(" · ");
}

async function reply() {
  // A new chat begins another list; what comes late then still belongs to this one.
  const conversation = turns;
  const place = { ...add("assistant"), content: "", thinking: "", thought: null };
  const drawn = drawing(place);
  const startedAt = performance.now();
  let firstAt = null;
  let end = null;
  running = new AbortController();
  ready();
  try {
    for await (const line of lines("api/chat", request(), running.signal)) {
      firstAt ??= performance.now();
      place.content += line.message?.content ?? "";
      place.thinking += line.message?.thinking ?? "";
      drawn.soon();
      if (line.done) {
        end = facts(line, startedAt, firstAt);
      }
    }
    tell("");
  } catch (e) {
    if (e.name !== "AbortError") {
      place.article.append(element("p", "error", e.message));
      complain(e);
    }
  } finally {
    running = null;
    drawn.now();
    place.article.append(element("p", "facts", end ?? "not finished"));
    ready();
  }
  if (end === null && place.content === "") {
    // Not answered at all: no part of the conversation, and in the box again to be sent once more.
    const { content } = conversation.pop();
    if (conversation === turns && message.value === "") {
      message.value = content;
    }
  } else {
    conversation.push({ role: "assistant", content: place.content });
  }
}

function say(text) {
  turns.push({ role: "user", content: text });
  show(add("user").text, text);
  log.scrollTop = log.scrollHeight;
  reply();
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = message.value.trim();
  if (text !== "" && running === null && model.value !== "" && parameters.reportValidity()) {
    message.value = "";
    say(text);
  }
});

message.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    byId("ask").requestSubmit();
  }
});

stop.addEventListener("click", () => running?.abort());

byId("new").addEventListener("click", () => {
  running?.abort();
  turns = [];
  log.querySelectorAll("article").forEach((article) => article.remove());
  byId("empty").hidden = false;
  tell("");
  message.focus();
});

byId("settings-toggle").addEventListener("click", (event) => {
  const open = byId("settings").classList.toggle("open");
  event.target.setAttribute("aria-expanded", String(open));
});

parameters.addEventListener("submit", (event) => event.preventDefault());

parameters.elements.key.addEventListener("change", (event) => {
  useKey(event.target.value);
  loadModels();
});

model.addEventListener("change", () => localStorage.setItem("llmspell.model", model.value));

loadModels();
watch({
  failed(e) {
    if (notice.hidden) {
      complain(e);
    }
  },
  recovered: loadModels,
});
