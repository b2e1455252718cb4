-- A conversation, until "exit" or the end of the input. The agent remembers what was said.
--   llmspell run examples/chat.lua [MODEL] [SYSTEM PROMPT]
local agent = Agent.create({
    model = ARGS[1] or "local/apprentice@candle",
    system_prompt = ARGS[2] or "You are a helpful coding assistant.",
    temperature = 0,
})

while true do
    io.write("You: ")
    io.flush()
    local user_input = io.read()

    if not user_input or user_input == "exit" then break end

    if user_input:match("%S") then
        local fits, response = pcall(agent.complete, agent, user_input)
        if not fits then
            -- A long conversation fills the context: forget it, and ask again.
            agent:reset()
            response = agent:complete(user_input)
        end
        print("Assistant: " .. response)
    end
end
print()
