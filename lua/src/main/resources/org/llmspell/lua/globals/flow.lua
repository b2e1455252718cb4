-- How control leaves a script: os.exit ends the script and not the program, and a stop (os.exit, Ctrl-C, a limit) is
-- carried through coroutines and past error handlers. Code is loaded as text alone: a forged binary chunk can read and
-- write the memory of the process.
local native, shared = ...
local bad_argument, results = shared.bad_argument, shared.results
local stopping, exit, charge, watch, read = native.stopping, native.exit, native.charge, native.watch, native.read
local error, getmetatable, tostring, type = error, getmetatable, tostring, type
local tointeger, find, concat = math.tointeger, string.find, table.concat
local raw_xpcall, raw_load, raw_loadfile, raw_pcall = xpcall, load, loadfile, pcall
local create, raw_resume, raw_close, status, running =
  coroutine.create, coroutine.resume, coroutine.close, coroutine.status, coroutine.running
local traceback, getinfo, raw_sethook = debug.traceback, debug.getinfo, debug.sethook

function os.exit(code)
  if code == nil or code == true then
    code = 0
  elseif code == false then
    code = 1
  elseif type(code) ~= "number" then
    bad_argument(1, "exit", "number expected, got " .. type(code))
  elseif not tointeger(code) then
    bad_argument(1, "exit", "number has no integer representation")
  end
  exit(tointeger(code))
end

-- A handler runs where the error was raised. After a stop that is a place where nothing watches it: it is left out.
function xpcall(f, handler, ...)
  if type(handler) ~= "function" then
    bad_argument(2, "xpcall", "function expected, got " .. type(handler))
  end
  return raw_xpcall(f, function(value)
    local _, reason = stopping()
    if reason then
      return value
    end
    return handler(value)
  end, ...)
end

-- Like every function in Java, charge also stops this thread if the script is being stopped: that may be why the other
-- thread has ended.
local function resumed(co, ok, ...)
  if status(co) == "dead" then
    charge()
  end
  return ok, ...
end

function coroutine.resume(co, ...)
  if type(co) ~= "thread" then
    bad_argument(1, "resume", "coroutine expected")
  end
  return resumed(co, raw_resume(co, ...))
end

function coroutine.close(co)
  local state = type(co) == "thread" and status(co)
  if not state then
    bad_argument(1, "close", "coroutine expected")
  elseif state ~= "suspended" and state ~= "dead" then
    error("cannot close a " .. state .. " coroutine", 2)
  end
  local ok, value = raw_close(co)
  charge()
  if ok then
    return ok
  end
  return ok, value
end

local function wrapped(co, ok, ...)
  local dead = status(co) == "dead"
  if dead then
    charge()
  end
  if ok then
    return ...
  end
  local value = ...
  if dead then
    local closed, other = raw_close(co)
    if not closed then
      value = other
    end
  end
  error(value, 2)
end

function coroutine.wrap(f)
  if type(f) ~= "function" then
    bad_argument(1, "wrap", "function expected")
  end
  local co = create(f)
  return function(...)
    return wrapped(co, raw_resume(co, ...))
  end
end

-- A hook of the script's own takes the place of the one that watches for a stop, and so watches in its stead.
function debug.sethook(...)
  local co, hook, mask, count
  if type((...)) == "thread" then
    co, hook, mask, count = ...
  else
    co, hook, mask, count = running(), ...
  end
  count = tointeger(count) or 0
  if type(hook) ~= "function" and hook ~= nil then
    bad_argument(1, "sethook", "function expected, got " .. type(hook))
  elseif type(mask) ~= "string" and hook ~= nil then
    bad_argument(2, "sethook", "string expected, got " .. type(mask))
  end
  if hook == nil or (mask == "" and count <= 0) then
    watch(co)
    return
  end
  local counted = count > 0
  return raw_sethook(co, function(event, line)
    local _, reason = stopping()
    if not reason and (counted or event ~= "count") and getinfo(2, "S").source ~= "=[llmspell]" then
      return hook(event, line)
    end
  end, mask, counted and count or 10000)
end

local function text_mode(name, mode)
  if mode == nil then
    return "t"
  elseif type(mode) ~= "string" then
    bad_argument(3, name, "string expected, got " .. type(mode), 2)
  end
  return find(mode, "t", 1, true) and "t" or nil
end

function load(chunk, name, mode, ...)
  if type(chunk) ~= "string" and type(chunk) ~= "function" then
    bad_argument(1, "load", "function expected, got " .. type(chunk))
  end
  mode = text_mode("load", mode)
  if not mode then
    return nil, "attempt to load a binary chunk: only text is loaded"
  end
  return raw_load(chunk, name, mode, ...)
end

function loadfile(name, mode, ...)
  mode = text_mode("loadfile", mode)
  if not mode then
    return nil, "attempt to load a binary chunk: only text is loaded"
  elseif name == nil then
    return raw_load(results(2, read("a")), "=stdin", mode, ...)
  end
  return raw_loadfile(name, mode, ...)
end

local load_file = loadfile

function dofile(name)
  local chunk, message = load_file(name)
  if not chunk then
    error(message, 0)
  end
  return chunk()
end

-- The process has one locale, and numbers must keep their point.
function os.setlocale(locale)
  if locale == nil or locale == "" or locale == "C" or locale == "POSIX" then
    return "C"
  end
  return nil
end

local function describe(value)
  local kind = type(value)
  if kind == "string" then
    return value
  elseif kind == "number" then
    return tostring(value)
  end
  local metatable = getmetatable(value)
  if type(metatable) == "table" and metatable.__tostring then
    local ok, text = raw_pcall(tostring, value)
    if ok then
      return text
    end
  end
  return "(error object is a " .. kind .. " value)"
end

-- What becomes of an error that the script did not catch: its text, where the script was, and how it came there.
function shared.handler(value)
  local _, reason = stopping()
  local place = ""
  for level = 2, 1000 do
    local frame = getinfo(level, "Sl")
    if not frame then
      break
    elseif frame.currentline > 0 and frame.source ~= "=[llmspell]" then
      place = concat({ frame.short_src, ":", frame.currentline, ": " })
      break
    end
  end
  return { reason and "" or describe(value), place, traceback("", 2) }
end
