// The page in headless Chromium: choose a model, chat, stop, see what runs, and what a hostile reply can do.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const context = await browser.newContext();
context.setDefaultTimeout(30_000);
const page = await context.newPage();
const problems = [];
const elsewhere = [];
page.on("pageerror", (error) => problems.push(String(error)));
page.on("console", (line) => line.type() === "error" && problems.push(line.text()));
page.on("request", (request) => request.url().startsWith("@URL@") || elsewhere.push(request.url()));

const ask = async (text) => {
  await page.getByLabel("Message").fill(text);
  await page.keyboard.press("Enter");
};
const replies = page.locator(".assistant");
const finished = (count) => page.waitForFunction((n) => document.querySelectorAll(".assistant .facts").length === n, count);

// Models of both backends, those that only embed left out.
await page.goto("@URL@/?model=tiny:Q8_0");
await page.waitForFunction(() => !document.getElementById("model").disabled);
assert.equal(await page.title(), "LLMSpell");
const names = await page.locator("#model").locator("option").allTextContents();
assert(names.includes("tiny:Q8_0") && names.includes("llama3:8b"), names.join());
assert.equal(await page.locator("#model").inputValue(), "tiny:Q8_0");

// A reply within its settings.
await page.getByLabel("Most tokens").fill("5");
await page.getByLabel("Temperature").fill("0");
await ask("Hello");
await finished(1);
assert.match(await replies.nth(0).locator(".facts").textContent(), /^5 tokens · .* tokens\/s · first after .* s · cut at the limit$/);
assert.notEqual((await replies.nth(0).locator(".text").textContent()).trim(), "");

// The next turn sends what was said before; what a model says is text, whatever it looks like.
await page.locator("#model").selectOption("llama3:8b");
const sent = page.waitForRequest((request) => request.url().endsWith("/api/chat"));
await page.getByLabel("System prompt").fill("Be brief.");
await ask("<img src=x onerror='document.title=1'> `code` \n```js\nlet a = 1;\n```\nbye");
const body = (await sent).postDataJSON();
assert.deepEqual(body.messages.map(({ role }) => role), ["system", "user", "assistant", "user"]);
assert.equal(body.messages[0].content, "Be brief.");
assert.deepEqual(body.options, { temperature: 0, num_predict: 5 });
await finished(2);
assert.match(await replies.nth(1).locator(".text").textContent(), /You said: <img src=x/);
assert.equal(await replies.nth(1).locator("img").count(), 0);
assert.equal(await replies.nth(1).locator("pre code").textContent(), "let a = 1;");
assert.equal(await page.title(), "LLMSpell");

// A long reply streams, is seen running, and stops when told to.
await page.locator("#model").selectOption("tiny:Q8_0");
await page.locator("#model").selectOption("slow:Q8_0");
await page.getByLabel("Most tokens").fill("4000");
await page.getByRole("button", { name: "New chat" }).click();
assert.equal(await replies.count(), 0);
await ask("Go on and on");
await page.waitForFunction(() => document.querySelector(".assistant .text")?.textContent.length > 20);
await page.waitForFunction(() => document.querySelector("#running tbody")?.textContent.includes("slow:Q8_0writing"));
assert.match(await page.locator("#totals").textContent(), /^1 request, \d+\.\d tokens\/s together$/);
await page.getByRole("button", { name: "Stop" }).click();
await finished(1);
assert.equal(await replies.nth(0).locator(".facts").textContent(), "not finished");
await page.waitForFunction(() => document.getElementById("totals").textContent === "nothing");
assert.deepEqual(problems, []);

// An error is shown where the reply would be, and the message is in the box again.
await page.evaluate(() => document.getElementById("model").add(new Option("gone:1b", "gone:1b", true, true)));
await ask("Anybody?");
await page.locator(".error").waitFor();
assert.equal(await page.locator(".error").textContent(), "model 'gone:1b' not found");
assert.equal(await page.getByLabel("Message").inputValue(), "Anybody?");
assert.deepEqual(elsewhere, []);

// A narrow screen.
await page.setViewportSize({ width: 360, height: 700 });
assert.equal(await page.getByLabel("Temperature").isVisible(), false);
await page.getByRole("button", { name: "Settings" }).click();
assert.equal(await page.getByLabel("Temperature").isVisible(), true);
assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);

// A server with a key asks for it once.
await page.setViewportSize({ width: 1200, height: 800 });
await page.goto("@LOCKED@/");
await page.getByLabel("API key").fill("@KEY@");
await page.keyboard.press("Tab");
await page.waitForFunction(() => document.getElementById("model").value === "tiny:Q8_0");
await page.getByLabel("Most tokens").fill("3");
await ask("Hello");
await finished(1);
assert.match(await replies.nth(0).locator(".facts").textContent(), /^3 tokens/);

await browser.close();
console.log("all well");
