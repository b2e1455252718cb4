-- Shows the backends and the models that can be used, or what is known of the models given.
--   llmspell run examples/models.lua [MODEL ...]
local function size(bytes)
    return ("%.1f MB"):format(bytes / 1e6)
end

if #ARGS > 0 then
    for _, model in ipairs(ARGS) do
        local info = LocalLLM.info(model)
        print(info.id .. " (" .. info.backend .. ")")
        print("  Size: " .. size(info.size_bytes))
        print("  Architecture: " .. tostring(info.architecture))
        print("  Context: " .. tostring(info.context_length) .. " tokens")
    end
    return
end

print("=== Local LLM Status ===\n")
local status = LocalLLM.status()
print("ollama:")
print("  Running: " .. tostring(status.ollama.running))
print("  Models: " .. status.ollama.models)
if status.ollama.error then
    print("  Error: " .. status.ollama.error)
end
print("candle:")
print("  Ready: " .. tostring(status.candle.ready))
print("  Models: " .. status.candle.models)
if status.candle.error then
    print("  Error: " .. status.candle.error)
end

print("\n=== Available Models ===\n")
for _, model in ipairs(LocalLLM.list()) do
    print(model.id .. " (" .. model.backend .. (model.built_in and ", built in" or "") .. ")")
    print("  Size: " .. size(model.size_bytes))
end
