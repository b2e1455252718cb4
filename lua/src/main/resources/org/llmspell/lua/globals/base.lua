-- What the other files share. Functions in Java return true and their results, or false and a message: raising the
-- error is left to Lua, which can unwind its own frames.
local native, shared = ...
local error, format = error, string.format

-- To be called in tail position by a function of the script's, so that level 2 is the script's line.
function shared.finish(ok, ...)
  if ok then
    return ...
  end
  error((...), 2)
end

-- For functions that are called `level` - 1 calls below the script's line.
function shared.results(level, ok, ...)
  if ok then
    return ...
  end
  error((...), level + 1)
end

-- Marks lists, so that JSON can tell an empty one from an empty object.
shared.array = {}

-- Says that a script handed over something wrong, in the words of Lua's own libraries.
function shared.bad_argument(position, name, problem, level)
  error(format("bad argument #%d to '%s' (%s)", position, name, problem), (level or 1) + 2)
end
