-- JSON: RFC 8259 text to Lua values and back. In Lua, so that the limits of a sandbox hold for it too.
local native, shared = ...
local array = shared.array
local error, getmetatable, next, pcall, rawget, select, setmetatable, tostring, type =
  error, getmetatable, next, pcall, rawget, select, setmetatable, tostring, type
local byte, find, format, gsub, match, rep, sub =
  string.byte, string.find, string.format, string.gsub, string.match, string.rep, string.sub
local concat, sort = table.concat, table.sort
local huge, math_type = math.huge, math.type
local tonumber, utf8_char, utf8_len = tonumber, utf8.char, utf8.len

local DEEPEST = 500

local null = setmetatable({}, {
  __name = "JSON.null",
  __metatable = "JSON.null",
  __tostring = function()
    return "null"
  end,
  __newindex = function()
    error("JSON.null cannot be changed", 2)
  end,
})

JSON = { null = null }

-- Reading ------------------------------------------------------------------------------------------------------------

-- Raised as a table, so that JSON.parse can tell it from errors of other kinds.
local function fail(position, problem)
  error({ position = position, problem = problem }, 0)
end

local escapes = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}

local function unicode_escape(text, position)
  local code = match(text, "^%x%x%x%x", position)
  if not code then
    fail(position - 2, "\\u takes four hexadecimal digits")
  end
  return tonumber(code, 16), position + 4
end

local function parse_string(text, start)
  local parts, count = {}, 0
  local position = start + 1
  while true do
    local stop = find(text, '["\\%c]', position)
    if not stop then
      fail(start, "the string does not end")
    end
    count = count + 1
    parts[count] = sub(text, position, stop - 1)
    local found = byte(text, stop)
    if found == 34 then -- "
      return concat(parts, "", 1, count), stop + 1
    elseif found == 127 then -- a control character for Lua, an ordinary one for JSON
      position = stop + 1
      count = count + 1
      parts[count] = "\127"
    elseif found ~= 92 then -- \
      fail(stop, format("a control character (\\u%04x) must be escaped", found))
    else
      local letter = sub(text, stop + 1, stop + 1)
      local plain = escapes[letter]
      position = stop + 2
      if not plain then
        if letter ~= "u" then
          fail(stop, "unknown escape \\" .. (match(letter, "%g") or ""))
        end
        local code
        code, position = unicode_escape(text, position)
        if code >= 0xD800 and code <= 0xDFFF then
          local low
          if code <= 0xDBFF and sub(text, position, position + 1) == "\\u" then
            low, position = unicode_escape(text, position + 2)
          end
          if not low or low < 0xDC00 or low > 0xDFFF then
            fail(stop, "half of a surrogate pair")
          end
          code = 0x10000 + (code - 0xD800 << 10) + (low - 0xDC00)
        end
        plain = utf8_char(code)
      end
      count = count + 1
      parts[count] = plain
    end
  end
end

local function parse_number(text, start)
  local whole = match(text, "^-?0()", start) or match(text, "^-?[1-9]%d*()", start)
  if not whole then
    fail(start, "no JSON value")
  end
  local stop = match(text, "^%.%d+()", whole) or whole
  stop = match(text, "^[eE][+-]?%d+()", stop) or stop
  if find(text, "^[%w.]", stop) then
    fail(start, "malformed number")
  end
  local numeral = sub(text, start, stop - 1)
  local number = tonumber(numeral) -- a whole number beyond 64 bits becomes the nearest float
  if number == huge or number == -huge then
    fail(start, "the number is too large")
  end
  return number, stop
end

local parse_value

local function skip(text, position)
  return match(text, "^[ \t\r\n]*()", position)
end

local function parse_array(text, start, depth)
  local values, count = {}, 0
  local position = skip(text, start + 1)
  if byte(text, position) == 93 then -- ]
    return setmetatable(values, array), position + 1
  end
  while true do
    local value
    value, position = parse_value(text, position, depth)
    count = count + 1
    values[count] = value
    position = skip(text, position)
    local found = byte(text, position)
    if found == 93 then
      return setmetatable(values, array), position + 1
    elseif found ~= 44 then -- ,
      fail(position, "expected , or ] in the array")
    end
    position = skip(text, position + 1)
  end
end

local function parse_object(text, start, depth)
  local values = {}
  local position = skip(text, start + 1)
  if byte(text, position) == 125 then -- }
    return values, position + 1
  end
  while true do
    if byte(text, position) ~= 34 then
      fail(position, "expected a key in double quotes")
    end
    local key
    key, position = parse_string(text, position)
    position = skip(text, position)
    if byte(text, position) ~= 58 then -- :
      fail(position, "expected : after the key")
    end
    values[key], position = parse_value(text, skip(text, position + 1), depth)
    position = skip(text, position)
    local found = byte(text, position)
    if found == 125 then
      return values, position + 1
    elseif found ~= 44 then
      fail(position, "expected , or } in the object")
    end
    position = skip(text, position + 1)
  end
end

local words = { t = { "true", true }, f = { "false", false }, n = { "null", null } }

function parse_value(text, position, depth)
  if depth > DEEPEST then
    fail(position, "nested deeper than " .. DEEPEST)
  end
  local first = sub(text, position, position)
  if first == '"' then
    return parse_string(text, position)
  elseif first == "{" then
    return parse_object(text, position, depth + 1)
  elseif first == "[" then
    return parse_array(text, position, depth + 1)
  end
  local word = words[first]
  if word and match(text, "^%a+", position) == word[1] then
    return word[2], position + #word[1]
  elseif first == "" then
    fail(position, "the text ends where a value is expected")
  elseif not find(first, "[-%d]") then
    fail(position, "no JSON value")
  end
  return parse_number(text, position)
end

local function place(text, position)
  local before = sub(text, 1, position - 1)
  local _, lines = gsub(before, "\n", "")
  local last = match(before, "[^\n]*$")
  return format("line %d, column %d", lines + 1, (utf8_len(last) or #last) + 1)
end

local function parse_all(text)
  local wrong = select(2, utf8_len(text))
  if wrong then
    fail(wrong, "invalid UTF-8")
  end
  local value, position = parse_value(text, skip(text, 1), 0)
  position = skip(text, position)
  if position <= #text then
    fail(position, "unexpected text after the value")
  end
  return value
end

-- Runs `work`; what it raises by fail becomes an error at the caller's line.
local function guarded(name, describe, work, ...)
  local ok, value = pcall(work, ...)
  if ok then
    return value
  elseif type(value) == "table" and rawget(value, "problem") then
    error(name .. ": " .. describe(value), 3)
  end
  error(value, 0)
end

function JSON.parse(text)
  if type(text) ~= "string" then
    shared.bad_argument(1, "parse", "string expected, got " .. type(text))
  end
  local value = guarded("JSON.parse", function(failure)
    return failure.problem .. " at " .. place(text, failure.position)
  end, parse_all, text)
  return value
end

-- Writing ------------------------------------------------------------------------------------------------------------

local short = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

local function escape(c)
  return short[c] or format("\\u%04x", byte(c))
end

local function quote(text, path)
  local _, wrong = utf8_len(text)
  if wrong then
    error({ problem = "the string at " .. path .. " is not valid UTF-8 (byte " .. wrong .. ")" }, 0)
  end
  return '"' .. gsub(text, '["\\%c]', escape) .. '"'
end

local function number_text(number, path)
  if math_type(number) == "integer" then
    return format("%d", number)
  elseif number ~= number or number == huge or number == -huge then
    error({ problem = "the number at " .. path .. " is " .. tostring(number) .. ", which JSON does not have" }, 0)
  end
  for digits = 15, 17 do
    local text = format("%." .. digits .. "g", number)
    if tonumber(text) == number then
      return find(text, "[.eE]") and text or text .. ".0"
    end
  end
end

-- The length if `value` is a list, or nil if it is an object; anything between is an error.
local function list_length(value, path)
  local count, largest, other = 0, 0, nil
  for key in next, value do
    if math_type(key) == "integer" and key >= 1 then
      count = count + 1
      largest = key > largest and key or largest
    else
      other = key
    end
  end
  local marked = getmetatable(value) == array
  if count == 0 and other == nil then
    return marked and 0 or nil
  elseif count > 0 and other ~= nil then
    error({ problem = "the table at " .. path .. " mixes list elements with the key " .. tostring(other) }, 0)
  elseif count ~= largest then
    error({ problem = "the list at " .. path .. " has holes: " .. count .. " elements up to index " .. largest
      .. " (fill them with JSON.null)" }, 0)
  end
  return count > 0 and count or nil
end

local encode

local function encode_list(value, length, state, path, depth)
  local parts = {}
  for i = 1, length do
    parts[i] = encode(rawget(value, i), state, path .. "[" .. i .. "]", depth + 1)
  end
  return parts, "[", "]"
end

local function encode_object(value, state, path, depth)
  local keys = {}
  for key in next, value do
    if type(key) ~= "string" then
      error({ problem = "the key " .. tostring(key) .. " at " .. path .. " is a " .. type(key) .. ", not a string" }, 0)
    end
    keys[#keys + 1] = key
  end
  sort(keys)
  local parts = {}
  for i = 1, #keys do
    local key = keys[i]
    local text = encode(rawget(value, key), state, path .. "." .. key, depth + 1)
    parts[i] = quote(key, path) .. (state.indent and ": " or ":") .. text
  end
  return parts, "{", "}"
end

function encode(value, state, path, depth)
  local kind = type(value)
  if value == null then
    return "null"
  elseif kind == "string" then
    return quote(value, path)
  elseif kind == "number" then
    return number_text(value, path)
  elseif kind == "boolean" then
    return tostring(value)
  elseif kind ~= "table" then
    error({ problem = "the value at " .. path .. " is a " .. kind }, 0)
  elseif state[value] then
    error({ problem = "the table at " .. path .. " contains itself" }, 0)
  elseif depth > DEEPEST then
    error({ problem = "nested deeper than " .. DEEPEST }, 0)
  end
  state[value] = true
  local length = list_length(value, path)
  local parts, open, close
  if length then
    parts, open, close = encode_list(value, length, state, path, depth)
  else
    parts, open, close = encode_object(value, state, path, depth)
  end
  state[value] = nil
  if #parts == 0 then
    return open .. close
  elseif not state.indent then
    return open .. concat(parts, ",") .. close
  end
  local inner = "\n" .. rep(state.indent, depth + 1)
  return open .. inner .. concat(parts, "," .. inner) .. "\n" .. rep(state.indent, depth) .. close
end

local function describe(failure)
  return failure.problem
end

function JSON.stringify(value, indent)
  if indent ~= nil and (math_type(indent) ~= "integer" or indent < 0 or indent > 16) then
    shared.bad_argument(2, "stringify", "a number of spaces from 0 to 16 expected")
  elseif value == nil then
    value = null
  end
  local state = { indent = indent and indent > 0 and rep(" ", indent) or nil }
  local text = guarded("JSON.stringify", describe, encode, value, state, "$", 0)
  return text
end

shared.stringify = JSON.stringify

function JSON.array(list)
  if type(list) ~= "table" then
    shared.bad_argument(1, "array", "table expected, got " .. type(list))
  end
  return setmetatable(list, array)
end
