-- Asks a model one question. Works offline with the model that is built in.
--   llmspell run examples/quickstart.lua [MODEL] [QUESTION]
local agent = Agent.create({
    model = ARGS[1] or "local/apprentice@candle",
    temperature = 0,
})

local response = agent:complete(ARGS[2] or "What is LLMSpell?")
print(response)
