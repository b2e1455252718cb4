-- Takes away what reaches beyond the script: only what is named here stays. What C code does in one instruction for as
-- long as the script likes is bounded, for no hook runs meanwhile.
local native, shared = ...
local error, pairs, pcall, rawget, type = error, pairs, pcall, rawget, type
local find, gsub = string.find, string.gsub
local raw_setmetatable, raw_collect, math_type = setmetatable, collectgarbage, math.type
local metatable_of = debug.getmetatable
local globals = _G

local MOST_ELEMENTS = 10000000

local allowed = {
  globals = {
    "_G", "_VERSION", "assert", "error", "getmetatable", "ipairs", "load", "next", "pairs", "pcall", "print", "rawequal",
    "rawget", "rawlen", "rawset", "select", "tonumber", "tostring", "type", "warn", "xpcall", "setmetatable",
    "collectgarbage", "coroutine", "io", "math", "os", "string", "table", "utf8", "Agent", "Config", "JSON", "LocalLLM",
    "Logging",
  },
  io = { "lines", "read", "stderr", "stdin", "stdout", "type", "write" },
  os = { "clock", "date", "difftime", "exit", "time" },
  string = {
    "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "pack", "packsize", "rep", "reverse",
    "sub", "unpack", "upper",
  },
}

local function keep_only(container, names)
  local kept = {}
  for i = 1, #names do
    kept[names[i]] = true
  end
  for name in pairs(container) do
    if not kept[name] then
      container[name] = nil
    end
  end
end

-- Puts the script's line and the function's name into a complaint of Lua's own about arguments.
local function relocated(name, ok, ...)
  if ok then
    return ...
  end
  local message = ...
  if type(message) == "string" then
    for _, start in pairs({ "^bad argument (#%d+) to '%?'", "^wrong number", "^invalid order" }) do
      if find(message, start) then
        error((gsub(message, "'%?'", "'" .. name .. "'", 1)), 2)
      end
    end
  end
  error(message, 0)
end

local lines = io.lines
function io.lines(name, ...)
  if name ~= nil then
    error("files are not available in the sandbox: io.lines reads standard input alone", 2)
  end
  return lines(nil, ...)
end

-- A finalizer runs where no hook does, so that one could run for ever.
function setmetatable(value, metatable)
  if type(metatable) == "table" and rawget(metatable, "__gc") ~= nil then
    error("finalizers (__gc) are not available in the sandbox", 2)
  end
  return relocated("setmetatable", pcall(raw_setmetatable, value, metatable))
end

function collectgarbage(option, ...)
  if option == nil or option == "collect" or option == "count" or option == "step" then
    return raw_collect(option)
  end
  error("collectgarbage: only collect, count and step are available in the sandbox", 2)
end

local rep = string.rep
function string.rep(text, count, separator)
  if text == "" and (separator == nil or separator == "") then
    return rep(text, 0)
  end
  return relocated("rep", pcall(rep, text, count, separator))
end

local move = table.move
function table.move(from, first, last, ...)
  if math_type(first) and math_type(last) and last + 0.0 - first > MOST_ELEMENTS then
    error("table.move: more than " .. MOST_ELEMENTS .. " elements are not available in the sandbox", 2)
  end
  return relocated("move", pcall(move, from, first, last, ...))
end

-- A length that a metamethod makes up can be anything; a true one is bounded by memory.
for _, name in pairs({ "insert", "remove", "sort" }) do
  local raw = table[name]
  table[name] = function(list, ...)
    local metatable = metatable_of(list)
    if type(metatable) == "table" and rawget(metatable, "__len") ~= nil then
      error("table." .. name .. ": a table with __len is not available in the sandbox", 2)
    end
    return relocated(name, pcall(raw, list, ...))
  end
end

for name, names in pairs(allowed) do
  keep_only(name == "globals" and globals or globals[name], names)
end
