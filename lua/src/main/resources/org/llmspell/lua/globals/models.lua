-- LocalLLM: the models on this machine; Config: the configuration; Logging: messages to the program's log.
local native, shared = ...
local finish, results = shared.finish, shared.results
local concat, select, setmetatable, tostring, type = table.concat, select, setmetatable, tostring, type
local error = error

LocalLLM = {}

function LocalLLM.list(backend)
  return finish(native.models_list(backend))
end

function LocalLLM.info(model)
  return finish(native.models_info(model))
end

function LocalLLM.status(backend)
  return finish(native.models_status(backend))
end

function LocalLLM.remove(model)
  return finish(native.models_remove(model))
end

function LocalLLM.embed(model, texts, options)
  return finish(native.models_embed(model, texts, options))
end

local pulling = {
  __close = function()
    native.pull_stop()
  end,
}

function LocalLLM.pull(model, progress)
  if progress ~= nil and type(progress) ~= "function" then
    error("LocalLLM.pull takes a function for the progress: LocalLLM.pull(model, function(progress) … end)", 2)
  end
  results(2, native.pull_start(model))
  local download <close> = setmetatable({}, pulling)
  while true do
    local finished, news = results(2, native.pull_next())
    if finished then
      return news
    elseif progress then
      progress(news)
    end
  end
end

Config = {}

function Config.get(path)
  return finish(native.config(path))
end

Logging = {}

for _, level in pairs({ "trace", "debug", "info", "warn", "error" }) do
  Logging[level] = function(...)
    local parts = { ... }
    for i = 1, select("#", ...) do
      parts[i] = tostring(parts[i])
    end
    return finish(native.log(level, concat(parts, "\t")))
  end
end
