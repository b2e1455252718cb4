// npm's @anthropic-ai/sdk: messages, stream, count of tokens, errors.
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: "@URL@", apiKey: "none", maxRetries: 0 });
const request = {
  model: "tiny", system: "be brief", max_tokens: 5, temperature: 0, messages: [{ role: "user", content: "Hello" }],
};

const whole = await client.messages.create(request);
assert.equal(whole.stop_reason, "max_tokens");
assert.equal(whole.content[0].type, "text");
assert.equal(whole.usage.output_tokens, 5);

const streamed = await client.messages.stream(request).finalMessage();
assert.equal(streamed.content[0].text, whole.content[0].text);
assert.equal(streamed.usage.output_tokens, 5);

const { model, system, messages } = request;
assert((await client.messages.countTokens({ model, system, messages })).input_tokens > 5);

await assert.rejects(client.messages.create({ ...request, model: "nobody" }), Anthropic.NotFoundError);
await assert.rejects(client.messages.create({ ...request, max_tokens: -1 }), Anthropic.BadRequestError);
console.log("all well");
