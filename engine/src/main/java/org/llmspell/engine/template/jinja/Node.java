package org.llmspell.engine.template.jinja;

import java.util.List;

/** A part of a parsed template. */
sealed interface Node permits Expr, Stmt, Target {
    /** 1-based line of the source. */
    int line();

    /** The parts of it, in order of evaluation. */
    List<Node> children();
}
