-- Asks several models the same and shows how long each took; by default the built-in one, carefully and freely.
--   llmspell run examples/compare.lua [MODEL ...] [--prompt TEXT]
local prompt = ARGS.prompt or "Explain async/await in JavaScript"

local contestants = {}
for _, model in ipairs(ARGS) do
    contestants[#contestants + 1] = { model = model, temperature = 0 }
end
if #contestants == 0 then
    contestants = {
        { model = "local/apprentice@candle", temperature = 0 },
        { model = "local/apprentice@candle", temperature = 1 },
    }
end

for _, options in ipairs(contestants) do
    local agent <close> = Agent.create(options)
    print(("=== %s, temperature %g ==="):format(options.model, options.temperature))
    print(agent:complete(prompt))
    local last = agent:last()
    print(("(%d tokens, %.2f s)\n"):format(last.generated_tokens, last.total_seconds))
end
