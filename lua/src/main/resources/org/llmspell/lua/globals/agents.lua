-- Agent: a model that one talks with, and that remembers what was said.
local native, shared = ...
local finish, results = shared.finish, shared.results
local error, getmetatable, setmetatable, type = error, getmetatable, setmetatable, type
local next, rawget = next, rawget
local agent_next, agent_stop, agent_close = native.agent_next, native.agent_stop, native.agent_close
local agent_create, collect = native.agent_create, collectgarbage
local concat, find, format = table.concat, string.find, string.format

local ids = setmetatable({}, { __mode = "k" })
local properties = setmetatable({}, { __mode = "k" })
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

local function first_or_retry(options, ok, ...)
  if not ok and type((...)) == "string" and find((...), "^too many agents") then
    collect()
    return agent_create(options)
  end
  return ok, ...
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

Agent = {}

function Agent.create(options)
  options = written(options)
  local id, own = results(2, first_or_retry(options, agent_create(options)))
  local agent = setmetatable({}, metatable)
  ids[agent], properties[agent] = id, own
  return agent
end

function methods:complete(text, options)
  return finish(native.agent_complete(id_of(self, "complete"), text, written(options)))
end

local reading = {
  __close = function(reply)
    agent_stop(reply.id)
  end,
}

local function callable(value)
  if type(value) == "function" then
    return true
  end
  local meta = getmetatable(value)
  return type(meta) == "table" and meta.__call ~= nil
end

function methods:stream(text, callback, options)
  local id = id_of(self, "stream")
  if not callable(callback) then
    error("agent:stream takes a function for the pieces: agent:stream(text, function(chunk) … end)", 2)
  end
  results(2, native.agent_stream(id, text, written(options)))
  -- The pieces are fetched one by one: a function in Java could neither let the callback's errors through nor its yields.
  local reply <close> = setmetatable({ id = id }, reading)
  local pieces, count = {}, 0
  while true do
    local piece, logprobs = results(2, agent_next(id))
    if piece == nil then
      break
    end
    count = count + 1
    pieces[count] = piece
    if callback(piece, logprobs) == false then
      break
    end
  end
  return concat(pieces)
end

function methods:history()
  return finish(native.agent_history(id_of(self, "history")))
end

function methods:last()
  return finish(native.agent_last(id_of(self, "last")))
end

function methods:reset()
  return finish(native.agent_reset(id_of(self, "reset")))
end

function methods:close()
  id_of(self, "close")
  close(self)
end
