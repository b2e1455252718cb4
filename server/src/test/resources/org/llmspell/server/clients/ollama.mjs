// npm's ollama: list, show, chat, stream, embed, pull, errors, cancel.
import assert from "node:assert/strict";
import { Ollama } from "ollama";

const client = new Ollama({ host: "@URL@" });
const options = { temperature: 0, num_predict: 5 };
const messages = [{ role: "user", content: "Hello" }];

const list = await client.list();
assert(list.models.some((model) => model.name === "tiny:Q8_0"));
assert.equal((await client.show({ model: "tiny" })).details.family, "llama");

const whole = await client.chat({ model: "tiny", messages, options });
assert.equal(whole.message.role, "assistant");
assert.equal(whole.eval_count, 5);

let streamed = "";
for await (const part of await client.chat({ model: "tiny", messages, options, stream: true })) {
  streamed += part.message.content;
}
assert.equal(streamed, whole.message.content);
const generated = await client.generate({ model: "tiny", prompt: "Hello", options });
assert.equal(generated.done, true);

const embedded = await client.embed({ model: "tiny", input: ["a", "b"] });
assert.equal(embedded.embeddings.length, 2);

let last;
for await (const progress of await client.pull({ model: "fresh:7b", stream: true })) {
  last = progress.status;
}
assert.equal(last, "success");
await client.delete({ model: "fresh:7b" });

await assert.rejects(client.chat({ model: "nobody", messages }), /model 'nobody' not found/);

const endless = await client.generate({
  model: "tiny", prompt: "Hello", stream: true, options: { temperature: 0, num_predict: 1900 },
});
let parts = 0;
await assert.rejects(async () => {
  for await (const part of endless) {
    if (++parts === 3) {
      endless.abort();
    }
  }
}, { name: "AbortError" });
assert((await client.ps()).models.some((model) => model.name === "tiny:Q8_0"));
assert.match((await client.version()).version, /^\d/);
console.log("all well");
