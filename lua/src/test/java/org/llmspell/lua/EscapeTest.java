package org.llmspell.lua;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a script may try in order to reach Java, or in a sandbox anything beyond itself. */
class EscapeTest {
    /** Walks all that can be reached from the globals (and, where there is debug, from the registry and upvalues). */
    private static final String WALK = """
            local seen, found = {}, {}
            local function walk(v, path)
              local kind = type(v)
              if kind == "userdata" and (not debug or debug.getmetatable(v)) then found[#found + 1] = path .. " " .. tostring(v) end
              if kind ~= "table" and kind ~= "function" and kind ~= "userdata" and kind ~= "thread" or seen[v] then return end
              seen[v] = true
              local meta = debug and debug.getmetatable(v) or not debug and getmetatable(v)
              if meta then walk(meta, path .. "<meta>") end
              if kind == "table" then
                for k, e in next, v do walk(k, path .. "<key>") walk(e, path .. "." .. tostring(k)) end
              elseif kind == "function" and debug then
                for i = 1, 255 do
                  local name, value = debug.getupvalue(v, i)
                  if not name then break end
                  walk(value, path .. "^" .. name)
                end
              end
            end
            walk(_G, "_G") walk("", "string")
            if debug then walk(debug.getregistry(), "registry") end
            """;

    @Test
    void noJavaObjectCanBeReachedEvenWithDebug() {
        assertThat(Script.output(WALK + """
                        table.sort(found)
                        for _, f in ipairs(found) do if not f:find("file %(") then print(f) end end
                        print(java, luajava, #package.searchers, package.loaded.java, package.preload.java)
                        print(debug.getregistry().__jobject__, debug.getregistry().__jmainstate__)
                        """)).isEqualTo("nil\tnil\t4\tnil\tnil\nnil\tnil\n");
    }

    @Test
    void nothingButTablesFunctionsAndTextCanBeReachedInASandbox() {
        assertThat(Script.sandboxed(WALK + """
                        print(#found, java, luajava, package, debug, require)
                        local originals = 0
                        for v in pairs(seen) do if v == string.dump or type(v) == "thread" then originals = originals + 1 end end
                        print(originals)
                        """)).isEqualTo("0\tnil\tnil\tnil\tnil\tnil\n0\n");
    }

    @Test
    void noModuleOfLuajavaCanBeRequired() {
        assertThat(Script.output("""
                        for _, name in ipairs{"java", "luajava", "java.lang.System", "party.iroiro.luajava"} do
                          print(pcall(require, name) and "found" or "none")
                        end
                        """)).isEqualTo("none\nnone\nnone\nnone\n");
    }

    @Test
    void aFunctionOfJavaRefusesToBeCalledAsAnother() {
        assertThat(Script.output("""
                        local write
                        for i = 1, 20 do
                          local name, value = debug.getupvalue(print, i)
                          if name == "write" then write = value end
                        end
                        for _, id in ipairs{-1, 1 << 40, 9999, "x"} do
                          debug.setupvalue(write, 1, id)
                          local ok, message = write(1, "text")
                          assert(type(ok) == "boolean", message)
                        end
                        """)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void refusesBinaryChunks(boolean sandbox) {
        Script script = new Script();
        if (sandbox) {
            script.sandbox(Sandbox.DEFAULT);
        }
        assertThat(script.run("""
                        local binary = "\\27Lua\\x54\\0\\x19\\x93\\r\\n\\x1a\\n\\4\\8\\8" .. ("\\0"):rep(100)
                        for _, mode in ipairs{"t", "b", "bt", "tb", "x"} do print((load(binary, "c", mode))) end
                        local sent
                        print((load(function() if not sent then sent = true return binary end end, "c", "bt")))
                        """)).isEqualTo("nil\n".repeat(6));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "getmetatable(Agent.create{model = 'x'})",
                "getmetatable(JSON.null)",
            })
    void metatablesOfTheProgramsObjectsAreHidden(String expression) {
        assertThat(Script.sandboxed("print(type(" + expression + "))")).isEqualTo("string\n");
    }

    @Test
    void aTamperedLibraryDoesNotGiveAwayInternals() {
        assertThat(Script.sandboxed("""
                        local seen, select, next, pairs, ipairs, type = {}, select, next, pairs, ipairs, type
                        for _, library in ipairs{string, table, math, coroutine, utf8, os, io} do
                          for name, f in pairs(library) do
                            if type(f) == "function" then
                              library[name] = function(...)
                                for i = 1, select("#", ...) do seen[#seen + 1] = (select(i, ...)) end
                                return f(...)
                              end
                            end
                          end
                        end
                        for _, name in ipairs{"pcall", "error", "tostring", "type", "select", "next", "rawget", "setmetatable"} do
                          local f = _G[name]
                          _G[name] = function(...)
                            for i = 1, select("#", ...) do seen[#seen + 1] = (select(i, ...)) end
                            return f(...)
                          end
                        end
                        local agent = Agent.create{model = "x"}
                        agent:complete("hi") agent:stream("hi", function() end) agent:history()
                        JSON.parse(JSON.stringify({1, {a = 2}}, 2))
                        LocalLLM.list() LocalLLM.status() print("x") io.write("")
                        coroutine.wrap(function() end)()
                        local functions = 0
                        for i = 1, #seen do if rawequal(seen[i], io.open) then functions = functions + 1 end end
                        print(load ~= nil and io.open, functions)
                        """)).endsWith("nil\t0\n");
    }
}
