-- What a build runs to record the classes that a typical start loads, and what the methods that make tokens do: with that Java
-- compiles them sooner the next time, so that a reply's first hundred tokens come faster.
LocalLLM.status("candle")
LocalLLM.list("candle")
local agent = Agent.create({ model = ARGS[1], max_tokens = 300 })
agent:stream(string.rep("Tell me a story. ", 40), function() end)
print(JSON.stringify(agent:history()))
