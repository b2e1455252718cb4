package org.llmspell.lua;
import static org.assertj.core.api.Assertions.assertThat;
import org.junit.jupiter.api.Test;
class SmokeTest {
    @Test
    void smoke() {
        long t = System.nanoTime();
        assertThat(Script.output("print('hello', 1, 2.5, nil)")).isEqualTo("hello\t1\t2.5\tnil\n");
        long t1 = System.nanoTime();
        for (int i = 0; i < 20; i++) Script.output("print('hello', 1, 2.5, nil)");
        long t2 = System.nanoTime();
        System.out.printf("first %.1f later %.2f ms%n", (t1-t)/1e6, (t2-t1)/2e7);
        System.out.println(Script.output("local a = Agent.create{model='local/tiny:Q4_K_M@candle', temperature=0.5} print(a:complete('hi 👋')) print(a) a:stream('two words', function(c) io.write('<',c,'>') end) print() print(JSON.stringify(a:history())) print(JSON.stringify(a:last(),2)) print(JSON.stringify(LocalLLM.status())) print(pcall(Agent.create, {modle=3}))  local co = coroutine.wrap(function(x) print(coroutine.yield(x)) return 9 end) print(co(1)) print(co(2)) os.exit(3) print('never')"));
        try { Script.output("local function f() error('boom') end\nlocal function g() f() end\n g()"); } catch (ScriptException e) { System.out.println(e.getMessage() + "\n" + e.traceback()+e.line()); }
        try { System.out.println(Script.sandboxed("for k in pairs(_G) do io.write(k,' ') end print(require) while true do end")); } catch (ScriptException e) { System.out.println(e.getMessage() + "\n" + e.traceback()+e.line()); }
        try { System.out.println(Script.sandboxed("local t = {} while true do t[#t+1] = ('x'):rep(1000000)..#t end")); } catch (ScriptException e) { System.out.println(e.getMessage() + "\n" + e.traceback()+e.line()); }
    }
}
