// npm's openai: models, chat, stream, completions, responses, embeddings, errors, cancel.
import assert from "node:assert/strict";
import OpenAI from "openai";

const client = new OpenAI({ baseURL: "@URL@/v1", apiKey: "none", maxRetries: 0 });
const messages = [{ role: "user", content: "Hello" }];
const request = { model: "tiny", messages, temperature: 0, max_completion_tokens: 5 };

const names = [];
for await (const model of client.models.list()) {
  names.push(model.id);
}
assert(names.includes("tiny:Q8_0"));
assert.equal((await client.models.retrieve("tiny:Q8_0")).object, "model");

const whole = await client.chat.completions.create(request);
assert.equal(whole.choices[0].finish_reason, "length");
assert.equal(whole.usage.completion_tokens, 5);

const stream = await client.chat.completions.create({
  ...request, stream: true, stream_options: { include_usage: true },
});
let streamed = "";
let usage;
for await (const chunk of stream) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
}
assert.equal(streamed, whole.choices[0].message.content);
assert.equal(usage.completion_tokens, 5);

const accumulated = await client.chat.completions.stream(request).finalChatCompletion();
assert.equal(accumulated.choices[0].message.content, streamed);

const text = await client.completions.create({ model: "tiny", prompt: "Hello", max_tokens: 3 });
assert.equal(text.object, "text_completion");

const response = await client.responses.create({ model: "tiny", input: "Hello", temperature: 0, max_output_tokens: 5 });
let events = "";
for await (const event of await client.responses.create({
  model: "tiny", input: "Hello", temperature: 0, max_output_tokens: 5, stream: true,
})) {
  if (event.type === "response.output_text.delta") {
    events += event.delta;
  }
}
assert.equal(events, response.output_text);

const embedded = await client.embeddings.create({ model: "tiny", input: ["a", "b"] });
assert.equal(embedded.data.length, 2);
assert.equal(embedded.data[0].embedding.length, 64);

const parsed = await client.chat.completions.create({
  model: "tiny", messages, max_tokens: 200, response_format: { type: "json_schema", json_schema: { name: "answer", schema: {
    type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"], additionalProperties: false } } },
});
assert.equal(typeof JSON.parse(parsed.choices[0].message.content).ok, "boolean");

await assert.rejects(client.chat.completions.create({ ...request, model: "nobody" }), (error) =>
  error instanceof OpenAI.NotFoundError && error.code === "model_not_found");
await assert.rejects(client.chat.completions.create({ ...request, n: 3 }), OpenAI.BadRequestError);

const endless = await client.chat.completions.create({ ...request, max_completion_tokens: 1900, stream: true });
let parts = 0;
for await (const chunk of endless) {
  if (++parts === 3) {
    endless.controller.abort();
  }
}
assert(parts < 100);
console.log("all well");
