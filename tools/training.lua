-- What a build runs to record the classes that a typical start loads.
LocalLLM.status("candle")
LocalLLM.list("candle")
local agent = Agent.create({ model = ARGS[1], max_tokens = 2 })
agent:stream("Hello", function() end)
print(JSON.stringify(agent:history()))
