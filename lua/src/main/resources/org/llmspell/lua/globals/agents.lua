-- Agent: a model that one talks with, and that remembers what was said.
local native, shared = ...
local finish, results = shared.finish, shared.results
local error, getmetatable, next, pcall, rawget, setmetatable, tostring, type =
  error, getmetatable, next, pcall, rawget, setmetatable, tostring, type
local agent_next, agent_stop, agent_close = native.agent_next, native.agent_stop, native.agent_close
local agent_create, collect = native.agent_create, collectgarbage
local agent_stream, agent_rest, agent_calls, agent_resume =
  native.agent_stream, native.agent_rest, native.agent_calls, native.agent_resume
local concat, sort, find, format = table.concat, table.sort, string.find, string.format
local math_type, stringify = math.type, JSON.stringify

local ROUNDS = 8 -- of calls in one turn, unless the script says otherwise

local ids = setmetatable({}, { __mode = "k" })
local properties = setmetatable({}, { __mode = "k" })
local toolboxes = setmetatable({}, { __mode = "k" })
local methods = {}
local metatable = { __name = "Agent", __metatable = "Agent" }

local function id_of(agent, name)
  local id = ids[agent]
  if not id then
    error(format("call it with a colon on an agent: agent:%s(…)", name), 3)
  end
  return id
end

local function close(agent)
  local id = ids[agent]
  if id then
    agent_close(id)
  end
end

metatable.__gc = close
metatable.__close = close

function metatable:__index(key)
  local method = methods[key]
  if method ~= nil then
    return method
  end
  local own = properties[self]
  return own and own[key]
end

function metatable.__newindex()
  error("an agent cannot be changed: create another, or give options to complete and stream", 2)
end

function metatable:__tostring()
  local own = properties[self]
  return "Agent (" .. (own.name and own.name .. ", " or "") .. own.model .. ")"
end

-- A schema goes over as JSON, which tells null and empty lists apart from tables.
local function written(options)
  if type(options) ~= "table" or type(rawget(options, "format")) ~= "table" then
    return options
  end
  local copy = {}
  for key, value in next, options do
    copy[key] = value
  end
  copy.format = { schema = shared.stringify(options.format) }
  return copy
end

local function callable(value)
  if type(value) == "function" then
    return true
  end
  local meta = getmetatable(value)
  return type(meta) == "table" and meta.__call ~= nil
end

-- Tools ---------------------------------------------------------------------------------------------------------------

-- The tools without their handlers, which stay in Lua, and the handlers by name.
local function unpack_tools(tools)
  if type(tools) ~= "table" then
    error("tools must be a table such as {{name = \"now\", description = \"Tells the time\", handler = os.date}}", 3)
  end
  local named = {}
  for key, tool in next, tools do
    if type(tool) ~= "table" then
      error(format("tool %s must be a table with a handler, got %s", tostring(key), type(tool)), 3)
    end
    local name = rawget(tool, "name")
    if name == nil and type(key) == "string" then
      name = key
    end
    named[#named + 1] = { key = key, name = name, tool = tool }
  end
  sort(named, function(a, b)
    local first, second = math_type(a.key) == "integer", math_type(b.key) == "integer"
    if first and second then
      return a.key < b.key
    elseif first ~= second then
      return first
    end
    return tostring(a.key) < tostring(b.key)
  end)
  local described, handlers = {}, {}
  for i = 1, #named do
    local name, tool = named[i].name, named[i].tool
    for key in next, tool do
      if key ~= "name" and key ~= "description" and key ~= "parameters" and key ~= "handler" then
        error(format("unknown field %s of tool %s; known are name, description, parameters, handler",
          tostring(key), tostring(name)), 3)
      end
    end
    if not callable(tool.handler) then
      error(format("tool %s needs a handler: handler = function(arguments) … end", tostring(name)), 3)
    end
    described[i] = { name = name, description = tool.description, parameters = tool.parameters }
    if name ~= nil then
      handlers[name] = tool.handler
    end
  end
  return described, handlers
end

local function first_or_retry(options, described, ok, ...)
  if not ok and type((...)) == "string" and find((...), "^too many agents") then
    collect()
    return agent_create(options, described)
  end
  return ok, ...
end

Agent = {}

function Agent.create(options)
  local toolbox, described
  if type(options) == "table" and (options.tools ~= nil or options.max_tool_rounds ~= nil) then
    local rounds = options.max_tool_rounds == nil and ROUNDS or options.max_tool_rounds
    if math_type(rounds) ~= "integer" or rounds < 0 then
      error("Option max_tool_rounds must be a whole number from 0 up, got " .. tostring(rounds), 2)
    end
    local handlers
    if options.tools ~= nil then
      described, handlers = unpack_tools(options.tools)
    end
    toolbox = { handlers = handlers or {}, rounds = rounds }
    local rest = {}
    for key, value in next, options do
      if key ~= "tools" and key ~= "max_tool_rounds" then
        rest[key] = value
      end
    end
    options = rest
  end
  options = written(options)
  local id, own = results(2, first_or_retry(options, described, agent_create(options, described)))
  local agent = setmetatable({}, metatable)
  ids[agent], properties[agent], toolboxes[agent] = id, own, toolbox
  return agent
end

-- What a handler gave back, as text for the model.
local function result_text(ok, ...)
  if not ok then
    return "Error: " .. tostring((...))
  end
  local value, problem = ...
  if value == nil and problem ~= nil then
    return "Error: " .. tostring(problem)
  elseif type(value) == "string" then
    return value
  end
  local fine, text = pcall(stringify, value)
  return fine and text or "Error: the tool's result is no JSON: " .. tostring(text)
end

local function run_call(toolbox, call)
  if call.problem then
    return "Error: " .. call.problem
  end
  return result_text(pcall(toolbox.handlers[call.name], call.arguments))
end

-- The functions that a call's options hold, and the options without them: Java does not know functions.
local function split_options(options, level)
  if type(options) ~= "table" or (options.on_thinking == nil and options.on_tool_call == nil) then
    return options, nil, nil
  end
  local rest = {}
  for key, value in next, options do
    if key == "on_thinking" or key == "on_tool_call" then
      if not callable(value) then
        error(format("Option %s must be a function, got %s", key, type(value)), level + 1)
      end
    else
      rest[key] = value
    end
  end
  return rest, options.on_thinking, options.on_tool_call
end

-- Says `text` and runs tools until a reply calls none. `read` reads a reply to its end and returns its text; a second value of
-- false ends the turn. To be called by a method, whose caller is the script's line.
local function converse(self, id, text, options, on_tool_call, read)
  local toolbox = toolboxes[self]
  if toolbox and toolbox.running then
    error("the agent waits for the result of a tool: talk to another agent inside of a handler", 3)
  end
  results(3, agent_stream(id, text, written(options)))
  local trace, round = {}, 0
  while true do
    local reply, go_on = read(id)
    local calls = results(3, agent_calls(id))
    local done = go_on == false or #calls == 0 or toolbox == nil or round > toolbox.rounds
    if toolbox then
      toolbox.trace = trace
    end
    if done then
      return reply
    end
    round = round + 1
    local answers = {}
    for i = 1, #calls do
      local call = calls[i]
      local entry = { id = call.id, name = call.name, arguments = call.arguments, round = round }
      if round > toolbox.rounds then
        entry.result = "Error: no more tools may be used now. Answer with what you have."
      else
        toolbox.running = true
        local ended <close> = setmetatable({}, { __close = function() toolbox.running = nil end })
        entry.result = run_call(toolbox, call)
      end
      trace[#trace + 1] = entry
      answers[i] = entry.result
      if on_tool_call then
        on_tool_call(entry)
      end
    end
    results(3, agent_resume(id, answers, round > toolbox.rounds))
  end
end

-- Talking -------------------------------------------------------------------------------------------------------------

local reading = {
  __close = function(reply)
    agent_stop(reply.id)
  end,
}

-- Reads a reply piece by piece; the pieces are fetched one by one: a function in Java could neither let the callback's errors
-- through nor its yields.
local function pieces_to(callback, on_thinking)
  return function(id)
    local reply <close> = setmetatable({ id = id }, reading)
    local pieces, count = {}, 0
    while true do
      local piece, logprobs, thought = results(4, agent_next(id))
      if piece == nil then
        return concat(pieces)
      end
      if on_thinking and thought ~= "" and on_thinking(thought) == false then
        return concat(pieces), false
      end
      if piece ~= "" or logprobs then
        count = count + 1
        pieces[count] = piece
        if callback and callback(piece, logprobs) == false then
          return concat(pieces), false
        end
      end
    end
  end
end

local function whole(id)
  local text = results(4, agent_rest(id)) -- no tail call: the level counts this function
  return text
end

function methods:complete(text, options)
  local id = id_of(self, "complete")
  local rest, on_thinking, on_tool_call = split_options(options, 2)
  return (converse(self, id, text, rest, on_tool_call, on_thinking and pieces_to(nil, on_thinking) or whole))
end

function methods:stream(text, callback, options)
  local id = id_of(self, "stream")
  if not callable(callback) then
    error("agent:stream takes a function for the pieces: agent:stream(text, function(chunk) … end)", 2)
  end
  local rest, on_thinking, on_tool_call = split_options(options, 2)
  return (converse(self, id, text, rest, on_tool_call, pieces_to(callback, on_thinking)))
end

function methods:history()
  return finish(native.agent_history(id_of(self, "history")))
end

function methods:last()
  local last = results(2, native.agent_last(id_of(self, "last")))
  local toolbox = toolboxes[self]
  if last and toolbox and toolbox.trace then
    last.tool_calls = toolbox.trace
  end
  return last
end

function methods:reset()
  local toolbox = toolboxes[self]
  if toolbox then
    toolbox.trace = nil
  end
  return finish(native.agent_reset(id_of(self, "reset")))
end

function methods:close()
  id_of(self, "close")
  close(self)
end
