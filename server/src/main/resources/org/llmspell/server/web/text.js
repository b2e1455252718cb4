// A model's words on the page. They may hold anything, so they only ever become text, never markup.

/** Puts `text` into `target`, with what stands between fences or backticks as code. */
export function show(target, text) {
  target.replaceChildren(...parts(text));
}

function parts(text) {
  const nodes = [];
  let at = 0;
  // A fence that is not closed yet goes on to the end.
  for (const block of text.matchAll(/^```[^\n`]*\n([\s\S]*?)(?:\n?^```[ \t]*$|(?![\s\S]))/gm)) {
    nodes.push(...inline(text.slice(at, block.index)));
    const pre = document.createElement("pre");
    pre.append(code(block[1]));
    nodes.push(pre);
    at = block.index + block[0].length;
  }
  nodes.push(...inline(text.slice(at)));
  return nodes;
}

function inline(text) {
  return text.split(/(`[^`\n]+`)/).map((piece) => (piece.length > 2 && piece.startsWith("`") && piece.endsWith("`") ? code(piece.slice(1, -1)) : piece));
}

function code(text) {
  const element = document.createElement("code");
  element.textContent = text;
  return element;
}
