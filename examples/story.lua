-- Streams a reply as the model makes it, then says what it cost.
--   llmspell run examples/story.lua [MODEL] [PROMPT]
local agent = Agent.create({
    model = ARGS[1] or "local/tinyllama:Q4_K_M@candle",
    temperature = 0,
    max_tokens = 120,
})

agent:stream(ARGS[2] or "Once upon a time", function(chunk)
    io.write(chunk)
end)
print()
