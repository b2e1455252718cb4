package org.llmspell.cli.output;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rows under headings, each column as wide as its widest cell; numbers stand right, text left. Where the whole is wider
 * than the screen, the widest text columns are cut, with an ellipsis. Widths are counted in characters.
 */
public final class Table {
    private static final String GAP = "  ";
    private static final int LEAST_WIDTH = 8;

    private record Column(String heading, boolean right) {}

    private final List<Column> columns = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    /** Adds a column of text. */
    public Table text(String heading) {
        columns.add(new Column(heading, false));
        return this;
    }

    /** Adds a column of numbers or sizes. */
    public Table number(String heading) {
        columns.add(new Column(heading, true));
        return this;
    }

    /** Adds a row, one cell per column; a fact that is not known shows as {@code -}. */
    public Table row(@Nullable String... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + columns.size() + " columns");
        }
        List<String> row = new ArrayList<>();
        for (String cell : cells) {
            row.add(cell == null || cell.isEmpty() ? "-" : Readable.line(cell));
        }
        rows.add(row);
        return this;
    }

    /** The lines, headings first, no wider than {@code width} as far as columns can be cut. */
    public List<String> lines(int width) {
        int[] widths = new int[columns.size()];
        for (int i = 0; i < widths.length; i++) {
            widths[i] = length(columns.get(i).heading());
            for (List<String> row : rows) {
                widths[i] = Math.max(widths[i], length(row.get(i)));
            }
        }
        fit(widths, width);
        List<String> lines = new ArrayList<>();
        lines.add(line(columns.stream().map(Column::heading).toList(), widths));
        rows.forEach(row -> lines.add(line(row, widths)));
        return lines;
    }

    private void fit(int[] widths, int width) {
        long total = (long) GAP.length() * (widths.length - 1);
        for (int w : widths) {
            total += w;
        }
        while (total > width) {
            int widest = -1;
            for (int i = 0; i < widths.length; i++) {
                boolean cuttable = !columns.get(i).right() && widths[i] > LEAST_WIDTH;
                if (cuttable && (widest < 0 || widths[i] > widths[widest])) {
                    widest = i;
                }
            }
            if (widest < 0) {
                return;
            }
            widths[widest]--;
            total--;
        }
    }

    private String line(List<String> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String cell = Readable.shortened(cells.get(i), widths[i]);
            String padding = " ".repeat(widths[i] - length(cell));
            line.append(i == 0 ? "" : GAP);
            if (columns.get(i).right()) {
                line.append(padding).append(cell);
            } else {
                line.append(cell).append(padding);
            }
        }
        return line.toString().stripTrailing();
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }
}
