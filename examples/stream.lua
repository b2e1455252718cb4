-- Shows a reply as it is made, then what it cost.
--   llmspell run examples/stream.lua [MODEL] [PROMPT]
local agent = Agent.create({
    model = ARGS[1] or "local/apprentice@candle",
    temperature = 0,
    max_tokens = 200,
})

agent:stream(ARGS[2] or "Write a haiku about code", function(chunk)
    io.write(chunk)
    io.flush()
end)

local last = agent:last()
print(("\n\n%d tokens of prompt, %d of reply, %.0f tokens/s"):format(
    last.prompt_tokens, last.generated_tokens, last.tokens_per_second))
