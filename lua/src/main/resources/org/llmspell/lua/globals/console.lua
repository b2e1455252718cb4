-- print, io.write, io.read and the standard streams, by way of Java's streams: output keeps its order with all that
-- Java writes, and a script that waits for input can be stopped. Files are Lua's own.
local native, shared = ...
local finish, results, bad_argument = shared.finish, shared.results, shared.bad_argument
local write, read, flush, buffered = native.write, native.read, native.flush, native.buffered
local error, pcall, select, setmetatable, tonumber, tostring, type =
  error, pcall, select, setmetatable, tonumber, tostring, type
local concat, unpack, format, math_type, tointeger =
  table.concat, table.unpack, string.format, math.type, math.tointeger
local sub = string.sub
local raw = {}
for name, value in pairs(io) do
  raw[name] = value
end
local execute = os.execute

local IN, OUT, ERR = 0, 1, 2
local descriptors = setmetatable({}, { __mode = "k" })
local closed = setmetatable({}, { __mode = "k" })
local methods = {}
local metatable = { __index = methods, __name = "FILE*" }

local function stream(descriptor)
  local self = setmetatable({}, metatable)
  descriptors[self] = descriptor
  return self
end

local function descriptor_of(self, name)
  local descriptor = descriptors[self]
  if not descriptor then
    bad_argument(1, name, "FILE* expected, got " .. type(self), 2)
  elseif closed[self] then
    error("attempt to use a closed file", 3)
  end
  return descriptor
end

function metatable:__tostring()
  if closed[self] then
    return "file (closed)"
  end
  return format("file (%s)", descriptors[self] == IN and "stdin" or descriptors[self] == OUT and "stdout" or "stderr")
end

local function no(message, code)
  return nil, message, code
end

function print(...)
  local count = select("#", ...)
  local parts = { ... }
  for i = 1, count do
    if type(parts[i]) ~= "string" then
      local ok, text = pcall(tostring, parts[i])
      parts[i] = ok and text or error(text, type(text) == "string" and 2 or 0)
    end
  end
  return finish(write(OUT, concat(parts, "\t", 1, count) .. "\n"))
end

function methods:write(...)
  local descriptor = descriptor_of(self, "write")
  local count = select("#", ...)
  local parts = { ... }
  for i = 1, count do
    local part = parts[i]
    local kind = math_type(part)
    if kind == "float" then
      parts[i] = format("%.14g", part)
    elseif not kind and type(part) ~= "string" then
      bad_argument(i, "write", "string expected, got " .. (part == nil and "nil" or type(part)))
    end
  end
  if descriptor == IN then
    return no("Bad file descriptor", 9)
  end
  results(2, write(descriptor, concat(parts, "", 1, count)))
  return self
end

local letters = { l = true, L = true, a = true, n = true }

-- Called in tail position: the script's line is two levels up.
local function read_formats(...)
  local count = select("#", ...)
  local values = {}
  for i = 1, count do
    local wanted = select(i, ...)
    local value
    if math_type(wanted) then
      local bytes = tointeger(wanted)
      if not bytes then
        bad_argument(i, "read", "number has no integer representation")
      end
      value = results(2, read("c", bytes))
    elseif type(wanted) == "string" then
      local letter = sub(wanted, 1, 1) == "*" and sub(wanted, 2, 2) or sub(wanted, 1, 1)
      if not letters[letter] then
        bad_argument(i, "read", "invalid format")
      end
      value = results(2, read(letter))
      if letter == "n" then
        value = tonumber(value)
      end
    else
      bad_argument(i, "read", "string expected, got " .. type(wanted))
    end
    values[i] = value
    if value == nil then
      return unpack(values, 1, i)
    end
  end
  return unpack(values, 1, count)
end

function methods:read(...)
  if descriptor_of(self, "read") ~= IN then
    return no("Bad file descriptor", 9)
  end
  local count = select("#", ...)
  if count == 0 then
    return finish(read("l"))
  end
  return read_formats(...)
end

function methods:lines(...)
  descriptor_of(self, "lines")
  local count = select("#", ...)
  local formats = { ... }
  return function()
    if closed[self] then
      error("file is already closed", 2)
    end
    return self:read(unpack(formats, 1, count))
  end
end

function methods:flush()
  if descriptor_of(self, "flush") == OUT then
    flush()
  end
  return self
end

function methods:close()
  descriptor_of(self, "close")
  flush()
  closed[self] = true
  return true
end

function methods:seek()
  descriptor_of(self, "seek")
  return no("Illegal seek", 29)
end

function methods:setvbuf(mode)
  local descriptor = descriptor_of(self, "setvbuf")
  if mode ~= "no" and mode ~= "full" and mode ~= "line" then
    bad_argument(1, "setvbuf", "invalid option '" .. tostring(mode) .. "'")
  end
  if descriptor == OUT then
    buffered(mode == "full")
  end
  return true
end

local input, output = stream(IN), stream(OUT)
io.stdin, io.stdout, io.stderr = input, output, stream(ERR)

function io.write(...)
  return output:write(...)
end

function io.read(...)
  return input:read(...)
end

function io.flush()
  return output:flush()
end

function io.lines(name, ...)
  if name == nil then
    return input:lines(...)
  end
  return finish(pcall(raw.lines, name, ...))
end

function io.close(file)
  file = file == nil and output or file
  return file:close()
end

local function is_file(value)
  return descriptors[value] or raw.type(value)
end

-- The current file after `change` (a name, a file or nil) is asked for.
local function redirected(current, change, mode, name)
  if change == nil then
    return current
  elseif is_file(change) then
    return change
  elseif type(change) ~= "string" then
    bad_argument(1, name, "FILE* expected, got " .. type(change), 2)
  end
  local file, message = raw.open(change, mode)
  return file or error(message, 3)
end

function io.input(file)
  input = redirected(input, file, "r", "input")
  return input
end

function io.output(file)
  output = redirected(output, file, "w", "output")
  return output
end

function io.type(value)
  if descriptors[value] then
    return closed[value] and "closed file" or "file"
  end
  return raw.type(value)
end

-- A child process writes to the same place: what was printed before must be there first.
function io.popen(...)
  flush()
  return raw.popen(...)
end

function os.execute(...)
  flush()
  return execute(...)
end

local warnings = false
local raw_warn = warn

function warn(...)
  local count = select("#", ...)
  if count == 0 then
    bad_argument(1, "warn", "string expected, got no value")
  end
  for i = 1, count do
    local part = select(i, ...)
    if type(part) ~= "string" and not math_type(part) then
      bad_argument(i, "warn", "string expected, got " .. type(part))
    end
  end
  local message = concat({ ... })
  if count == 1 and sub(message, 1, 1) == "@" then
    if message == "@on" or message == "@off" then
      warnings = message == "@on"
      raw_warn(message)
    end
  elseif warnings then
    results(2, write(ERR, "Lua warning: " .. message .. "\n"))
  end
end
